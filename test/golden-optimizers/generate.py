"""Golden values of the optimizers: a small fixed network after 1, 5 and 20 full-batch steps of each, computed in
float64 by torch.optim.

Run, from the top of the repository:

    python3 test/golden-optimizers/generate.py && npx biome format --write test/golden-optimizers

The committed file was made on Debian 12 with its packages python3-torch 1.13.0a0 and python3-numpy 1.24.2, Python
3.11.2; it names the versions. The network starts from numbers that float32 holds exactly. Arrays are flat and
row-major, as in test/golden.

A run's `optimizer` is the name that it has in simdprop; `penalizeBiases` says whether l1, l2 and weight decay apply to
the biases. The penalties are added to the gradient after it is clipped. This script does so itself, because PyTorch has
no option for it.

For `lbfgs` only the result is written: the cost, with the L2 term, that torch.optim.LBFGS reaches with a strong Wolfe
line search. Runs without `hidden` have a single layer that starts from zeros.
"""

import json
import platform
from pathlib import Path

import numpy
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

INPUTS, HIDDEN, OUTPUTS, ROWS = 4, 6, 3, 9
STEPS = {1: "afterOneStep", 5: "afterFiveSteps", 20: "afterTwentySteps"}


class NAdam(torch.optim.Optimizer):
    """torch.optim.NAdam as PyTorch 2 has it.

    PyTorch 1.13 multiplies mu into the product of the next step twice, and keeps the product in float32.
    """

    def __init__(self, params, lr, betas, eps, momentum_decay):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "momentum_decay": momentum_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (beta1, beta2), eps = group["lr"], group["betas"], group["eps"]
            for param in group["params"]:
                state = self.state[param]
                if not state:
                    state.update(t=0, product=1.0, m=torch.zeros_like(param), v=torch.zeros_like(param))
                state["t"] += 1
                mu, mu_next = (
                    beta1 * (1.0 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (state["t"], state["t"] + 1)
                )
                state["product"] *= mu
                state["m"].mul_(beta1).add_(param.grad, alpha=1 - beta1)
                state["v"].mul_(beta2).addcmul_(param.grad, param.grad, value=1 - beta2)
                denom = (state["v"] / (1 - beta2 ** state["t"])).sqrt().add_(eps)
                param.addcdiv_(param.grad, denom, value=-lr * (1.0 - mu) / (1.0 - state["product"]))
                param.addcdiv_(state["m"], denom, value=-lr * mu_next / (1.0 - state["product"] * mu_next))


OPTIM = {
    "sgd": lambda p, o: torch.optim.SGD(p, lr=o["learningRate"]),
    "momentum": lambda p, o: torch.optim.SGD(p, lr=o["learningRate"], momentum=o["momentum"]),
    "nesterov": lambda p, o: torch.optim.SGD(p, lr=o["learningRate"], momentum=o["momentum"], nesterov=True),
    "adagrad": lambda p, o: torch.optim.Adagrad(p, lr=o["learningRate"], eps=o["epsilon"]),
    "adadelta": lambda p, o: torch.optim.Adadelta(p, lr=o["learningRate"], rho=o["rho"], eps=o["epsilon"]),
    "rmsprop": lambda p, o: torch.optim.RMSprop(p, lr=o["learningRate"], alpha=o["alpha"], eps=o["epsilon"]),
    "adam": lambda p, o: torch.optim.Adam(p, lr=o["learningRate"], betas=(o["beta1"], o["beta2"]), eps=o["epsilon"]),
    "adamw": lambda p, o: torch.optim.AdamW(
        p, lr=o["learningRate"], betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], weight_decay=o["weightDecay"]
    ),
    "nadam": lambda p, o: NAdam(
        p,
        lr=o["learningRate"],
        betas=(o["beta1"], o["beta2"]),
        eps=o["epsilon"],
        momentum_decay=o["momentumDecay"],
    ),
}

ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

