"""Answers to the exercises of chapter 3.3.1."""

import math

import torch


def n_pixels(levels, bits):
    n, pictures = 0, levels
    while pictures <= 2**bits:
        n, pictures = n + 1, pictures * levels
    return n


def ignored_part(J, v):
    return v - v @ torch.linalg.pinv(J) @ J


def share_bits(variances, bits):
    low, high = 0.0, float(variances.max())
    for _ in range(200):
        level = (low + high) / 2
        spent = 0.5 * (variances / level).log2().clamp(min=0).sum()
        low, high = (level, high) if spent > bits else (low, level)
    return variances.clamp(max=level)


def weighted_pca(X, w, d, mean=None, weights=None):
    share = (w / w.sum())[:, None]
    apart = X - ((share * X).sum(0) if mean is None else mean)
    return torch.linalg.svd((share.sqrt() if weights is None else weights) * apart)[2][:d].T


RIGHT = {
    "3.3.1-a": (2, 4, 0.75),
    "3.3.1-b": n_pixels,
    "3.3.1-c": ignored_part,
    "3.3.1-d": share_bits,
    "3.3.1-e": weighted_pca,
}

WRONG = {
    "3.3.1-a": [
        ("what is kept for what is lost", (6, 4, 0.75)),
        ("the share lost", (2, 4, 0.25)),
        ("chance keeps a quarter", (2, 6, 0.75)),
        ("eigenvalues squared", (2, 4, 20 / 22)),
        ("two numbers", (2, 4)),
    ],
    "3.3.1-b": [
        ("by a logarithm, rounded up", lambda levels, bits: math.ceil(bits / math.log2(levels))),
        ("one too many", lambda levels, bits: n_pixels(levels, bits) + 1),
        (
            "bits for each pixel, rounded up",
            lambda levels, bits: bits // math.ceil(math.log2(levels)),
        ),
        ("a float", lambda levels, bits: bits / math.log2(levels)),
    ],
    "3.3.1-c": [
        ("the part that is seen", lambda J, v: v @ torch.linalg.pinv(J) @ J),
        ("rows taken for orthonormal", lambda J, v: v - v @ J.T @ J),
        ("only the first row", lambda J, v: ignored_part(J[:1], v)),
        ("the code's change", lambda J, v: v @ J.T),
    ],
    "3.3.1-d": [
        ("equal bits for all", lambda variances, bits: variances * 4 ** (-bits / len(variances))),
        ("half the bits", lambda variances, bits: share_bits(variances, bits / 2)),
        ("twice the bits", lambda variances, bits: share_bits(variances, bits * 2)),
        (
            "equal errors even above the variance",
            lambda variances, bits: torch.full_like(
                variances, float(share_bits(variances, bits).max())
            ),
        ),
        ("sorted", lambda variances, bits: share_bits(variances, bits).sort().values),
    ],
    "3.3.1-e": [
        ("weights forgotten", lambda X, w, d: weighted_pca(X, torch.ones_like(w), d)),
        ("the plain mean", lambda X, w, d: weighted_pca(X, w, d, mean=X.mean(0))),
        ("not centred", lambda X, w, d: weighted_pca(X, w, d, mean=0.0)),
        ("weights squared", lambda X, w, d: weighted_pca(X, w, d, weights=w[:, None])),
        ("the last axes", lambda X, w, d: weighted_pca(X, w, X.shape[1])[:, -d:]),
    ],
}
