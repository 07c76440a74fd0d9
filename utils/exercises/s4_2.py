"""Graders of chapter 4.2, An autoencoder in PyTorch."""

import math

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("4.2-a", "the code, the output and the rank")
def what_is_what(answer):
    for sizes in [(784, 128, 784), (784, 128, 10), (64, 256, 128), (5, 7, 6)]:
        result = answer(*sizes)
        expect(
            isinstance(result, tuple) and len(result) == 3,
            "three numbers are asked for: width of the code, width of the output, rank",
        )
        right = sizes[2], sizes[0], min(sizes)
        names = "the width of the code", "the width of the output", "the largest rank"
        for number, expected, name in zip(result, right, names):
            same_number(number, expected, name=name)


@grader("4.2-b", "the three probabilities")
def dead_together(answer):
    expect(isinstance(answer, tuple) and len(answer) == 3, "three probabilities are asked for")
    names = "without correlation", "for a correlation of a half", "for a correlation of 1"
    for number, rho, name in zip(answer, (0, 0.5, 1), names):
        right = 0.25 + math.asin(rho) / (2 * math.pi)
        same_number(number, right, rtol=1e-3, name=f"the probability {name}")


@grader("4.2-c", "the hidden layer, to rounding")
def recover(answer):
    generator = torch.Generator().manual_seed(0)
    for c, d in [(40, 5), (784, 128), (30, 1), (200, 60)]:
        weight = torch.randn(c, d, generator=generator, dtype=torch.float64)
        bias = torch.randn(c, generator=generator, dtype=torch.float64)
        h = torch.randn(d, generator=generator, dtype=torch.float64).relu()
        z = (h @ weight.T + bias).relu()
        same_tensor(answer(z, weight, bias), h, rtol=1e-6, atol=1e-8, name="the hidden layer")


@grader("4.2-d", "one step is as long as it may be")
def safe_rate(answer):
    generator = torch.Generator().manual_seed(0)
    for n, d, width, share in [(50, 20, 8, 0.1), (7, 100, 30, 1.0), (30, 6, 4, 0.5)]:
        weight = torch.randn(width, d, generator=generator, dtype=torch.float64) / 3
        bias = torch.randn(width, generator=generator, dtype=torch.float64)
        X = torch.rand(n, d, generator=generator, dtype=torch.float64)
        X[: n // 2] -= 0.6  # negative numbers, too
        X[0] *= 3  # one image with much more ink
        spread = (X @ weight.T + bias).std(correction=0)
        right = (share * spread / (X.abs().sum(1).max() + 1)).item()
        same_number(answer(weight, bias, X, share), right, rtol=1e-5, name="the rate")


@grader("4.2-e", "no more alarms than allowed, and no fewer than need be")
def threshold(answer):
    generator = torch.Generator().manual_seed(0)
    shuffled = torch.randperm(100, generator=generator).double()
    tied = torch.tensor([1.0, 1, 2, 2, 2, 3, 3, 5])
    cases = [(shuffled, 0.05), (shuffled, 0.0), (shuffled, 0.073), (tied, 0.25), (tied, 0.3)]
    for normal, alarms in [*cases, (tied, 0.5), (shuffled[:7], 0.5)]:
        line = float(answer(normal, alarms))
        expect(line in normal.tolist(), "the threshold is none of the scores")
        above = (normal > line).double().mean().item()
        expect(above <= alarms + 1e-9, "more normal scores lie above it than allowed")
        lower = [s for s in normal.tolist() if s < line]
        room = [s for s in lower if (normal > s).double().mean().item() <= alarms + 1e-9]
        expect(not room, "a lower score would also keep to the allowed share")
