"""Golden values: small fixed networks, computed in float64 by PyTorch's autograd, written to the *.json files beside
this script.

Run, from the top of the repository:

    python3 test/golden/generate.py && npx biome format --write test/golden

The committed files were made on Debian 12 with its packages python3-torch 1.13.0a0 and python3-numpy 1.24.2, Python
3.11.2; each file names the versions it was made with. Another version may differ in the last digits.

This script contains no derivative: z, a and the cost are computed by PyTorch's functions, delta and the gradients by
torch.autograd, and the steps by torch.optim.SGD. All starting numbers of a network are exactly representable in float32,
so that a float32 implementation starts from the same numbers.

Arrays are flat and row-major: x [rows x inputs], y [rows x outputs], weights [units x fanIn], z, a and delta [rows x
units]. delta is dC_x/dz of each sample's own cost; weightGradients and biasGradients are means over the rows and leave
out the L2 term.
"""

import json
import platform
from pathlib import Path

import numpy
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

STEPS = 5
# A relu whose z comes nearer to 0 than this, without being 0, could fall on the other side in float32.
KINK_MARGIN = 1e-3

ACTIVATIONS = {
    "linear": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda z: torch.softmax(z, dim=1),
}

# The cost of each sample, [rows], from y, z and a of the output layer.
COSTS = {
    "quadratic": lambda y, z, a: 0.5 * ((y - a) ** 2).sum(dim=1),
    "binaryCrossEntropy": lambda y, z, a: binary_cross_entropy_with_logits(z, y, reduction="none").sum(dim=1),
    "categoricalCrossEntropy": lambda y, z, a: -(y * log_softmax(z, dim=1)).sum(dim=1),
}


def float32(values):
    """Rounded to float32, kept as float64."""
    return torch.from_numpy(numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64))


def normal(random, *shape, scale=1.0):
    return float32(scale * random.standard_normal(shape))


def one_hot(random, rows, outputs):
    return float32(numpy.eye(outputs)[random.integers(outputs, size=rows)])


def random_network(seed, inputs, layers, cost, rows):
    """Weights N(0, 1/sqrt(fanIn)), biases N(0, 1/2), inputs N(0, 1), and targets that suit the cost."""
    random = numpy.random.default_rng(seed)
    widths = [inputs] + [units for units, _ in layers]
    outputs = widths[-1]
    if cost == "quadratic":
        y = normal(random, rows, outputs)
    elif cost == "binaryCrossEntropy":
        y = float32(random.integers(2, size=(rows, outputs)))
        y[0] = 0.25  # a soft target
    else:
        y = one_hot(random, rows, outputs)
        y[0] = 0.0
        y[0, :2] = float32([0.25, 0.75])  # a soft target
    return {
        "inputs": inputs,
        "activations": [activation for _, activation in layers],
        "cost": cost,
        "x": normal(random, rows, inputs),
        "y": y,
        "weights": [normal(random, j, k, scale=k**-0.5) for k, j in zip(widths, widths[1:])],
        "biases": [normal(random, j, scale=0.5) for j in widths[1:]],
    }


def with_unit_on_the_kink(network):
    """Unit 0 of the first layer gets z = 0 exactly, for every input: PyTorch's relu has slope 0 there."""
    network["weights"][0][0] = 0.0
    network["biases"][0][0] = 0.0
    return network


