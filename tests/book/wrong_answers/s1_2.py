"""Answers to the exercises of chapter 1.2."""

import math

import torch


def tonnes(flops, peak, utilisation, watts, pue, grams):
    return flops / peak / utilisation * watts * pue * grams / 3.6e12


def weights(groups):
    counts = torch.bincount(groups)
    return 1 / (counts[groups] * (counts > 0).sum())


def found(members, others, accused):
    allowed = math.floor(accused * len(others) + 1e-9)
    best = 0.0
    for threshold in [*others.tolist(), -math.inf]:
        if (others > threshold).sum() <= allowed:
            best = max(best, float((members > threshold).double().mean()))
    return best


def by_quantile(members, others, accused):
    return float((members >= torch.quantile(others, 1 - accused)).double().mean())


RIGHT = {
    "1.2-a": (12.0, 6.0),
    "1.2-b": tonnes,
    "1.2-c": weights,
    "1.2-d": found,
    "1.2-e": lambda dirty, clean: (dirty / clean) ** 0.5,
}

WRONG = {
    "1.2-a": [
        ("the ranks themselves", (1, 64)),
        ("natural logarithms", (math.log(4096), math.log(64))),
        ("three letters as three", (4, -2)),
        ("one number", (12,)),
    ],
    "1.2-b": [
        ("kilograms", lambda *a: 1000 * tonnes(*a)),
        ("PUE forgotten", lambda f, p, u, w, pue, g: tonnes(f, p, u, w, 1, g)),
        ("at full utilisation", lambda f, p, u, w, pue, g: tonnes(f, p, 1, w, pue, g)),
        ("joules for kilowatt-hours", lambda *a: 3.6e6 * tonnes(*a)),
    ],
    "1.2-c": [
        ("all alike", lambda groups: torch.full((len(groups),), 1 / len(groups))),
        ("not divided by the groups", lambda groups: 1 / torch.bincount(groups)[groups]),
        (
            "groups that do not occur count",
            lambda groups: 1 / (torch.bincount(groups)[groups] * (int(groups.max()) + 1)),
        ),
        ("one for a group", lambda groups: 1 / groups.unique(return_counts=True)[1]),
    ],
    "1.2-d": [
        ("the others' share", lambda m, o, accused: found(o, o, accused)),
        ("by a quantile", by_quantile),
        ("all members", lambda m, o, accused: 1.0),
        ("one other too many", lambda m, o, accused: found(m, o, min(1, accused + 1 / len(o)))),
    ],
    "1.2-e": [
        ("in proportion", lambda dirty, clean: dirty / clean),
        ("the other way round", lambda dirty, clean: (clean / dirty) ** 0.5),
        ("squared", lambda dirty, clean: (dirty / clean) ** 2),
    ],
}
