"""Answers to the exercises of chapter 7.2.5."""

import math

import torch
import torch.nn.functional as F


def pair_weight(policy, reference, beta):
    m = beta * (policy[0] - reference[0] - policy[1] + reference[1])
    return beta / (1 + math.exp(m))


def best_of_n(p, n):
    below = F.pad(p.cumsum(0), (1, 0))
    return below[1:] ** n - below[:-1] ** n


def error_constant(r, variance=lambda p: p * (1 - p), power=0.5):
    i, j = torch.nonzero(1 - torch.eye(len(r)), as_tuple=True)
    eye = torch.eye(len(r), dtype=r.dtype)
    d = eye[i] - eye[j]
    p = (d @ r).sigmoid()
    curvature = (d * variance(p)[:, None]).T @ d / len(d)
    return (torch.linalg.pinv(curvature).trace() / len(r)).item() ** power


RIGHT = {
    "7.2.5-a": (0.75, math.log(9)),
    "7.2.5-b": pair_weight,
    "7.2.5-c": best_of_n,
    "7.2.5-d": error_constant,
}

WRONG = {
    "7.2.5-a": [
        ("the odds", (3.0, math.log(9))),
        ("the logarithm of the share", (0.75, math.log(0.9))),
        ("one number", (0.75,)),
    ],
    "7.2.5-b": [
        ("without the reference", lambda p, q, beta: beta / (1 + math.exp(beta * (p[0] - p[1])))),
        ("without the price", lambda p, q, beta: pair_weight(p, q, beta) / beta),
        ("the other sign", lambda p, q, beta: beta - pair_weight(p, q, beta)),
    ],
    "7.2.5-c": [
        ("one draw instead of n", lambda p, n: p),
        ("the power alone", lambda p, n: p**n / (p**n).sum()),
        ("the worst of n", lambda p, n: best_of_n(p.flip(0), n).flip(0)),
    ],
    "7.2.5-d": [
        ("all comparisons alike", lambda r: error_constant(r, lambda p: torch.ones_like(p) / 4)),
        ("squared", lambda r: error_constant(r, power=1.0)),
    ],
}
