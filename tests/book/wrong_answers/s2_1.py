"""Answers to the exercises of chapter 2.1."""

import math


def units_needed(eps, L=None, M=None):
    if L is not None:
        return math.ceil(L / (2 * eps))
    return math.ceil((M / (8 * eps)) ** 0.5)


def firing_rate(drive, theta, v0, tau, pause):
    if drive <= theta:
        return 0.0
    return 1 / (pause - tau * math.log((drive - theta) / (drive - v0)))


def spikes_from_half(a, n):
    return min(n, max(0, math.floor(a * n + 1 / 2)))


RIGHT = {
    "2.1-a": (2.4, 1, math.exp(3)),
    "2.1-b": units_needed,
    "2.1-c": lambda: ([[-1, 1, -1], [1, 0, 0]], [0, 0, 0], [1, 1, -1], 0),
    "2.1-d": firing_rate,
    "2.1-e": spikes_from_half,
}

WRONG = {
    "2.1-a": [
        ("not divided by the length of w", (12, 1, math.exp(3))),
        ("divided by its square", (12 / 25, 1, math.exp(3))),
        ("the bias forgotten", (0.4, 1, math.exp(3))),
        ("the other side", (2.4, 0, math.exp(3))),
        ("what is added to z", (2.4, 1, 3)),
        ("one number", 2.4),
    ],
    "2.1-b": [
        ("rounded down", lambda eps, L=None, M=None: units_needed(eps, L, M) - 1),
        ("one more", lambda eps, L=None, M=None: units_needed(eps, L, M) + 1),
        ("not rounded", lambda eps, L=None, M=None: L / (2 * eps) if L else (M / (8 * eps)) ** 0.5),
        (
            "the root forgotten",
            lambda eps, L=None, M=None: math.ceil(L / (2 * eps) if L else M / (8 * eps)),
        ),
        (
            "the whole of the difference",
            lambda eps, L=None, M=None: units_needed(eps / 2, L, M),
        ),
    ],
    "2.1-c": [
        ("right for positive numbers alone", lambda: ([[1, 0], [-1, 1]], [0, 0], [1, 1], 0)),
        ("the smaller one", lambda: ([[1, 0, 0], [-1, 1, -1]], [0, 0, 0], [-1, 1, -1], 0)),
        ("the sum", lambda: ([[1, -1], [1, -1]], [0, 0], [1, -1], 0)),
        (
            "four units",
            lambda: ([[1, 0, 0, 0], [-1, 1, -1, 0]], [0, 0, 0, 0], [1, 1, -1, 0], 0),
        ),
        ("transposed", lambda: ([[1, -1], [0, 1], [0, -1]], [0, 0, 0], [1, 1, -1], 0)),
        ("words", lambda: ("x1", "x2", "max", 0)),
    ],
    "2.1-d": [
        (
            "reset to rest",
            lambda drive, theta, v0, tau, pause: firing_rate(drive, theta, 0, tau, pause),
        ),
        ("no pause", lambda drive, theta, v0, tau, pause: firing_rate(drive, theta, v0, tau, 0)),
        (
            "the time, not the rate",
            lambda *given: 1 / firing_rate(*given) if firing_rate(*given) else 0.0,
        ),
        (
            "no threshold: it always fires",
            lambda drive, theta, v0, tau, pause: (
                1 / (pause + tau * abs(theta - v0) / abs(drive or 1))
            ),
        ),
        ("per second", lambda *given: 1000 * firing_rate(*given)),
    ],
    "2.1-e": [
        ("from zero", lambda a, n: min(n, max(0, math.floor(a * n)))),
        ("rounded up", lambda a, n: min(n, max(0, math.ceil(a * n)))),
        ("not cut off above", lambda a, n: max(0, math.floor(a * n + 0.5))),
        ("not cut off below", lambda a, n: min(n, math.floor(a * n + 0.5))),
    ],
}
