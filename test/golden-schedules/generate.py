"""Learning rates of PyTorch's schedulers, step by step, as test/schedule.test.ts needs them. Run, from the top of the
repository:

    python3 test/golden-schedules/generate.py > test/golden-schedules/rates.json
    npx biome format --write test/golden-schedules
"""

import json

import torch
from torch.optim import lr_scheduler as s


def rates(make, steps, momentum=0.0):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5, momentum=momentum)
    scheduler = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def plateau(costs, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = s.ReduceLROnPlateau(optimizer, threshold_mode="abs", eps=0, **options)
    out = []
    for cost in costs:
        out.append(optimizer.param_groups[0]["lr"])
        scheduler.step(cost)
    return out


COSTS = [1, 0.8, 0.81, 0.79995, 0.82, 0.83, 0.84, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.76, 0.77, 0.78, 0.6, 0.6, 0.6, 0.6, 0.6]

print(
    json.dumps(
        {
            "torch": torch.__version__,
            "step": rates(lambda o: s.StepLR(o, 7, gamma=0.3), 40),
            "exponential": rates(lambda o: s.ExponentialLR(o, 0.9), 40),
            "polynomial": rates(lambda o: s.PolynomialLR(o, total_iters=30, power=1.7), 40),
            "cosine": rates(lambda o: s.CosineAnnealingLR(o, 40, eta_min=0.01), 41),
            "restarts": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.01), 60),
            "oneCycle": rates(lambda o: s.OneCycleLR(o, 2.0, total_steps=40, cycle_momentum=False), 39),
            "costs": COSTS,
            # a number of bad epochs above patience: one more than the epochs waited for
            "plateau": plateau(COSTS, factor=0.5, patience=2, threshold=1e-4, cooldown=1, min_lr=0.06),
        }
    )
)
