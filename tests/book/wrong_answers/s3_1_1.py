"""Answers to the exercises of chapter 3.1.1."""

from itertools import pairwise

import torch


def weights_and_biases(widths):
    return sum(a * b for a, b in pairwise(widths)), sum(widths[1:])


def biases_at_the_input(widths):
    return weights_and_biases(widths)[0], sum(widths)


def parameters_for_weights(widths):
    n_weights, n_biases = weights_and_biases(widths)
    return n_weights + n_biases, n_biases


def one_bias_a_layer(widths):
    return weights_and_biases(widths)[0], len(widths) - 1


def collapse(layers):
    W, b = layers[0]
    for W_next, b_next in layers[1:]:
        W, b = W @ W_next, b @ W_next + b_next
    return W, b


def forgets_earlier_biases(layers):
    W, b = layers[0]
    for W_next, b_next in layers[1:]:
        W, b = W @ W_next, b_next
    return W, b


def in_the_other_order(layers):
    W, b = layers[0]
    for W_next, b_next in layers[1:]:
        if W.shape != W_next.shape:
            return collapse(layers)
        W, b = W_next @ W, b @ W_next + b_next
    return W, b


def bias_through_the_wrong_side(layers):
    W, b = layers[0]
    for W_next, b_next in layers[1:]:
        through = W_next @ b if W_next.shape[0] == W_next.shape[1] else b @ W_next
        W, b = W @ W_next, through + b_next
    return W, b


def larger_of_two(columns, outputs, b_2=0.0):
    W_1 = torch.tensor(columns).T
    return W_1, torch.zeros(W_1.shape[1]), torch.tensor(outputs)[:, None], torch.tensor([b_2])


RIGHT = {
    "3.1.1-a": weights_and_biases,
    "3.1.1-b": (-2, -4),
    "3.1.1-c": collapse,
    "3.1.1-d": lambda C_in, a: 2 / ((1 + a**2) * C_in),
    "3.1.1-e": lambda: larger_of_two([[1.0, -1], [0, 1], [0, -1]], [1.0, 1, -1]),
}

WRONG = {
    "3.1.1-a": [
        ("biases at the input too", biases_at_the_input),
        ("all parameters for the weights", parameters_for_weights),
        ("one bias for each layer", one_bias_a_layer),
        ("the two exchanged", lambda widths: weights_and_biases(widths)[::-1]),
        ("the sum alone", lambda widths: sum(weights_and_biases(widths))),
    ],
    "3.1.1-b": [
        ("the two exchanged", (-4, -2)),
        ("weights transposed", (1, 1)),
        ("the last bias forgotten", (-3, -5)),
        ("ReLU on the output too", (0, 0)),
        ("no ReLU at all", (-4, -4)),
    ],
    "3.1.1-c": [
        ("forgets that biases pass the later layers", forgets_earlier_biases),
        ("multiplies in the other order", in_the_other_order),
        ("multiplies the bias from the wrong side", bias_through_the_wrong_side),
        ("returns the weights alone", lambda layers: collapse(layers)[0]),
        ("transposes", lambda layers: (collapse(layers)[0].T, collapse(layers)[1])),
        ("the last layer alone", lambda layers: layers[-1]),
    ],
    "3.1.1-d": [
        ("He's rule, whatever the slope", lambda C_in, a: 2 / C_in),
        ("the slope not squared", lambda C_in, a: 2 / ((1 + a) * C_in)),
        ("a standard deviation", lambda C_in, a: (2 / ((1 + a**2) * C_in)) ** 0.5),
        ("one half forgotten", lambda C_in, a: 1 / ((1 + a**2) * C_in)),
        ("the negative half subtracted", lambda C_in, a: 2 / ((1 - a**2 / 2) * C_in)),
    ],
    "3.1.1-e": [
        ("loses negative numbers", lambda: larger_of_two([[1.0, -1], [0, 1]], [1.0, 1])),
        ("the smaller", lambda: larger_of_two([[1.0, -1], [0, 1], [0, -1]], [-1.0, 1, -1])),
        ("the sum", lambda: larger_of_two([[1.0, 1], [-1.0, -1]], [1.0, -1])),
        (
            "half the distance too much",
            lambda: larger_of_two([[1.0, -1], [-1, 1], [0, 1], [0, -1]], [1.0, 0.5, 1, -1]),
        ),
        ("a bias too many", lambda: larger_of_two([[1.0, -1], [0, 1], [0, -1]], [1.0, 1, -1], 0.1)),
        (
            "the weights transposed",
            lambda: (torch.ones(3, 2), *larger_of_two([[1.0, -1]], [1.0])[1:]),
        ),
        ("the first weights alone", lambda: torch.ones(2, 3)),
    ],
}
