"""Answers to the exercises of chapter 8.2."""


def largest(dollars, v, S, r):
    return min(S / r, (dollars / (6 * r * v)) ** 0.5)


def largest_for_money(dollars, v, S, r):
    return (dollars / (6 * r * v)) ** 0.5


def largest_for_text(dollars, v, S, r):
    return S / r


def farther_wall(dollars, v, S, r):
    return max(S / r, (dollars / (6 * r * v)) ** 0.5)


def share(first, second):
    pairs = [(a, b) for a in first for b in second]
    return sum((b > a) + 0.5 * (b == a) for a, b in pairs) / len(pairs)


def share_without_ties(first, second):
    pairs = [(a, b) for a in first for b in second]
    return sum(b > a for a, b in pairs) / len(pairs)


def share_the_wrong_way(first, second):
    return 1 - share(first, second)


def share_above_the_median(first, second):
    middle = sorted(first)[len(first) // 2]
    return sum(b > middle for b in second) / len(second)


RIGHT = {
    "8.2-a": (0.08, 0.05),
    "8.2-b": largest,
    "8.2-c": share,
}

WRONG = {
    "8.2-a": [
        ("the mean of both errors", (0.24, 0.05)),
        ("in points", (8.0, 5.0)),
        ("only one number", 0.08),
    ],
    "8.2-b": [
        ("money alone", largest_for_money),
        ("text alone", largest_for_text),
        ("the farther wall", farther_wall),
    ],
    "8.2-c": [
        ("ties count for nothing", share_without_ties),
        ("the wrong way round", share_the_wrong_way),
        ("against the median", share_above_the_median),
    ],
}
