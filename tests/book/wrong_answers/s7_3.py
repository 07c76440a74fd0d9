"""Answers to the exercises of chapter 7.3."""

import numpy as np


def bands(m, target):
    half = {r: (1 - 0.5 ** (r / m)) ** (1 / r) for r in range(1, m + 1) if m % r == 0}
    r = min(half, key=lambda r: abs(half[r] - target))
    return r, m // r


def without_noise(q, share):
    p = ((q - share / q.shape[1]) / (1 - share)).clamp(min=0)
    return p / p.sum(1, keepdim=True)


def variance_left(n, share, real=True, keeps_mean=False):
    rng = np.random.default_rng(3)
    n_real = round(share * n) if real else 0
    mean, std = np.zeros((4000, 1)), np.ones((4000, 1))
    for _ in range(40):
        drawn = rng.normal(size=(4000, n))
        drawn[:, n_real:] = mean + std * drawn[:, n_real:]
        mean, std = drawn.mean(1, keepdims=True), drawn.std(1, keepdims=True)
        if keeps_mean:
            mean = np.zeros_like(mean)
    return (std**2).mean()


RIGHT = {
    "7.3-a": (0.6, 1 - 0.64**3),
    "7.3-b": bands,
    "7.3-c": without_noise,
    "7.3-d": variance_left,
}

WRONG = {
    "7.3-a": [
        ("over the smaller set", (0.75, 1 - (1 - 0.75**2) ** 3)),
        ("rows and bands exchanged", (0.6, 1 - (1 - 0.6**3) ** 2)),
        ("one number", 0.6),
    ],
    "7.3-b": [
        ("rows and bands exchanged", lambda m, target: bands(m, target)[::-1]),
        ("one band", lambda m, target: (m, 1)),
        ("numbers left over", lambda m, target: (5, m // 5 - 1)),
    ],
    "7.3-c": [
        ("not divided", lambda q, share: q - share / q.shape[1]),
        ("may be negative", lambda q, share: (q - share / q.shape[1]) / (1 - share)),
        ("nothing done", lambda q, share: q),
    ],
    "7.3-d": [
        ("no real data", lambda n, share: variance_left(n, share, real=False)),
        ("only the real share counts", lambda n, share: share),
        ("one generation", lambda n, share: 1 - 1 / n),
    ],
}
