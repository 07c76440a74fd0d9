"""Answers to the exercises of chapter 7.2.3."""

from utils.exercises.s7_2_3 import _error

PAIRS = [(b, 2**k) for b in range(2, 9) for k in range(3, 11)]


def within(budget):
    return [(b, g) for b, g in PAIRS if b + 16 / g <= budget]


def best_pair(W, budget):
    return min(within(budget), key=lambda pair: _error(W, *pair))


def as_many_bits_as_fit(W, budget):
    return max(within(budget), key=lambda pair: (pair[0], -pair[1]))


def steps_not_counted(W, budget):
    return min([p for p in PAIRS if p[0] <= budget], key=lambda pair: _error(W, *pair))


RIGHT = {
    "7.2.3-a": ([7, -3, 1, -6], 0.1),
    "7.2.3-b": lambda n, bits, group: n * bits / 8 + 2 * n / group,
    "7.2.3-c": lambda w, q: (w @ q) / (q @ q),
    "7.2.3-d": best_pair,
}

WRONG = {
    "7.2.3-a": [
        ("one level too many", ([7, -3, 1, -6], 0.7 / 8)),
        ("rounded to zero", ([7, -3, 0, -5], 0.1)),
        ("three codes", ([7, -3, 1], 0.1)),
    ],
    "7.2.3-b": [
        ("no steps", lambda n, bits, group: n * bits / 8),
        ("bits, not bytes", lambda n, bits, group: n * bits + 16 * n / group),
    ],
    "7.2.3-c": [
        ("largest weight", lambda w, q: w.abs().max() / q.abs().max()),
        ("divided by the weights", lambda w, q: (w @ w) / (w @ q)),
    ],
    "7.2.3-d": [
        ("as many bits as fit", as_many_bits_as_fit),
        ("steps not counted", steps_not_counted),
    ],
}
