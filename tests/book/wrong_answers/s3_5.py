"""Answers to the exercises of chapter 3.5."""

import math

import torch

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def n_parameters(name, C, H, layers):
    below = [C] + [H] * (layers - 1)
    return sum(GATES[name] * (one * H + H * H + 2 * H) for one in below)


def forget_bias(n, share):
    p = share ** (1 / n)
    return math.log(p / (1 - p))


def cell_pull(G, c, i, f, g):
    s_i, s_f, t_g = i.sigmoid(), f.sigmoid(), g.tanh()
    return (
        G * s_f,
        G * t_g * s_i * (1 - s_i),
        G * c * s_f * (1 - s_f),
        G * s_i * (1 - t_g**2),
    )


def without_slopes(G, c, i, f, g):
    return G * f.sigmoid(), G * g.tanh(), G * c, G * i.sigmoid()


def best_piece(T):
    return min(range(1, T + 1), key=lambda k: math.ceil(T / k) + k)


RIGHT = {
    "3.5-a": (3.0, 4.25, 2.5),
    "3.5-b": n_parameters,
    "3.5-c": forget_bias,
    "3.5-d": cell_pull,
    "3.5-e": best_piece,
}

WRONG = {
    "3.5-a": [
        ("a step forgotten", (2.5, 4.25, 2.5)),
        ("h after for h before", (4.25 + 1.25 + 0.25, 4.25, 4.25)),
        ("no decay", (3.5, 6.0, 2.5)),
        ("nothing truncated", (3.0, 4.25, 3.0)),
        ("a list of two", (3.0, 4.25)),
    ],
    "3.5-b": [
        ("one bias", lambda name, C, H, n: n_parameters(name, C, H, n) - n * GATES[name] * H),
        ("all layers alike", lambda name, C, H, n: n * n_parameters(name, C, H, 1)),
        ("four gates for all", lambda name, C, H, n: n_parameters("LSTM", C, H, n)),
        ("a float", lambda name, C, H, n: float(n_parameters(name, C, H, n))),
    ],
    "3.5-c": [
        ("the gate for its bias", lambda n, share: share ** (1 / n)),
        ("one step", lambda n, share: forget_bias(1, share)),
        ("the wrong sign", lambda n, share: -forget_bias(n, share)),
        ("always ln(n - 1)", lambda n, share: math.log(max(n - 1, 1))),
        ("words", lambda n, share: "large"),
    ],
    "3.5-d": [
        ("the slopes forgotten", without_slopes),
        ("another order", lambda G, c, i, f, g: cell_pull(G, c, i, f, g)[::-1]),
        ("the gate itself for c", lambda G, c, i, f, g: (G * f, *cell_pull(G, c, i, f, g)[1:])),
        ("three of four", lambda G, c, i, f, g: cell_pull(G, c, i, f, g)[:3]),
        ("G left out", lambda G, c, i, f, g: cell_pull(torch.ones_like(G), c, i, f, g)),
    ],
    "3.5-e": [
        ("the root, rounded down, less one", lambda T: max(1, math.isqrt(T) - 1)),
        ("one step", lambda T: 1),
        ("the whole", lambda T: T),
        ("a float", lambda T: T**0.5),
        ("half", lambda T: max(1, T // 2)),
    ],
}
