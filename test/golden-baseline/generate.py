"""Golden values of eleven optimizers over 1,001 steps: the setting of PyTorch's own C++ tests (test/cpp/api/optim.cpp
and optim_baseline.py), run by torch.optim in float64.

Run, from the top of the repository:

    python3 test/golden-baseline/generate.py && npx biome format --write test/golden-baseline

The committed file was made on Debian 12 with its package python3-torch 1.13.0a0; it names the version. The network is
2-3-1 with sigmoids, the data are three samples, and the cost is the sum of the outputs. optim.cpp has its first weights
with four digits. It compares the results with those of optim_baseline.h, which started from all digits, within
1e-3 |w| + 5e-4. The values here start from the four digits. They agree with the rows of the header, for the steps 1, 101,
..., 1,001, within the same tolerance.

`afterSteps` are the steps at which parameters are written, flat: w1 (row-major), b1, w2, b2.
"""

import json
from pathlib import Path

import torch

WEIGHTS = [
    [[-0.2109, -0.4976], [-0.1413, -0.3420], [-0.2524, 0.6976]],
    [-0.1085, -0.2979, 0.6892],
    [[-0.0508, -0.3941, -0.2843]],
    [-0.0711],
]
SAMPLES = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
STEPS = range(1, 1002, 100)

OPTIM = {
    "Adam": lambda p: torch.optim.Adam(p, 1.0),
    "Adam_with_weight_decay": lambda p: torch.optim.Adam(p, 1.0, weight_decay=1e-2),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 1.0),
    "Adagrad_with_weight_decay": lambda p: torch.optim.Adagrad(p, 1.0, weight_decay=1e-2),
    "Adagrad_with_weight_decay_and_lr_decay": lambda p: torch.optim.Adagrad(p, 1.0, weight_decay=1e-6, lr_decay=1e-3),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.1),
    "RMSprop_with_weight_decay": lambda p: torch.optim.RMSprop(p, 0.1, weight_decay=1e-2),
    "SGD": lambda p: torch.optim.SGD(p, 0.1),
    "SGD_with_weight_decay": lambda p: torch.optim.SGD(p, 0.1, weight_decay=1e-2),
    "SGD_with_weight_decay_and_momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=1e-2),
    "SGD_with_weight_decay_and_nesterov_momentum": lambda p: torch.optim.SGD(
        p, 0.1, momentum=0.9, weight_decay=1e-6, nesterov=True
    ),
}


def run(make):
    w1, b1, w2, b2 = params = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in WEIGHTS]
    x = torch.tensor(SAMPLES, dtype=torch.float64)
    optimizer = make(params)
    rows = []
    for step in range(1, STEPS[-1] + 1):
        optimizer.zero_grad()
        hidden = torch.sigmoid(x @ w1.T + b1)
        torch.sigmoid(hidden @ w2.T + b2).sum().backward()
        optimizer.step()
        if step in STEPS:
            # ten digits are far more than f32 has
            rows.append([round(value, 10) for p in params for value in p.flatten().tolist()])
    return rows


def main():
    weights = [torch.tensor(values).flatten().tolist() for values in WEIGHTS]
    golden = {
        "torch": torch.__version__,
        "samples": [value for sample in SAMPLES for value in sample],
        "weights": [round(value, 4) for values in weights for value in values],
        "afterSteps": list(STEPS),
        "runs": {name: run(make) for name, make in OPTIM.items()},
    }
    Path(__file__).with_name("baseline.json").write_text(json.dumps(golden))


main()
