"""Golden values of the activation functions: sigma(z) and sigma'(z) in float64 by PyTorch and its autograd, written to
activations.json.

Run, from the top of the repository:

    python3 test/golden-activations/generate.py && npx biome format --write test/golden-activations

The committed file was made on Debian 12 with its package python3-torch 1.13.0a0, Python 3.11.2. Every z is exact in
float32. The grid holds every quarter from -10 to 10, points closer to 0 than a float's epsilon, the kinks of the
functions and their neighbours, and tails out to 80.
"""

import json
import platform
from pathlib import Path

import torch
from torch.nn import functional as F

ACTIVATIONS = {
    "linear": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leakyRelu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    # past its threshold, 20 by default, PyTorch takes z itself
    "softplus": lambda z: F.softplus(z, threshold=1000),
    "softsign": F.softsign,
    "hardSigmoid": F.hardsigmoid,
    "prelu": lambda z: F.prelu(z, torch.tensor([0.25], dtype=torch.float64)),
    "relu6": F.relu6,
    "geluTanh": lambda z: F.gelu(z, approximate="tanh"),
    "mish": F.mish,
    "hardSwish": F.hardswish,
    "leakyRelu(0.2)": lambda z: F.leaky_relu(z, 0.2),
    "leakyRelu(-1.5)": lambda z: F.leaky_relu(z, -1.5),
    "leakyRelu(3)": lambda z: F.leaky_relu(z, 3.0),
    "elu(0.5)": lambda z: F.elu(z, 0.5),
    "elu(2.5)": lambda z: F.elu(z, 2.5),
}

sizes = [k / 4 for k in range(1, 41)]
sizes += [2.0**-k for k in (3, 5, 8, 12, 20, 24, 30, 60, 120)]
sizes += [6 - 2.0**-21, 6 + 2.0**-21, 3 - 2.0**-21, 3 + 2.0**-21, 0.625, 1.25, 12.5, 15.0, 20.0, 40.0, 80.0]
grid = torch.tensor(sorted([0.0] + sizes + [-size for size in sizes]), dtype=torch.float64)
assert (grid == grid.float().double()).all()


def golden(function):
    z = grid.clone().requires_grad_()
    a = function(z)
    (slope,) = torch.autograd.grad(a.sum(), z)
    return {"a": a.detach().tolist(), "slope": slope.tolist()}


def golden_prelu():
    """Slopes for each unit, trained: dC/d(slope) for dC/da of different signs, summed over rows."""
    z = torch.tensor([[-2.0, -0.5, 0.0, 3.0], [1.0, -4.0, -0.0, -0.125]], dtype=torch.float64, requires_grad=True)
    slopes = torch.tensor([0.25, -0.5, 2.0, 0.0], dtype=torch.float64, requires_grad=True)
    errors = torch.tensor([[1.0, -2.0, 3.0, 0.5], [-0.25, 4.0, 1.0, -8.0]], dtype=torch.float64)
    a = F.prelu(z, slopes)
    dz, dslopes = torch.autograd.grad(a, (z, slopes), grad_outputs=errors)
    names = ("z", "slopes", "errors", "a", "dz", "dslopes")
    return {name: t.detach().tolist() for name, t in zip(names, (z, slopes, errors, a, dz, dslopes))}


path = Path(__file__).parent / "activations.json"
versions = {"torch": torch.__version__, "python": platform.python_version()}
file = {
    "versions": versions,
    "z": grid.tolist(),
    "activations": {name: golden(function) for name, function in ACTIVATIONS.items()},
    "prelu": golden_prelu(),
}
path.write_text(json.dumps(file, indent=1) + "\n")
