"""Answers to the exercises of chapter 7.2.3."""

RIGHT = {
    "7.2.3-a": ([7, -3, 1, -6], 0.1),
    "7.2.3-b": lambda n, bits, group: n * bits / 8 + 2 * n / group,
    "7.2.3-c": lambda w, q: (w @ q) / (q @ q),
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
}
