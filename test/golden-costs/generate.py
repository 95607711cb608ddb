"""Golden values of the costs: small fixed networks, computed in float64 by PyTorch's loss functions and autograd,
written to costs.json beside this script.

Run, from the top of the repository:

    python3 test/golden-costs/generate.py && npx biome format --write test/golden-costs

The committed file was made on Debian 12 with its packages python3-torch 1.13.0a0 and python3-numpy 1.24.2, Python
3.11.2. Another version may differ in the last digits.

This script contains no derivative. It contains only two costs, the quadratic and the hinge, which torch.nn has only in
other forms. All starting numbers of a network are exactly representable in float32. Arrays are flat and row-major; delta
is d(w_x C_x)/dz, the gradients are means over the rows, 1/rows sum w_x C_x.
"""

import json
import platform
from pathlib import Path

import numpy
import torch
from torch import nn

# A cost with a kink: an output nearer to it than this could fall on the other side in float32.
KINK_MARGIN = 1e-3
SMOOTHING = 0.125
HUBER_DELTA = 0.5

ACTIVATIONS = {
    "linear": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": nn.functional.softplus,
    "softmax": lambda z: torch.softmax(z, dim=1),
}

# The cost of each sample and output, or of each sample, from y, z and a of the output layer.
COSTS = {
    "quadratic": lambda y, z, a: 0.5 * (y - a) ** 2,
    "binaryCrossEntropy": lambda y, z, a: nn.BCEWithLogitsLoss(reduction="none")(z, y),
    "categoricalCrossEntropy": lambda y, z, a: nn.CrossEntropyLoss(reduction="none")(z, y),
    "smoothed": lambda y, z, a: nn.CrossEntropyLoss(reduction="none", label_smoothing=SMOOTHING)(z, y),
    "meanAbsoluteError": lambda y, z, a: nn.L1Loss(reduction="none")(a, y),
    "huber": lambda y, z, a: nn.HuberLoss(reduction="none", delta=HUBER_DELTA)(a, y),
    "hinge": lambda y, z, a: torch.clamp(1 - y * a, min=0),
    "kullbackLeibler": lambda y, z, a: nn.KLDivLoss(reduction="none")(torch.log_softmax(z, dim=1), y),
    "poisson": lambda y, z, a: nn.PoissonNLLLoss(log_input=False, full=False, eps=0.0, reduction="none")(a, y),
}

# Distance of an output from the cost's kinks.
KINKS = {
    "meanAbsoluteError": lambda y, a: (y - a).abs(),
    "hinge": lambda y, a: (1 - y * a).abs(),
}


def float32(values):
    """Rounded to float32, kept as float64."""
    return torch.from_numpy(numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64))


def targets(random, cost, rows, outputs):
    if cost == "hinge":
        return float32(random.integers(2, size=(rows, outputs)) * 2 - 1)
    if cost == "poisson":
        return float32(random.integers(7, size=(rows, outputs)))
    if cost == "binaryCrossEntropy":
        return float32(random.random((rows, outputs)))
    if cost in ("categoricalCrossEntropy", "smoothed", "kullbackLeibler"):
        y = numpy.eye(outputs)[random.integers(outputs, size=rows)]
        y[0] = 0
        y[0, :2] = [0.25, 0.75]
        return float32(y)
    return float32(2 * random.standard_normal((rows, outputs)))


def flat(tensor):
    return tensor.detach().flatten().tolist()


def golden(seed, cost, activation, units=(4, 6, 3), rows=5, weighted=False):
    random = numpy.random.default_rng(seed)
    x = float32(random.standard_normal((rows, units[0])))
    y = targets(random, cost, rows, units[-1])
    row_weights = float32(random.random(rows) * 3) if weighted else float32(numpy.ones(rows))
    if weighted:
        row_weights[1] = 0
    weights = [float32(2 * random.standard_normal((j, k)) * k**-0.5).requires_grad_() for k, j in zip(units, units[1:])]
    biases = [float32(random.standard_normal(j)).requires_grad_() for j in units[1:]]
    activations = ["tanh"] * (len(units) - 2) + [activation]

    a, zs = x, []
    for name, w, b in zip(activations, weights, biases):
        zs.append(a @ w.T + b)
        a = ACTIVATIONS[name](zs[-1])
    if cost in KINKS:
        assert (KINKS[cost](y, a) > KINK_MARGIN).all(), "an output too near a kink: choose another seed"
    values = COSTS[cost](y, zs[-1], a)
    sample_costs = row_weights * (values.sum(dim=1) if values.dim() == 2 else values)
    delta = torch.autograd.grad(sample_costs.sum(), zs, retain_graph=True)
    gradients = torch.autograd.grad(sample_costs.mean(), weights + biases)
    return {
        "name": f"{cost}, {activation} outputs{', weighted' if weighted else ''}",
        "inputs": units[0],
        "cost": "categoricalCrossEntropy" if cost == "smoothed" else cost,
        "labelSmoothing": SMOOTHING if cost == "smoothed" else 0,
        "huberDelta": HUBER_DELTA,
        "x": flat(x),
        "y": flat(y),
        "rowWeights": flat(row_weights) if weighted else None,
        "value": sample_costs.mean().item(),
        "layers": [
            {
                "units": len(b),
                "activation": name,
                "weights": flat(w),
                "biases": flat(b),
                "delta": flat(d),
                "weightGradients": flat(dw),
                "biasGradients": flat(db),
            }
            for name, w, b, d, dw, db in zip(
                activations, weights, biases, delta, gradients[: len(weights)], gradients[len(weights) :]
            )
        ],
    }


def main():
    pairs = [
        ("quadratic", "sigmoid"),
        ("binaryCrossEntropy", "sigmoid"),
        ("categoricalCrossEntropy", "softmax"),
        ("smoothed", "softmax"),
        ("meanAbsoluteError", "linear"),
        ("meanAbsoluteError", "tanh"),
        ("meanAbsoluteError", "softmax"),
        ("huber", "linear"),
        ("huber", "sigmoid"),
        ("hinge", "linear"),
        ("hinge", "tanh"),
        ("kullbackLeibler", "softmax"),
        ("poisson", "softplus"),
    ]
    cases = [golden(i, cost, output, weighted=weighted) for i, (cost, output) in enumerate(pairs) for weighted in (False, True)]
    cases.append(golden(50, "hinge", "linear", units=(3, 1), rows=7))
    cases.append(golden(51, "poisson", "softplus", units=(9, 17, 1), rows=4))
    versions = {"torch": torch.__version__, "numpy": numpy.__version__, "python": platform.python_version()}
    path = Path(__file__).parent / "costs.json"
    path.write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


main()