RUNS = [
    {"optimizer": {"name": "sgd", "learningRate": 0.5}},
    {"optimizer": {"name": "sgd", "learningRate": 0.5, "clipNorm": 0.25}},
    {"optimizer": {"name": "sgd", "learningRate": 0.5, "clipValue": 0.03125}},
    {"optimizer": {"name": "sgd", "learningRate": 0.5, "clipNorm": 0.25, "clipValue": 0.03125}, "l1": 0.25, "l2": 0.5},
    {"optimizer": {"name": "momentum", "learningRate": 0.25, "momentum": 0.9}},
    {"optimizer": {"name": "momentum", "learningRate": 0.25, "momentum": 0.5}, "l1": 0.25, "penalizeBiases": True},
    {"optimizer": {"name": "nesterov", "learningRate": 0.25, "momentum": 0.9}},
    {"optimizer": {"name": "nesterov", "learningRate": 0.25, "momentum": 0.75, "clipNorm": 0.5}, "l2": 0.5},
    {"optimizer": {"name": "adagrad", "learningRate": 0.01, "epsilon": 1e-10}},
    {"optimizer": {"name": "adagrad", "learningRate": 0.125, "epsilon": 0.5}, "l2": 0.5, "penalizeBiases": True},
    {"optimizer": {"name": "adadelta", "learningRate": 1.0, "rho": 0.9, "epsilon": 1e-6}},
    {"optimizer": {"name": "adadelta", "learningRate": 0.5, "rho": 0.75, "epsilon": 1e-3}, "l2": 0.5},
    {"optimizer": {"name": "rmsprop", "learningRate": 0.01, "alpha": 0.99, "epsilon": 1e-8}},
    {"optimizer": {"name": "rmsprop", "learningRate": 0.03125, "alpha": 0.75, "epsilon": 0.25}, "l1": 0.25},
    {"optimizer": {"name": "adam", "learningRate": 0.001, **ADAM}},
    {"optimizer": {"name": "adam", "learningRate": 0.0625, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.125}, "l2": 0.5},
    {"optimizer": {"name": "adamw", "learningRate": 0.001, **ADAM, "weightDecay": 0.01}},
    {"optimizer": {"name": "adamw", "learningRate": 0.03125, **ADAM, "weightDecay": 0.5}, "penalizeBiases": True},
    {"optimizer": {"name": "nadam", "learningRate": 0.002, **ADAM, "momentumDecay": 0.004}},
    {"optimizer": {"name": "nadam", "learningRate": 0.03125, **ADAM, "momentumDecay": 0.5}},
]


def float32(values):
    """Rounded to float32, kept as float64."""
    return torch.from_numpy(numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64))


def flat(tensor):
    return tensor.detach().flatten().tolist()


random = numpy.random.default_rng(11)
X = float32(random.standard_normal((ROWS, INPUTS)))
Y = float32(random.integers(2, size=(ROWS, OUTPUTS)))
START = {
    "weights": [
        float32(random.standard_normal((HIDDEN, INPUTS)) / 2),
        float32(random.standard_normal((OUTPUTS, HIDDEN)) / 2),
    ],
    "biases": [float32(random.standard_normal(HIDDEN) / 2), float32(random.standard_normal(OUTPUTS) / 2)],
}


def mean_cost(weights, biases):
    a = X
    for w, b in zip(weights[:-1], biases[:-1]):
        a = torch.tanh(a @ w.T + b)
    z = a @ weights[-1].T + biases[-1]
    return binary_cross_entropy_with_logits(z, Y, reduction="none").sum(dim=1).mean()


def start():
    copies = ([p.clone().requires_grad_() for p in START[key]] for key in ("weights", "biases"))
    return tuple(copies)


def penalized(run, weights, biases):
    return weights + biases if run.get("penalizeBiases") else weights


def train(run):
    weights, biases = start()
    options = run["optimizer"]
    counted = penalized(run, weights, biases)
    if "weightDecay" in options and not run.get("penalizeBiases"):
        groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
    else:
        groups = weights + biases
    optimizer = OPTIM[options["name"]](groups, options)
    result = dict(run)
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        mean_cost(weights, biases).backward()
        if "clipNorm" in options:
            torch.nn.utils.clip_grad_norm_(weights + biases, options["clipNorm"])
        if "clipValue" in options:
            torch.nn.utils.clip_grad_value_(weights + biases, options["clipValue"])
        for p in counted:
            p.grad += run.get("l2", 0.0) / ROWS * p.detach() + run.get("l1", 0.0) / ROWS * p.detach().sign()
        optimizer.step()
        if step in STEPS:
            result[STEPS[step]] = [
                {"weights": flat(w), "biases": flat(b)} for w, b in zip(weights, biases)
            ]
    return result


def minimize(l2, hidden):
    """With `hidden`, the network from start(); otherwise a single layer that starts from zeros, a convex problem."""
    if hidden:
        weights, biases = start()
    else:
        weights, biases = [float32(numpy.zeros((OUTPUTS, INPUTS))).requires_grad_()], [float32(numpy.zeros(OUTPUTS)).requires_grad_()]
    optimizer = torch.optim.LBFGS(
        weights + biases,
        max_iter=500,
        max_eval=2000,
        history_size=10,
        tolerance_grad=1e-12,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def cost():
        return mean_cost(weights, biases) + l2 / (2 * ROWS) * sum((w**2).sum() for w in weights)

    def closure():
        optimizer.zero_grad()
        c = cost()
        c.backward()
        return c

    optimizer.step(closure)
    return {"l2": l2, "hidden": hidden, "cost": cost().item()}


def main():
    file = {
        "versions": {"torch": torch.__version__, "numpy": numpy.__version__, "python": platform.python_version()},
        "inputs": INPUTS,
        "x": flat(X),
        "y": flat(Y),
        "layers": [
            {"units": len(b), "activation": activation, "weights": flat(w), "biases": flat(b)}
            for w, b, activation in zip(START["weights"], START["biases"], ("tanh", "sigmoid"))
        ],
        "runs": [train(run) for run in RUNS],
        "lbfgs": [minimize(4.0, True), minimize(1.0, False), minimize(0.0625, False)],
    }
    Path(__file__).with_name("optimizers.json").write_text(json.dumps(file, indent=1) + "\n")


main()
