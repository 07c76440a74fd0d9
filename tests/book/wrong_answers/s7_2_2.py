"""Answers to the exercises of chapter 7.2.2."""

import torch

RIGHT = {
    "7.2.2-a": (45_088_768, 120_832, 2985),
    "7.2.2-b": lambda k, n_base, n_adapter: 2 * n_base + 4 * k * n_adapter,
    "7.2.2-c": lambda A1, B1, s1, A2, B2, s2: (
        torch.cat([A1, A2]),
        torch.cat([s1 * B1, s2 * B2], 1),
    ),
    "7.2.2-d": lambda before, after, share: [
        w + share * (v - w) for w, v in zip(before, after, strict=True)
    ],
}

WRONG = {
    "7.2.2-a": [
        ("a product, not a sum", (45_088_768, 8 * 4096 * 11008, 2985)),
        ("the smaller side", (45_088_768, 120_832, 4096)),
        ("rounded up", (45_088_768, 120_832, 2986)),
    ],
    "7.2.2-b": [
        ("a base for each task", lambda k, n_base, n_adapter: k * (2 * n_base + 4 * n_adapter)),
        ("one task", lambda k, n_base, n_adapter: 2 * n_base + 4 * n_adapter),
    ],
    "7.2.2-c": [
        (
            "sums of factors",
            lambda A1, B1, s1, A2, B2, s2: (A1[:1] + A2[:1], s1 * B1 + s2 * B2[:, :1]),
        ),
        (
            "scales forgotten",
            lambda A1, B1, s1, A2, B2, s2: (torch.cat([A1, A2]), torch.cat([B1, B2], 1)),
        ),
        (
            "scales on both",
            lambda A1, B1, s1, A2, B2, s2: (
                torch.cat([s1 * A1, s2 * A2]),
                torch.cat([s1 * B1, s2 * B2], 1),
            ),
        ),
    ],
    "7.2.2-d": [
        ("the other way round", lambda a, b, share: [v + share * (w - v) for w, v in zip(a, b)]),
        ("added, not moved", lambda a, b, share: [w + share * v for w, v in zip(a, b)]),
    ],
}
