"""Graders of chapter 2.2, Convolutional networks."""

import random

import torch
import torch.nn.functional as F
from torch import nn

from utils import measure
from utils.exercises import expect, grader, same_number, same_tensor


@grader("2.2-a", "three counts, for one and the same picture of outputs")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three whole numbers are asked for: shared, local, dense",
    )
    n_units = 6 * 24**2
    rights = (
        measure.parameters(nn.Conv2d(1, 6, 5)),
        n_units * measure.parameters(nn.Linear(25, 1)),
        measure.parameters(nn.Linear(28**2, n_units, device="meta")),
    )
    for got, right, name in zip(answer, rights, ("shared", "local", "dense")):
        same_number(got, right, name=f"the count of the {name} layer")


@grader("2.2-b", "the teeth of the comb, counted for every list of strides")
def harmless_shifts(answer):
    for strides, n in [((2,), 9), ((1, 1), 5), ((2, 2), 16), ((2, 3, 1), 17), ([4, 2], 7), ((), 3)]:
        every = 1
        for stride in strides:
            every *= stride
        right = sum(d % every == 0 for d in range(1, n + 1))
        same_number(answer(strides, n), right, name="the number of shifts")


@grader("2.2-c", "the average commutes with every shift, and keeps every wrapped diagonal's mean")
def nearest_convolution(answer):
    generator = torch.Generator().manual_seed(0)
    for n in (1, 2, 5, 6):
        A = torch.randn(n, n, generator=generator, dtype=torch.float64)
        right = torch.empty_like(A)
        for i in range(n):
            for j in range(n):
                right[i, j] = sum(A[d, (d + j - i) % n] for d in range(n)) / n
        same_tensor(answer(A), right, name="the matrix")


@grader("2.2-d", "every output looks back alone, for all lengths and gaps tried")
def causal(answer):
    generator = torch.Generator().manual_seed(0)
    for B, T, K, dilation in [(1, 6, 2, 1), (2, 9, 3, 1), (3, 8, 3, 2), (2, 5, 1, 3), (1, 4, 3, 4)]:
        x = torch.randn(B, T, generator=generator, dtype=torch.float64)
        k = torch.randn(K, generator=generator, dtype=torch.float64)
        right = torch.zeros_like(x)
        for m in range(K):
            back = m * dilation
            if back < T:
                right += k[m] * F.pad(x, (back, 0))[:, :T]
        same_tensor(answer(x, k, dilation=dilation), right, name="y")


@grader("2.2-e", "rotations and reflections of the circle, and nothing else")
def is_harmless(answer):
    generator = random.Random(0)
    for n in (7, 8, 11, 12):
        perms = [[(sign * i + c) % n for i in range(n)] for sign in (1, -1) for c in (0, 1, n - 2)]
        perms += [[factor * i % n for i in range(n)] for factor in (3, 5) if n % factor]
        perms += [generator.sample(range(n), n) for _ in range(3)]
        swapped = list(range(n))
        swapped[2], swapped[3] = 3, 2
        for perm in [*perms, swapped]:
            got = answer(perm)
            expect(isinstance(got, bool), f"True or False is asked for, not {got!r:.40}")
            verb = "is" if got else "is not"
            expect(got == _stays_convolution(perm), f"it says that {perm} {verb} harmless")


def _stays_convolution(perm: list[int]) -> bool:
    """Whether the matrix of a three-tap circular convolution, permuted, is one again."""
    n = len(perm)
    taps = {-1 % n: 2.0, 0: 3.0, 1: 5.0}
    moved = torch.zeros(n, n)
    for i in range(n):
        for step, weight in taps.items():
            moved[perm[i], perm[(i + step) % n]] = weight
    is_circulant = torch.equal(moved, moved.roll((1, 1), (0, 1)))
    near = {j for j in range(n) if moved[0, j] != 0} == set(taps)
    return is_circulant and near
