"""Answers to the exercises of chapter 1.1."""

import numpy as np


def largest(memory, activations):
    return (memory - activations) // 16


def modern(C, H, G, Dh, F):
    return 2 * C * Dh * (H + G) + 3 * C * F + 2 * C


def longest(memory, n_parameters, L, G, Dh, n_sequences):
    left = memory - 2 * n_parameters
    return max(0, left // (4 * n_sequences * L * G * Dh))


def fitted(years, costs):
    return 12 / np.polyfit(years, np.log2(costs), 1)[0]


def of_records(years, costs):
    best = np.maximum.accumulate(costs)
    is_record = costs == best
    return fitted(years[is_record], costs[is_record])


RIGHT = {
    "1.1-a": (288, 552, 32),
    "1.1-b": largest,
    "1.1-c": modern,
    "1.1-d": longest,
    "1.1-e": of_records,
}

WRONG = {
    "1.1-a": [
        ("biases left out", (256, 512, 32)),
        ("three matrices in attention", (216, 552, 32)),
        ("one norm", (288, 552, 16)),
        ("the sum", (872, 872, 872)),
        ("two numbers", (288, 552)),
    ],
    "1.1-b": [
        ("weights alone", lambda memory, activations: (memory - activations) // 2),
        ("activations forgotten", lambda memory, activations: memory // 16),
        ("rounded up", lambda memory, activations: -(-(memory - activations) // 16)),
        ("a float", lambda memory, activations: (memory - activations) / 16),
    ],
    "1.1-c": [
        ("heads not shared", lambda C, H, G, Dh, F: 4 * C * Dh * H + 3 * C * F + 2 * C),
        ("no gate", lambda C, H, G, Dh, F: modern(C, H, G, Dh, F) - C * F),
        ("norms with a shift", lambda C, H, G, Dh, F: modern(C, H, G, Dh, F) + 2 * C),
        ("C for H times Dh", lambda C, H, G, Dh, F: 2 * C * (C + G * Dh) + 3 * C * F + 2 * C),
    ],
    "1.1-d": [
        ("weights forgotten", lambda memory, n, *sizes: longest(memory, 0, *sizes)),
        ("one sequence", lambda memory, n, L, G, Dh, _: longest(memory, n, L, G, Dh, 1)),
        ("keys without values", lambda *sizes: 2 * longest(*sizes)),
        (
            "below nothing",
            lambda memory, n, L, G, Dh, B: (memory - 2 * n) // (4 * B * L * G * Dh),
        ),
    ],
    "1.1-e": [
        ("every run", fitted),
        ("years for months", lambda years, costs: of_records(years, costs) / 12),
        (
            "natural logarithm",
            lambda years, costs: of_records(years, costs) / np.log(2),
        ),
        ("first and last", lambda years, costs: fitted(years[[0, -1]], costs[[0, -1]])),
    ],
}
