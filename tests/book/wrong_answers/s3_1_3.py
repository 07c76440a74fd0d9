"""Answers to the exercises of chapter 3.1.3."""

import numpy as np

STATES = {"SGD": 0, "momentum": 1, "RMSProp": 1, "Adam": 2, "AdamW": 2}


def nesterov_factor(eta, beta, lam):
    keep = 1 - eta * lam
    return float(abs(np.roots([1, -keep * (1 + beta), keep * beta])).max())


def adagrad(w, g, state, lr, eps=1e-10):
    state["S"] = state.get("S", 0.0) + g**2
    return w - lr * g / (state["S"].sqrt() + eps)


def forgets(w, g, state, lr, eps=1e-10):
    return w - lr * g / ((g**2).sqrt() + eps)


def late(w, g, state, lr, eps=1e-10):
    total = state.get("S", 0.0 * g)
    state["S"] = total + g**2
    return w - lr * g / (total.sqrt() + eps)


def averages(w, g, state, lr, eps=1e-10):
    state["S"] = 0.99 * state.get("S", 0.0) + 0.01 * g**2
    return w - lr * g / (state["S"].sqrt() + eps)


def best_rates(V, lam, sigma2, T):
    plan = []
    for _ in range(T):
        plan.append(lam * V / (lam**2 * V + sigma2))
        V = V * sigma2 / (lam**2 * V + sigma2)
    return plan


RIGHT = {
    "3.1.3-a": (0.5, 0.4, 0.6),
    "3.1.3-b": lambda name, n: 4 * (2 + STATES[name]) * n,
    "3.1.3-c": nesterov_factor,
    "3.1.3-d": adagrad,
    "3.1.3-e": best_rates,
}

WRONG = {
    "3.1.3-a": [
        ("the limit for the best rate", (0.5, 0.5, 0.6)),
        ("the middle taken for an end", (0.5, 2 / 3, 1 / 3)),
        ("1/λ for 2/λ", (0.25, 0.4, 0.6)),
        ("words", ("half", 0.4, 0.6)),
        ("two numbers", (0.5, 0.4)),
    ],
    "3.1.3-b": [
        ("the state alone", lambda name, n: 4 * STATES[name] * n),
        ("no gradient", lambda name, n: 4 * (1 + STATES[name]) * n),
        ("numbers for bytes", lambda name, n: (2 + STATES[name]) * n),
        ("half precision", lambda name, n: 2 * (2 + STATES[name]) * n),
        ("one for Adam", lambda name, n: 4 * (2 + min(STATES[name], 1)) * n),
    ],
    "3.1.3-c": [
        (
            "the heavy ball's roots",
            lambda eta, beta, lam: float(abs(np.roots([1, eta * lam - 1 - beta, beta])).max()),
        ),
        ("the square root of β", lambda eta, beta, lam: beta**0.5),
        ("gradient descent's factor", lambda eta, beta, lam: abs(1 - eta * lam)),
        (
            "the smaller root",
            lambda eta, beta, lam: float(
                abs(np.roots([1, -(1 - eta * lam) * (1 + beta), (1 - eta * lam) * beta])).min()
            ),
        ),
    ],
    "3.1.3-d": [
        ("nothing kept", forgets),
        ("this gradient's square left out", late),
        ("a running mean", averages),
        ("no root", lambda w, g, state, lr, eps=1e-10: w - lr * g),
        ("the wrong sign", lambda w, g, state, lr: 2 * w - adagrad(w, g, state, lr)),
    ],
    "3.1.3-e": [
        ("one over t", lambda V, lam, sigma2, T: [1 / (lam * (t + 1)) for t in range(T)]),
        ("the first rate kept", lambda V, lam, sigma2, T: best_rates(V, lam, sigma2, 1) * T),
        ("reversed", lambda V, lam, sigma2, T: best_rates(V, lam, sigma2, T)[::-1]),
        ("one too few", lambda V, lam, sigma2, T: best_rates(V, lam, sigma2, T)[1:]),
        ("a number", lambda V, lam, sigma2, T: 0.1),
    ],
}
