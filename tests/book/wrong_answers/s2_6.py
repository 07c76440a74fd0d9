"""Answers to the exercises of chapter 2.6."""

import math

import torch


def block_parameters(C, F):
    return 4 * C**2 + 2 * C * F + 9 * C + F


def shift_matrix(C, k, sign=1, base=10_000.0):
    angles = k * base ** (-torch.arange(0, C, 2, dtype=torch.float64) / C)
    cos, sin = angles.cos(), sign * angles.sin()
    turns = torch.stack([cos, -sin, sin, cos], 1)
    return torch.block_diag(*turns.reshape(-1, 2, 2))


def in_halves(C, k):
    order = [*range(0, C, 2), *range(1, C, 2)]
    return shift_matrix(C, k)[order][:, order]


def layers_needed(T, K, is_dilated):
    if not is_dilated:
        return -(-(T - 1) // (K - 1))
    return next(n for n in range(T + 1) if K**n >= T)


def step(S, q, k, v):
    S = S + k[:, None] * v
    return S, q @ S


def output_first(S, q, k, v):
    return S + torch.outer(k, v), q @ S


def transposed(S, q, k, v):
    S = S + torch.outer(v, k)
    return S, q @ S


RIGHT = {
    "2.6-a": ([5, 5, 5], [2, 3, 5]),
    "2.6-b": block_parameters,
    "2.6-c": shift_matrix,
    "2.6-d": layers_needed,
    "2.6-e": step,
}

WRONG = {
    "2.6-a": [
        ("sums", ([15, 15, 15], [2, 6, 15])),
        ("the two exchanged", ([2, 3, 5], [5, 5, 5])),
        ("a mask from behind", ([5, 5, 5], [5, 6.5, 9])),
        ("divided by three throughout", ([5, 5, 5], [2 / 3, 2, 5])),
        ("one list", [5, 5, 5]),
        ("words", ("mean", "mean")),
    ],
    "2.6-b": [
        ("no norms", lambda C, F: 4 * C**2 + 2 * C * F + 5 * C + F),
        ("no biases", lambda C, F: 4 * C**2 + 2 * C * F),
        ("four times as wide", lambda C, F: 12 * C**2 + 13 * C),
        ("three matrices", lambda C, F: block_parameters(C, F) - C**2 - C),
        ("a float", lambda C, F: float(block_parameters(C, F))),
    ],
    "2.6-c": [
        ("turned the other way", lambda C, k: shift_matrix(C, k, sign=-1)),
        ("one angle for all pairs", lambda C, k: shift_matrix(C, k, base=1.0)),
        ("sines first, then cosines", in_halves),
        ("the identity", lambda C, k: torch.eye(C, dtype=torch.float64)),
    ],
    "2.6-d": [
        ("dilation ignored", lambda T, K, d: layers_needed(T, K, False)),
        ("always dilated", lambda T, K, d: layers_needed(T, K, True)),
        ("rounded down", lambda T, K, d: (T - 1) // (K - 1) if not d else layers_needed(T, K, d)),
        ("K for K - 1", lambda T, K, d: -(-T // K) if not d else layers_needed(T, K, d)),
        ("a logarithm's float", lambda T, K, d: math.log(T, K) if d else layers_needed(T, K, d)),
        ("one too many", lambda T, K, d: layers_needed(T, K, d) + 1),
    ],
    "2.6-e": [
        ("the token itself unseen", output_first),
        ("the outer product transposed", transposed),
        ("nothing remembered", lambda S, q, k, v: (S, q @ torch.outer(k, v))),
        ("the output alone", lambda S, q, k, v: q @ (S + torch.outer(k, v))),
        ("the key's length divided", lambda S, q, k, v: step(S, q, k / k.norm(), v)),
    ],
}
