"""Answers to the exercises of chapter 7.4.1."""

import numpy as np


def risk(m, p, b, sigma):
    return b**2 * (1 - m / p) + sigma**2 * m / (p - m - 1)


def keep(n, p, b, sigma):
    return min(range(1, n + 1), key=lambda m: risk(m, p, b, sigma))


def keep_all(n, p, b, sigma):
    return n


def keep_one(n, p, b, sigma):
    return 1


def keep_the_worst(n, p, b, sigma):
    return max(range(1, n + 1), key=lambda m: risk(m, p, b, sigma))


def freedom(features, penalty):
    s = np.linalg.svd(features, compute_uv=False)
    return (s**2 / (s**2 + penalty)).sum()


def freedom_of_values(features, penalty):
    s = np.linalg.svd(features, compute_uv=False)
    return (s / (s + penalty)).sum()


def rank(features, penalty):
    return np.linalg.matrix_rank(features)


def penalty(s, eta, k):
    q = (1 - eta * s**2) ** k
    return s**2 * q / (1 - q)


def one_over_time(s, eta, k):
    return 1 / (eta * k)


def without_the_square(s, eta, k):
    q = (1 - eta * s**2) ** k
    return s * q / (1 - q)


RIGHT = {
    "7.4.1-a": (1.0, 3.05),
    "7.4.1-b": keep,
    "7.4.1-c": freedom,
    "7.4.1-d": penalty,
}

WRONG = {
    "7.4.1-a": [
        ("b in place of its square", (1.0, 2 / 2 + 21 / 20)),
        ("n and p exchanged below", (21 / 10, 3.05)),
        ("the noise left out above", (1.0, 2.0)),
        ("only one number", 1.0),
    ],
    "7.4.1-b": [
        ("all examples", keep_all),
        ("always one", keep_one),
        ("the worst number", keep_the_worst),
    ],
    "7.4.1-c": [
        ("values in place of their squares", freedom_of_values),
        ("the rank", rank),
    ],
    "7.4.1-d": [
        ("the rule of thumb", one_over_time),
        ("s without its square", without_the_square),
    ],
}
