"""PyTorch: python3 torch_train.py JOB --threads N [--manual]. Needs PyTorch 1.13 (Debian: python3-torch).

There are two ways of training. The default is autograd with torch.nn and torch.optim (gradients set to None, foreach).
--manual computes the four equations on tensors, in place and without autograd, which is faster on small networks.
"""

import argparse

import torch
from torch.nn import functional

import job
from job import batch_size, is_softmax, layers, learning_rate

parser = argparse.ArgumentParser()
parser.add_argument("job")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--manual", action="store_true", help="compute the four equations on tensors, without autograd")
options = parser.parse_args()
torch.set_num_threads(options.threads)

x = torch.from_numpy(job.read_inputs())
y = torch.from_numpy(job.read_targets())
labels = y.argmax(1)
start = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in job.read_parameters()]
# the cost takes the logits of a softmax, so that neither needs a module
ACTIVATIONS = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}
BACKWARD = {"sigmoid": torch.ops.aten.sigmoid_backward, "tanh": torch.ops.aten.tanh_backward}
is_adam = job.job["optimizer"] == "adam"


class Autograd:
    def reset(self) -> None:
        modules = []
        for layer, (w, b) in zip(layers, start):
            linear = torch.nn.Linear(w.shape[1], w.shape[0])
            with torch.no_grad():
                linear.weight.copy_(w)
                linear.bias.copy_(b)
            modules.append(linear)
            if layer["activation"] in ACTIVATIONS:
                modules.append(ACTIVATIONS[layer["activation"]]())
        self.net = torch.nn.Sequential(*modules)
        kind = torch.optim.Adam if is_adam else torch.optim.SGD
        self.optimizer = kind(self.net.parameters(), lr=learning_rate, foreach=True)

    def step(self, batch_x, batch_y, batch_labels):
        self.optimizer.zero_grad(set_to_none=True)
        z = self.net(batch_x)
        if is_softmax:
            cost = functional.cross_entropy(z, batch_labels, reduction="mean")
        else:
            # the mean over the samples of the sum over the outputs of 1/2 (y - a)^2
            cost = functional.mse_loss(z, batch_y, reduction="sum") * (0.5 / len(batch_y))
        cost.backward()
        self.optimizer.step()
        return cost.detach() * len(batch_y)

    @torch.inference_mode()
    def predict(self, batch_x):
        z = self.net(batch_x)
        return torch.softmax(z, 1) if is_softmax else z


class Manual:
    def reset(self) -> None:
        self.parameters = [(w.clone(), b.clone()) for w, b in start]
        # the first and second moments of each parameter
        self.moments = [tuple((torch.zeros_like(p), torch.zeros_like(p)) for p in layer) for layer in self.parameters]
        self.steps = 0

    @torch.inference_mode()
    def predict(self, batch_x):
        return self.forward(batch_x)[-1]

    def forward(self, batch_x):
        activations = [batch_x]
        for (w, b), layer in zip(self.parameters, layers):
            z = torch.addmm(b, activations[-1], w.t())
            name = layer["activation"]
            if name == "softmax":
                z = z.softmax(1)
            elif name != "linear":
                getattr(z, f"{name}_")()
            activations.append(z)
        return activations

    @torch.inference_mode()
    def step(self, batch_x, batch_y, batch_labels):
        activations = self.forward(batch_x)
        a = activations[-1]
        if is_softmax:
            cost = -a.gather(1, batch_labels[:, None]).log_().sum()
            delta = a - batch_y
        else:
            difference = a - batch_y
            delta = self.multiply_by_slope(difference, a, layers[-1]["activation"])
            flat = difference.view(-1)
            cost = 0.5 * flat.dot(flat)
        self.steps += 1
        for l in range(len(layers) - 1, -1, -1):
            w, b = self.parameters[l]
            before = activations[l]
            error = None
            if l:
                error = self.multiply_by_slope(delta.mm(w), before, layers[l - 1]["activation"])
            if is_adam:
                delta.div_(len(batch_y))
                self.adam(w, delta.t().mm(before), *self.moments[l][0])
                self.adam(b, delta.sum(0), *self.moments[l][1])
            else:
                eta = -learning_rate / len(batch_y)
                w.addmm_(delta.t(), before, alpha=eta)
                b.add_(delta.sum(0), alpha=eta)
            delta = error
        return cost

    def multiply_by_slope(self, error, a, name):
        if name == "relu":
            return torch.ops.aten.threshold_backward(error, a, 0)
        return BACKWARD[name](error, a) if name in BACKWARD else error

    def adam(self, w, gradient, first, second):
        first.mul_(0.9).add_(gradient, alpha=0.1)
        second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        correction = (1 - 0.999**self.steps) ** 0.5
        denominator = torch.sqrt(second, out=gradient).div_(correction).add_(1e-8)
        w.addcdiv_(first, denominator, value=-learning_rate / (1 - 0.9**self.steps))


way = Manual() if options.manual else Autograd()
batches = list(zip(x.split(batch_size), y.split(batch_size), labels.split(batch_size)))
# the batches of each size, cut from x once
cut = {}


def train(samples: int) -> float:
    # a tensor, because converting each batch's cost to a number would cost more than adding it
    total = torch.zeros(())
    for batch in batches[: samples // batch_size]:
        total += way.step(*batch)
    return total.item() / samples


def predict(first: int, batch: int):
    rows = cut.get(batch)
    if rows is None:
        rows = cut[batch] = x.split(batch)
    return way.predict(rows[first // batch]).numpy()


job.serve(f"PyTorch {torch.__version__}", way.reset, train, predict)
