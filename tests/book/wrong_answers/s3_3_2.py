"""Answers to the exercises of chapter 3.3.2."""

import torch


def n_downhill(eigenvalues, chosen):
    n = 0
    for j in chosen:
        n += sum(value > eigenvalues[j] for i, value in enumerate(eigenvalues) if i not in chosen)
    return n


def transposed_conv(y, w, stride):
    out = torch.zeros((len(y) - 1) * stride + len(w), dtype=y.dtype)
    for j, value in enumerate(y):
        out[j * stride : j * stride + len(w)] += value * w
    return out


def mean_of_memories(noisy, X, prior, sigma):
    logs = prior.log() - torch.cdist(noisy, X) ** 2 / (2 * sigma**2)
    weights = (logs - logs.max(1, keepdim=True).values).exp()
    return weights @ X / weights.sum(1, keepdim=True)


def without_logarithms(noisy, X, prior, sigma):
    weights = prior * (-(torch.cdist(noisy, X) ** 2) / (2 * sigma**2)).exp()
    weights = weights * 1e-300 * 1e-300  # what the density's factor does for small noise
    return weights @ X / weights.sum(1, keepdim=True)


RIGHT = {
    "3.3.2-a": (15, 4, 9),
    "3.3.2-b": n_downhill,
    "3.3.2-c": transposed_conv,
    "3.3.2-d": lambda S, N: torch.linalg.inv(S + N) @ S,
    "3.3.2-e": mean_of_memories,
}

WRONG = {
    "3.3.2-a": [
        ("the size of a convolution", (1, 4, 9)),
        ("stride times side", (12, 4, 9)),
        ("counts along one axis", (15, 2, 3)),
        ("even everywhere", (15, 6, 6)),
        ("two numbers", (4, 9)),
    ],
    "3.3.2-b": [
        ("places for eigenvalues", lambda eigenvalues, chosen: sum(chosen)),
        ("all pairs", lambda values, chosen: len(chosen) * (len(values) - len(chosen))),
        (
            "those that could be better, once each",
            lambda values, chosen: sum(
                any(v > values[j] for i, v in enumerate(values) if i not in chosen) for j in chosen
            ),
        ),
        (
            "as if in falling order",
            lambda values, chosen: n_downhill(sorted(values, reverse=True), chosen),
        ),
    ],
    "3.3.2-c": [
        ("flipped kernel", lambda y, w, stride: transposed_conv(y, w.flip(0), stride)),
        ("stride forgotten", lambda y, w, stride: transposed_conv(y, w, 1)),
        (
            "assigned, not added",
            lambda y, w, stride: _assigned(y, w, stride),
        ),
        ("one place short", lambda y, w, stride: transposed_conv(y, w, stride)[:-1]),
    ],
    "3.3.2-d": [
        ("the other order", lambda S, N: S @ torch.linalg.inv(S + N)),
        ("noise for signal", lambda S, N: torch.linalg.inv(S + N) @ N),
        ("noise forgotten", lambda S, N: torch.eye(len(S), dtype=S.dtype)),
        (
            "noise taken for white",
            lambda S, N: (
                torch.linalg.inv(S + N.diag().mean() * torch.eye(len(S), dtype=S.dtype)) @ S
            ),
        ),
    ],
    "3.3.2-e": [
        ("densities that round to zero", without_logarithms),
        (
            "the prior forgotten",
            lambda noisy, X, prior, sigma: mean_of_memories(
                noisy, X, torch.ones_like(prior), sigma
            ),
        ),
        (
            "σ for σ²",
            lambda noisy, X, prior, sigma: mean_of_memories(noisy, X, prior, sigma**0.5),
        ),
        ("the nearest", lambda noisy, X, prior, sigma: X[torch.cdist(noisy, X).argmin(1)]),
    ],
}


def _assigned(y, w, stride):
    out = torch.zeros((len(y) - 1) * stride + len(w), dtype=y.dtype)
    for j, value in enumerate(y):
        out[j * stride : j * stride + len(w)] = value * w
    return out
