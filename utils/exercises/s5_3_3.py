"""Graders of chapter 5.3.3, Predictive analytics."""

import math

import numpy as np

from utils.exercises import expect, grader, same_number


@grader("5.3.3-a", "three forecasts, and the score of the latter two")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 4,
        "four numbers are asked for: three forecasts and a MASE",
    )
    history, actual, m = np.array([10.0, 20, 12, 23]), np.array([15.0, 25]), 2
    grown = history[-m:] + history[-1] - history[-1 - m]
    scale = np.abs(history[m:] - history[:-m]).mean()
    rights = (history[-m], grown[0], grown[1], np.abs(actual - grown).mean() / scale)
    names = ("the seasonal naive forecast", "with growth, h = 1", "with growth, h = 2", "the MASE")
    for got, right, name in zip(answer, rights, names):
        same_number(got, float(right), name=name)


@grader("5.3.3-b", "any horizon, shorter or longer than the season")
def repeat_season(answer):
    generator = np.random.default_rng(0)
    for n, m, steps in [(8, 4, 3), (8, 4, 4), (9, 4, 11), (5, 1, 3), (7, 7, 15), (13, 5, 1)]:
        history = generator.normal(size=n).round(3).tolist()
        right = [history[n - m + h % m] for h in range(steps)]
        got = answer(history, m, steps)
        expect(hasattr(got, "__len__"), f"a list of forecasts is asked for, not {got!r:.40}")
        expect(len(got) == steps, f"{steps} forecasts are asked for, {len(got)} came")
        for h, (one, due) in enumerate(zip(got, right), start=1):
            same_number(one, due, name=f"the forecast for h = {h}, m = {m}")


@grader("5.3.3-c", "the right rank, and no finite promise where none can be given")
def half_width(answer):
    generator = np.random.default_rng(0)
    for n, level in [(9, 0.8), (19, 0.9), (40, 0.9), (7, 0.5), (8, 0.9), (3, 0.75), (2, 0.75)]:
        errors = generator.normal(size=n).round(3).tolist()
        k = math.ceil((n + 1) * level - 1e-9)
        right = sorted(map(abs, errors))[k - 1] if k <= n else math.inf
        got = answer(errors, level)
        name = f"the half width for {n} errors and level {level}"
        if math.isinf(right):
            expect(got == math.inf, f"{name} must be infinite, for there is no such rank")
        else:
            same_number(got, right, name=name)


@grader("5.3.3-d", "only forecasts whose past moved are accused")
def first_leak(answer):
    def honest(y):
        return [sum(y[: t + 1]) / (t + 1) for t in range(len(y))]

    def peeks(y):
        return [y[min(t + 1, len(y) - 1)] for t in range(len(y))]

    def centred(y):
        return [value - sum(y) / len(y) for value in y]

    def late(y):
        return [y[t] + (y[-1] if t == 4 else 0) for t in range(len(y))]

    series = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]
    methods = (("an honest mean", honest, False), ("a look one step ahead", peeks, True))
    methods += (
        ("the mean of the whole series", centred, True),
        ("a look from one origin", late, True),
    )
    for name, method, right in methods:
        got = answer(method, series)
        expect(isinstance(got, bool | np.bool_), f"True or False is asked for, not {got!r:.40}")
        verb = "leaks" if got else "does not leak"
        expect(bool(got) == right, f"it says that {name} {verb}")
