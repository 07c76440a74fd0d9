"""Answers to the exercises of chapter 7.1.1."""

from scipy.optimize import minimize_scalar


def halve(alpha, beta):
    return 2 ** ((alpha + beta) / (alpha * beta))


def halve_by_one(alpha, beta):
    return 2 ** (1 / alpha)


def halve_by_the_sum(alpha, beta):
    return 2 ** (1 / (alpha + beta))


def excess_of(L, T, V, C):
    return (24 * L * C**2 + 4 * L * T * C + 2 * V * C) / (2 * (12 * L * C**2 + 13 * L * C + 2 * C))


def width(L, T, V, excess):
    C = 1
    while excess_of(L, T, V, C) > 1 + excess:
        C += 1
    return C


def width_without_attention(L, T, V, excess):
    return width(L, 0, V, excess)


def width_without_scores(L, T, V, excess):
    return width(L, T, 0, excess)


def lifetime(law, target, served, per_token=2.0):
    E, A, alpha, B, beta = law
    least = (A / (target - E)) ** (1 / alpha)

    def cost(f):
        D = (B / (target - E - A / (least * f) ** alpha)) ** (1 / beta)
        return least * f * (6 * D + per_token * served)

    return least * minimize_scalar(cost, bounds=(1.001, 100), method="bounded").x


def lifetime_of_training_alone(law, target, served):
    return lifetime(law, target, 0.0)


def lifetime_with_backward(law, target, served):
    return lifetime(law, target, served, per_token=6.0)


RIGHT = {
    "7.1.1-a": (100, 10),
    "7.1.1-b": halve,
    "7.1.1-c": width,
    "7.1.1-d": lifetime,
}

WRONG = {
    "7.1.1-a": [
        ("the shares exchanged", (10, 100)),
        ("equal shares", (1000**0.5, 1000**0.5)),
        ("only one number", 100),
    ],
    "7.1.1-b": [
        ("as if only size mattered", halve_by_one),
        ("the exponents added", halve_by_the_sum),
    ],
    "7.1.1-c": [
        ("attention left out", width_without_attention),
        ("scores left out", width_without_scores),
    ],
    "7.1.1-d": [
        ("training alone", lifetime_of_training_alone),
        ("a backward pass in use, too", lifetime_with_backward),
    ],
}
