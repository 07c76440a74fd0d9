"""Answers to the exercises of chapter 5.3.3."""

import math


def repeat_season(history, m, steps):
    season = history[-m:]
    return [season[h % m] for h in range(steps)]


def half_width(errors, level):
    k = math.ceil((len(errors) + 1) * level - 1e-9)
    return sorted(map(abs, errors))[k - 1] if k <= len(errors) else math.inf


def ranked(k_of):
    def wrong(errors, level):
        k = k_of(len(errors), level)
        return sorted(map(abs, errors))[k - 1] if k <= len(errors) else math.inf

    return wrong


def leaks(method, y):
    for t in range(len(y)):
        other = y[: t + 1] + [value + 10.0 for value in y[t + 1 :]]
        if method(other)[: t + 1] != method(y)[: t + 1]:
            return True
    return False


def at_one_place(method, y, t=6):
    other = y[: t + 1] + [value + 10.0 for value in y[t + 1 :]]
    return method(other)[t] != method(y)[t]


RIGHT = {
    "5.3.3-a": (12, 15, 26, 0.2),
    "5.3.3-b": repeat_season,
    "5.3.3-c": half_width,
    "5.3.3-d": leaks,
}

WRONG = {
    "5.3.3-a": [
        ("the last value", (23, 15, 26, 0.2)),
        ("growth of one step", (12, 23, 34, 3.4)),
        ("scaled by one step", (12, 15, 26, 0.05)),
        ("not scaled", (12, 15, 26, 0.5)),
    ],
    "5.3.3-b": [
        ("the last value", lambda history, m, steps: [history[-1]] * steps),
        ("one season at most", lambda history, m, steps: history[-m:][:steps]),
        ("the first season", lambda history, m, steps: [history[h % m] for h in range(steps)]),
        ("one step late", lambda history, m, steps: repeat_season(history, m, steps + 1)[1:]),
    ],
    "5.3.3-c": [
        ("n instead of n + 1", ranked(lambda n, level: math.ceil(n * level - 1e-9))),
        ("rounded down", ranked(lambda n, level: max(int((n + 1) * level + 1e-9), 1))),
        ("one too far", ranked(lambda n, level: math.ceil((n + 1) * level - 1e-9) + 1)),
        ("signs kept", lambda e, level: sorted(e)[min(round(len(e) * level), len(e) - 1)]),
        ("the largest", lambda errors, level: max(map(abs, errors))),
    ],
    "5.3.3-d": [
        ("trusts everybody", lambda method, y: False),
        ("accuses everybody", lambda method, y: True),
        ("one origin only", at_one_place),
        ("changes the present too", lambda method, y: method([v + 10.0 for v in y]) != method(y)),
    ],
}
