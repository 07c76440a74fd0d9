"""Graders of chapter 7.4.1, Overfitting and double descent."""

import numpy as np

from utils.exercises import expect, grader, same_number


def risk(n, p, b, sigma):
    """The chapter's formula, beyond the threshold."""
    return b**2 * (1 - n / p) + sigma**2 * n / (p - n - 1)


@grader("7.4.1-a", "both sides of the threshold, from one formula")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the error below the threshold and the one above",
    )
    n, b, sigma = 21, 2.0, 1.0
    same_number(answer[0], sigma**2 * 10 / (n - 10 - 1), name="the error for p = 10")
    same_number(answer[1], risk(n, 42, b, sigma), name="the error for p = 42")


@grader("7.4.1-b", "near the threshold fewer examples are better, far from it all are")
def examples_to_keep(answer):
    for n, p, b, sigma in [
        (39, 42, 1.0, 0.5),
        (5, 100, 1.0, 0.5),
        (60, 80, 1.0, 1.5),
        (90, 96, 3, 1),
    ]:
        right = min(range(1, n + 1), key=lambda m: risk(m, p, b, sigma))
        same_number(answer(n, p, b, sigma), right, name="the number of examples")


@grader("7.4.1-c", "between zero and the rank, and falling with the penalty")
def degrees_of_freedom(answer):
    rng = np.random.default_rng(0)
    for (n, p), penalty in [((6, 3), 0.5), ((4, 9), 2.0), ((5, 5), 1e-3)]:
        features = rng.normal(size=(n, p))
        hat = features @ np.linalg.solve(features.T @ features + penalty * np.eye(p), features.T)
        same_number(answer(features, penalty), np.trace(hat), name="the degrees of freedom")


@grader("7.4.1-d", "stopping is a penalty that depends a little on the direction")
def penalty_of_stopping(answer):
    for s, eta, k in [(0.1, 0.1, 100), (1.0, 0.1, 20), (0.5, 1.0, 3)]:
        kept = (1 - (1 - eta * s**2) ** k) / s  # the filter of descent
        penalty = answer(s, eta, k)
        same_number(penalty, s / kept - s**2, name="the penalty")
