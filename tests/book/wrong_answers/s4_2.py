"""Answers to the exercises of chapter 4.2."""

import math

import torch


def what_is_what(input_dim, encoding_dim, output_dim):
    return output_dim, input_dim, min(input_dim, encoding_dim, output_dim)


def by_their_names(input_dim, encoding_dim, output_dim):
    return encoding_dim, output_dim, encoding_dim


def hidden_layer_only(input_dim, encoding_dim, output_dim):
    return output_dim, input_dim, encoding_dim


def recover(z, weight, bias):
    on = z > 0
    return torch.linalg.pinv(weight[on]) @ (z[on] - bias[on])


def takes_zeros_for_numbers(z, weight, bias):
    return torch.linalg.pinv(weight) @ (z - bias)


def forgets_the_bias(z, weight, bias):
    on = z > 0
    return torch.linalg.pinv(weight[on]) @ z[on]


def transposes_only(z, weight, bias):
    on = z > 0
    return weight[on].T @ (z[on] - bias[on])


def safe_rate(weight, bias, X, share):
    a = X @ weight.T + bias
    return share * a.std(correction=0) / (X.abs().sum(1).max() + 1)


def sums_with_signs(weight, bias, X, share):
    a = X @ weight.T + bias
    return share * a.std(correction=0) / (X.sum(1).abs().max() + 1)


def average_image(weight, bias, X, share):
    a = X @ weight.T + bias
    return share * a.std(correction=0) / (X.abs().sum(1).mean() + 1)


def without_the_bias(weight, bias, X, share):
    a = X @ weight.T + bias
    return share * a.std(correction=0) / X.abs().sum(1).max()


def threshold(normal, alarms):
    allowed = math.floor(alarms * len(normal) + 1e-9)
    return normal.sort(descending=True).values[min(allowed, len(normal) - 1)]


def one_too_low(normal, alarms):
    allowed = math.floor(alarms * len(normal) + 1e-9)
    return normal.sort(descending=True).values[min(allowed + 1, len(normal) - 1)]


def one_too_high(normal, alarms):
    allowed = math.floor(alarms * len(normal) + 1e-9)
    return normal.sort(descending=True).values[max(allowed - 1, 0)]


RIGHT = {
    "4.2-a": what_is_what,
    "4.2-b": (1 / 4, 1 / 3, 1 / 2),
    "4.2-c": recover,
    "4.2-d": safe_rate,
    "4.2-e": threshold,
}

WRONG = {
    "4.2-a": [
        ("what the names say", by_their_names),
        ("the rank of the hidden layer alone", hidden_layer_only),
        ("only the code", lambda D, h, c: c),
    ],
    "4.2-b": [
        ("independent for any correlation", (1 / 4, 1 / 4, 1 / 4)),
        ("the angle instead of the arcsine", (1 / 4, 1 / 6, 0)),
        ("degrees instead of radians", (1 / 4, 1 / 4 + 30 / (2 * math.pi), 1 / 2)),
        ("a straight line in the correlation", (1 / 4, 3 / 8, 1 / 2)),
    ],
    "4.2-c": [
        ("zeros taken for pre-activations", takes_zeros_for_numbers),
        ("the bias left in", forgets_the_bias),
        ("the transpose for the inverse", transposes_only),
    ],
    "4.2-d": [
        ("signs cancel in the sum", sums_with_signs),
        ("the average image", average_image),
        ("the bias does not move", without_the_bias),
    ],
    "4.2-e": [
        ("one score too low", one_too_low),
        ("one score too high", one_too_high),
        ("a quantile between the scores", lambda v, a: v.quantile(1 - a)),
        ("the highest score", lambda v, a: v.max()),
    ],
}
