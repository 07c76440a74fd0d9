"""Answers to the exercises of chapter 2.2."""

import math

import torch
import torch.nn.functional as F


def harmless_shifts(strides, n):
    return len(range(math.prod(strides), n + 1, math.prod(strides)))


def nearest_convolution(A):
    n = len(A)
    i = torch.arange(n)
    diagonals = torch.stack([A[i, (i + d) % n].mean() for d in range(n)])
    return diagonals[(i - i[:, None]) % n]


def causal(x, k, dilation=1):
    padded = F.pad(x[:, None], ((len(k) - 1) * dilation, 0))
    return F.conv1d(padded, k.flip(0)[None, None], dilation=dilation)[:, 0]


def is_harmless(perm):
    n = len(perm)
    step = (perm[1] - perm[0]) % n
    return step in (1, n - 1) and all((perm[i] - perm[i - 1]) % n == step for i in range(n))


def is_circulant_again(perm):
    n = len(perm)
    return len({(perm[i] - perm[i - 1]) % n for i in range(n)}) == 1


RIGHT = {
    "2.2-a": (156, 89_856, 2_712_960),
    "2.2-b": harmless_shifts,
    "2.2-c": nearest_convolution,
    "2.2-d": causal,
    "2.2-e": is_harmless,
}

WRONG = {
    "2.2-a": [
        ("no biases", (150, 86_400, 2_709_504)),
        ("one bias for all maps", (151, 89_856, 2_712_960)),
        ("one map of units", (156, 14_976, 452_160)),
        ("a bias for each map, though weights are its own", (156, 86_406, 2_712_960)),
        ("28×28 outputs", (156, 122_304, 3_692_640)),
    ],
    "2.2-b": [
        ("the largest stride", lambda strides, n: n // max(strides, default=1)),
        ("the sum of the strides", lambda strides, n: n // (sum(strides) or 1)),
        ("the shift by nothing too", lambda strides, n: n // math.prod(strides) + 1),
        ("not rounded", lambda strides, n: n / math.prod(strides)),
        ("how many are harmful", lambda strides, n: n - n // math.prod(strides)),
    ],
    "2.2-c": [
        ("wrapped the other way", lambda A: nearest_convolution(A.flip(1)).flip(1)),
        ("the sum", lambda A: len(A) * nearest_convolution(A)),
        ("the diagonal alone", lambda A: A.diag().mean() * torch.eye(len(A), dtype=A.dtype)),
        ("the first row", lambda A: torch.stack([A[0].roll(i) for i in range(len(A))])),
        ("rows moved, columns not", lambda A: A.mean(0).expand_as(A)),
    ],
    "2.2-d": [
        ("not flipped", lambda x, k, dilation=1: causal(x, k.flip(0), dilation)),
        ("looks ahead", lambda x, k, dilation=1: causal(x.flip(1), k, dilation).flip(1)),
        ("without gaps", lambda x, k, dilation=1: causal(x, k)),
        ("one step late", lambda x, k, dilation=1: F.pad(causal(x, k, dilation), (1, 0))[:, :-1]),
        (
            "no padding",
            lambda x, k, dilation=1: F.conv1d(
                x[:, None], k.flip(0)[None, None], dilation=min(dilation, 1)
            )[:, 0],
        ),
    ],
    "2.2-e": [
        (
            "rotations alone",
            lambda perm: is_harmless(perm) and (perm[1] - perm[0]) % len(perm) == 1,
        ),
        ("a convolution, of whatever width", is_circulant_again),
        ("every one", lambda perm: True),
        ("the identity", lambda perm: perm == sorted(perm)),
        ("the first two alone", lambda perm: abs(perm[1] - perm[0]) % len(perm) == 1),
    ],
}
