"""Graders of chapter 2.1, Neural networks."""

import math

import torch

from utils.exercises import expect, grader, same_number


@grader("2.1-a", "distance, decision and odds of one unit")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three numbers are asked for: the distance, the output, and the factor",
    )
    distance, output, factor = answer
    z = 3 * 2 - 4 * 1 + 10
    same_number(distance, z / math.hypot(3, -4), name="the distance")
    same_number(output, 1.0, name="the output")
    same_number(factor, math.e**3, rtol=1e-3, name="the factor")


@grader("2.1-b", "enough units for the bound, and not one more")
def units_needed(answer):
    for eps, L in [(0.1, 1.0), (0.003, 2.5), (0.5, 0.7), (1e-4, 7.0)]:
        right = _smallest(lambda n, L=L: L / (2 * n), eps)
        same_number(answer(eps, L=L), right, name="the number of units")
    for eps, M in [(0.1, 1.0), (0.003, 40.0), (0.05, 0.1), (1e-5, 3.0)]:
        right = _smallest(lambda n, M=M: M / (8 * n**2), eps)
        same_number(answer(eps, M=M), right, name="the number of units")


@grader("2.1-c", "your network is the maximum, of numbers of either sign")
def max_network(answer):
    result = answer()
    expect(
        isinstance(result, (tuple, list)) and len(result) == 4,
        "four things are asked for: W1, b1, w2 and b2",
    )
    W1, b1, w2, b2 = (_as_tensor(part) for part in result)
    h = b1.numel()
    expect(W1.shape == (2, h), f"W1 has shape {tuple(W1.shape)} where b1 has {h} entries")
    expect(w2.shape == b1.shape == (h,), f"w2 has shape {tuple(w2.shape)}, b1 {tuple(b1.shape)}")
    expect(h <= 3, f"{h} hidden units are more than three")
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 5
    y = torch.relu(x @ W1 + b1) @ w2 + b2
    wrong = (y - x.amax(1)).abs() > 1e-9
    if wrong.any():
        a, b = x[wrong][0].tolist()
        got = float(y[wrong][0])
        expect(False, f"for x = ({a:.2f}, {b:.2f}) your network says {got:.2f}")


@grader("2.1-d", "the rate for every reset, and silence below the threshold")
def firing_rate(answer):
    cases = [(20, 15, 0, 10, 0), (20, 15, 0, 10, 2), (30, 15, -5, 20, 1), (16, 15, 12, 8, 3)]
    for drive, theta, v0, tau, pause in [*cases, (9, 6, 2, 5, 0.5)]:
        period = tau * (math.log(drive - v0) - math.log(drive - theta))
        right = 1 / (pause + period)
        same_number(answer(drive, theta, v0, tau, pause), right, name="the rate")
    for drive in (15, 14, 0, -3):
        same_number(
            answer(drive, 15, 0, 10, 2), 0.0, name="the rate for a drive that is not enough"
        )


@grader("2.1-e", "your count is the simulation's, for 600 inputs and times")
def spikes_from_half(answer):
    for step in range(-20, 100, 2):
        a, v, fired = (2 * step + 1) / 128, 0.5, 0
        for n in range(1, 41):
            v += a
            if v >= 1:
                v, fired = v - 1, fired + 1
            if n % 4 == 0:
                same_number(answer(a, n), fired, name=f"the count after {n} steps of {a}")


def _smallest(bound, eps: float) -> int:
    n = 1
    while bound(n) > eps:
        n += 1
    return n


def _as_tensor(given: object) -> torch.Tensor:
    try:
        return torch.as_tensor(given, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        expect(False, "one of the four is no list of numbers, or has rows of unequal length")
        raise