def saturated_network(activation, cost):
    """Weighted inputs from -1600 to 1600, beyond exp in float32 and float64, with right and wrong answers."""
    return {
        "inputs": 2,
        "activations": [activation],
        "cost": cost,
        "x": float32([[1, 0], [1, 1], [2, -2], [-1, 2]]),
        "y": float32([[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]),
        "weights": [float32([[400, -400], [-400, 400], [100, 50]])],
        "biases": [float32([0, 0, 0])],
    }


def forward(network, weights, biases):
    a, zs, activations = network["x"], [], []
    for activation, w, b in zip(network["activations"], weights, biases):
        z = a @ w.T + b
        if activation == "relu":
            assert ((z == 0) | (z.abs() > KINK_MARGIN)).all(), "a relu too near its kink: choose another seed"
        a = ACTIVATIONS[activation](z)
        zs.append(z)
        activations.append(a)
    return zs, activations, COSTS[network["cost"]](network["y"], zs[-1], activations[-1])


def flat(tensor):
    return tensor.detach().flatten().tolist()


def golden(name, network, learning_rate, l2=0.0, training_samples=None):
    rows = len(network["x"])
    training_samples = training_samples or rows
    weights = [w.clone().requires_grad_() for w in network["weights"]]
    biases = [b.clone().requires_grad_() for b in network["biases"]]

    zs, activations, sample_costs = forward(network, weights, biases)
    delta = torch.autograd.grad(sample_costs.sum(), zs, retain_graph=True)
    gradients = torch.autograd.grad(sample_costs.mean(), weights + biases)
    weight_gradients, bias_gradients = gradients[: len(weights)], gradients[len(weights) :]
    layers = [
        {
            "units": len(biases[l]),
            "activation": network["activations"][l],
            "weights": flat(weights[l]),
            "biases": flat(biases[l]),
            "z": flat(zs[l]),
            "a": flat(activations[l]),
            "delta": flat(delta[l]),
            "weightGradients": flat(weight_gradients[l]),
            "biasGradients": flat(bias_gradients[l]),
        }
        for l in range(len(weights))
    ]

    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": l2 / training_samples}, {"params": biases, "weight_decay": 0.0}],
        lr=learning_rate,
    )
    costs = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        cost = forward(network, weights, biases)[2].mean()
        cost.backward()
        optimizer.step()
        costs.append(cost.item())
        key = {1: "afterOneStep", STEPS: "afterFiveSteps"}.get(step)
        if key:
            for l, layer in enumerate(layers):
                layer[key] = {"weights": flat(weights[l]), "biases": flat(biases[l])}

    return {
        "name": name,
        "versions": {"torch": torch.__version__, "numpy": numpy.__version__, "python": platform.python_version()},
        "inputs": network["inputs"],
        "cost": network["cost"],
        "learningRate": learning_rate,
        "l2": l2,
        "trainingSamples": training_samples,
        "rows": rows,
        "x": flat(network["x"]),
        "y": flat(network["y"]),
        "costs": costs,
        "layers": layers,
    }


def main():
    files = [
        golden(
            "3-4-2-sigmoid-quadratic",
            random_network(1, 3, [(4, "sigmoid"), (2, "sigmoid")], "quadratic", rows=1),
            learning_rate=3.0,
        ),
        golden(
            "5-7-3-tanh-sigmoid-binary",
            random_network(2, 5, [(7, "tanh"), (3, "sigmoid")], "binaryCrossEntropy", rows=3),
            learning_rate=0.5,
            l2=2.0,
            training_samples=48,
        ),
        golden(
            "4-9-6-3-relu-softmax-categorical",
            with_unit_on_the_kink(
                random_network(3, 4, [(9, "relu"), (6, "relu"), (3, "softmax")], "categoricalCrossEntropy", rows=7)
            ),
            learning_rate=0.25,
        ),
        golden("1-1-linear-quadratic", random_network(4, 1, [(1, "linear")], "quadratic", rows=3), learning_rate=0.125),
        golden(
            "33-17-5-relu-tanh-quadratic",
            random_network(5, 33, [(17, "relu"), (5, "tanh")], "quadratic", rows=7),
            learning_rate=0.125,
            l2=0.5,
            training_samples=40,
        ),
        golden(
            "2-3-3-1-tanh-linear-quadratic",
            random_network(6, 2, [(3, "tanh"), (3, "tanh"), (1, "linear")], "quadratic", rows=4),
            learning_rate=0.25,
        ),
        golden(
            "3-5-4-sigmoid-softmax-quadratic",
            random_network(7, 3, [(5, "sigmoid"), (4, "softmax")], "quadratic", rows=3),
            learning_rate=1.0,
            l2=1.0,
            training_samples=32,
        ),
        golden("2-3-saturated-sigmoid-binary", saturated_network("sigmoid", "binaryCrossEntropy"), learning_rate=0.5),
        golden("2-3-saturated-softmax-categorical", saturated_network("softmax", "categoricalCrossEntropy"), learning_rate=0.5),
    ]
    for file in files:
        path = Path(__file__).parent / f"{file['name']}.json"
        path.write_text(json.dumps(file, indent=1) + "\n")


main()
