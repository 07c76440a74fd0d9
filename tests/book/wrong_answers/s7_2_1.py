"""Answers to the exercises of chapter 7.2.1."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats


def kept(chosen, n_experts, capacity):
    picked = F.one_hot(chosen, n_experts)
    place = (picked.cumsum(0) * picked).sum(1)
    return place <= capacity


def lost(n, E, K, c):
    room = math.ceil(round(c * n * K / E, 9))
    j = np.arange(room + 1, n + 1)
    return E / (n * K) * ((j - room) * stats.binom(n, K / E).pmf(j)).sum()


def first_factor(n, E, K, limit=0.01):
    return next(1 + i / 20 for i in range(100) if lost(n, E, K, 1 + i / 20) <= limit)


def last_come(chosen, n_experts, capacity):
    return kept(chosen.flip(0), n_experts, capacity).flip(0)


RIGHT = {
    "7.2.1-a": ([0.625, 0.375], 1.125),
    "7.2.1-b": lambda C, F, E, K: (3 * E * C * F + C * E, 3 * K * C * F + C * E),
    "7.2.1-c": kept,
    "7.2.1-d": first_factor,
}

WRONG = {
    "7.2.1-a": [
        ("not renormalised", ([0.5, 0.3], 1.125)),
        ("shares squared", ([0.625, 0.375], 1.25)),
        ("not times the experts", ([0.625, 0.375], 0.5625)),
    ],
    "7.2.1-b": [
        ("no router", lambda C, F, E, K: (3 * E * C * F, 3 * K * C * F)),
        ("two matrices", lambda C, F, E, K: (2 * E * C * F + C * E, 2 * K * C * F + C * E)),
        ("total alone", lambda C, F, E, K: 3 * E * C * F + C * E),
    ],
    "7.2.1-c": [
        ("last come", last_come),
        ("one too many", lambda chosen, n, capacity: kept(chosen, n, capacity + 1)),
        ("all", lambda chosen, n, capacity: torch.ones(len(chosen), dtype=torch.bool)),
    ],
    "7.2.1-d": [
        ("one in a thousand", lambda n, E, K: first_factor(n, E, K, 0.001)),
        ("always 1.25", lambda n, E, K: 1.25),
    ],
}
