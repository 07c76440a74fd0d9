"""Answers to the exercises of chapter 7.2.4."""

import numpy as np

from utils.decoding import verify


def gain(alpha, k, c):
    return sum(alpha**j for j in range(k + 1)) / (c * k + 1)


def joined(one, other):
    def guess(row):
        first = one(row)
        return other(row) if first is None else first

    return guess


def replace_from_p(p, q, x, choose):
    kept = min(p[x], q[x])
    return x if choose([q[x] - kept, kept]) else choose(p)


def accept_with_p(p, q, x, choose):
    if choose([1 - p[x], p[x]]):
        return x
    left = np.maximum(p - q, 0)
    return choose(left if left.any() else p)


RIGHT = {
    "7.2.4-a": (0.75, [1, 0, 0]),
    "7.2.4-b": lambda a, c: max(range(51), key=lambda k: gain(a, k, c)),
    "7.2.4-c": lambda p, q, x, choose: verify([p, p], [q], [x], choose)[0],
    "7.2.4-d": joined,
}

WRONG = {
    "7.2.4-a": [
        ("the variation instead", (0.25, [1, 0, 0])),
        ("not divided", (0.75, [0.25, 0, 0])),
        ("one thing", 0.75),
    ],
    "7.2.4-b": [
        ("cost left out", lambda a, c: 50),
        ("never zero", lambda a, c: max(range(1, 51), key=lambda k: gain(a, k, c))),
    ],
    "7.2.4-c": [
        ("always kept", lambda p, q, x, choose: x),
        ("replaced from p", replace_from_p),
        ("no ratio", accept_with_p),
    ],
    "7.2.4-d": [
        ("only the first", lambda one, other: one),
        ("only the second", lambda one, other: other),
    ],
}
