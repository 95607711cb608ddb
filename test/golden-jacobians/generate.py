"""Golden Jacobians: small fixed networks, derived in float64 by PyTorch's autograd, written to jacobians.json beside
this script.

Run, from the top of the repository:

    python3 test/golden-jacobians/generate.py && npx biome format --write test/golden-jacobians

The committed file was made on Debian 12 with its packages python3-torch 1.13.0a0 and python3-numpy 1.24.2, Python
3.11.2. Another version may differ in the last digits.

This script contains no derivative. All starting numbers of a network are exactly representable in float32. Arrays are
flat and row-major: network [rows x outputs x inputs] is da^L/dx, layer [rows x units x fanIn] is da^l/da^(l-1),
inputGradients [rows x inputs] is dC_x/dx. sampleWeightGradients [rows x units x fanIn] and sampleBiasGradients
[rows x units] are those of each sample's own cost.
"""

import json
import platform
from pathlib import Path

import numpy
import torch
from torch.autograd.functional import jacobian
from torch.nn import functional as F

# A relu whose z comes nearer to 0 than this could fall on the other side in float32.
KINK_MARGIN = 1e-3

ACTIVATIONS = {
    "linear": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": F.gelu,
    "softsign": F.softsign,
    "softmax": lambda z: torch.softmax(z, dim=0),
}

# The cost of one sample from y, z and a of the output layer.
COSTS = {
    "quadratic": lambda y, z, a: 0.5 * ((y - a) ** 2).sum(),
    "categoricalCrossEntropy": lambda y, z, a: -(y * torch.log_softmax(z, dim=0)).sum(),
}


def float32(values):
    """Rounded to float32, kept as float64."""
    return torch.from_numpy(numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64))


def flat(tensors):
    return torch.stack(list(tensors)).flatten().tolist()


def golden(seed, name, inputs, shape, cost, rows):
    random = numpy.random.default_rng(seed)
    units = [inputs] + [count for count, _ in shape]
    x = float32(random.standard_normal((rows, inputs)))
    weights = [float32(2 * random.standard_normal((j, k)) * k**-0.5) for k, j in zip(units, units[1:])]
    biases = [float32(random.standard_normal(j) / 2) for j in units[1:]]
    outputs = units[-1]
    if cost == "categoricalCrossEntropy":
        y = float32(numpy.eye(outputs)[random.integers(outputs, size=rows)])
    else:
        y = float32(random.standard_normal((rows, outputs)))

    def activate(activation, z):
        if isinstance(activation, str):
            if activation == "relu":
                assert (z.abs() > KINK_MARGIN).all(), "a z too near the kink: choose another seed"
            return ACTIVATIONS[activation](z)
        return torch.stack([ACTIVATIONS[each](z[j]) for j, each in enumerate(activation)])

    def forward(a, parameters):
        values = []
        for (_, activation), w, b in zip(shape, parameters[: len(shape)], parameters[len(shape) :]):
            z = w @ a + b
            a = activate(activation, z)
            values.append((z, a))
        return values

    parameters = weights + biases

    def cost_of(row, inputs_of_row, own):
        z, a = forward(inputs_of_row, own)[-1]
        return COSTS[cost](y[row], z, a)

    layers = []
    values = [forward(row, parameters) for row in x]
    sample_gradients = []
    for row in range(rows):
        own = [p.clone().requires_grad_() for p in parameters]
        sample_gradients.append(torch.autograd.grad(cost_of(row, x[row], own), own))
    for l, (count, activation) in enumerate(shape):
        before = [x[row] if l == 0 else values[row][l - 1][1] for row in range(rows)]
        layers.append(
            {
                "units": count,
                "activation": activation,
                "weights": weights[l].flatten().tolist(),
                "biases": biases[l].tolist(),
                "jacobian": flat(
                    jacobian(lambda a: activate(activation, weights[l] @ a + biases[l]), a) for a in before
                ),
                "sampleWeightGradients": flat(g[l] for g in sample_gradients),
                "sampleBiasGradients": flat(g[len(shape) + l] for g in sample_gradients),
            }
        )
    return {
        "name": name,
        "inputs": inputs,
        "cost": cost,
        "rows": rows,
        "x": x.flatten().tolist(),
        "y": y.flatten().tolist(),
        "jacobian": flat(jacobian(lambda a: forward(a, parameters)[-1][1], row) for row in x),
        "inputGradients": flat(jacobian(lambda a, row=row: cost_of(row, a, parameters), x[row]) for row in range(rows)),
        "layers": layers,
    }


def main():
    mixed = ["tanh", "gelu", "sigmoid", "softsign", "linear"]
    networks = [
        golden(1, "3-2 linear", 3, [(2, "linear")], "quadratic", 1),
        golden(2, "4-6-3 tanh, sigmoid", 4, [(6, "tanh"), (3, "sigmoid")], "quadratic", 3),
        golden(3, "5-7-4 relu, softmax", 5, [(7, "relu"), (4, "softmax")], "categoricalCrossEntropy", 4),
        golden(4, "3-5-5-2 mixed, gelu, tanh", 3, [(5, mixed), (5, "gelu"), (2, "tanh")], "quadratic", 2),
        golden(5, "35-17-9 relu, softmax", 35, [(17, "relu"), (9, "softmax")], "categoricalCrossEntropy", 2),
    ]
    versions = {"torch": torch.__version__, "numpy": numpy.__version__, "python": platform.python_version()}
    path = Path(__file__).parent / "jacobians.json"
    path.write_text(json.dumps({"versions": versions, "networks": networks}, indent=1) + "\n")


main()
