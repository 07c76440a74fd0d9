"""Answers to the exercises of chapter 8.1."""

import math


def entries(n, n1, k1, n2, k2):
    return k1 * (n / n1) ** (math.log(k2 / k1) / math.log(n2 / n1))


def entries_by_a_line(n, n1, k1, n2, k2):
    return k1 + (k2 - k1) * (n - n1) / (n2 - n1)


def entries_in_step(n, n1, k1, n2, k2):
    return k2 * n / n2


def entries_from_the_second(n, n1, k1, n2, k2):
    return k1 * (n / n2) ** (math.log(k2 / k1) / math.log(n2 / n1))


def word(low, high):
    return "network" if high < 1 else "traditional" if low > 1 else "even"


def verdict(ratio, low, high, k):
    return word(*(ratio * (end / ratio) ** (1 / math.sqrt(k)) for end in (low, high)))


def verdict_of_all_the_data(ratio, low, high, k):
    return word(low, high)


def verdict_about_one(ratio, low, high, k):
    return word(low ** (1 / math.sqrt(k)), high ** (1 / math.sqrt(k)))


def verdict_backwards(ratio, low, high, k):
    return {"network": "traditional", "traditional": "network"}.get(
        verdict(ratio, low, high, k), "even"
    )


RIGHT = {
    "8.1-a": (625.0, 0.16),
    "8.1-b": entries,
    "8.1-c": verdict,
}

WRONG = {
    "8.1-a": [
        ("the difference for the exponent", (5**0.25, 0.7)),
        ("the error of the network at one example", (625.0, 4.0)),
        ("only one number", 625.0),
    ],
    "8.1-b": [
        ("along a line", entries_by_a_line),
        ("in step with the text", entries_in_step),
        ("counted from the second length", entries_from_the_second),
    ],
    "8.1-c": [
        ("not narrowed", verdict_of_all_the_data),
        ("narrowed about one", verdict_about_one),
        ("the wrong way round", verdict_backwards),
    ],
}
