"""Answers to the exercises of chapter 5.2.3."""

import math

import torch
import torch.nn.functional as F


def largest(f, p):
    return int(math.log1p(-p) / math.log1p(-f))


def approximate(f, p):
    return int(p / f)


def rounded_up(f, p):
    return math.ceil(math.log1p(-p) / math.log1p(-f))


def the_other_side(f, p):
    return int(math.log(p) / math.log1p(-f))


def triplet(anchor, positive, negative, margin):
    near = ((anchor - positive) ** 2).sum(1)
    far = ((anchor - negative) ** 2).sum(1)
    return (near - far + margin).clamp(min=0).mean()


def without_squares(anchor, positive, negative, margin):
    near, far = (anchor - positive).norm(dim=1), (anchor - negative).norm(dim=1)
    return (near - far + margin).clamp(min=0).mean()


def maximum_of_the_mean(anchor, positive, negative, margin):
    near = ((anchor - positive) ** 2).sum(1)
    far = ((anchor - negative) ** 2).sum(1)
    return (near - far + margin).mean().clamp(min=0)


def the_wrong_way_round(anchor, positive, negative, margin):
    return triplet(anchor, negative, positive, margin)


def enrol(z, y):
    total = torch.zeros(int(y.max()) + 1, z.shape[1], dtype=z.dtype)
    return F.normalize(total.index_add(0, y, z), dim=1)


def not_normalised(z, y):
    total = torch.zeros(int(y.max()) + 1, z.shape[1], dtype=z.dtype)
    return total.index_add(0, y, z) / torch.bincount(y)[:, None]


def the_last_picture(z, y):
    return torch.stack([z[y == person][-1] for person in range(int(y.max()) + 1)])


def in_order_of_appearance(z, y):
    people = list(dict.fromkeys(y.tolist()))
    return F.normalize(torch.stack([z[y == person].sum(0) for person in people]), dim=1)


RIGHT = {
    "5.2.3-a": largest,
    "5.2.3-b": (30, 160, 0.75),
    "5.2.3-c": triplet,
    "5.2.3-d": enrol,
}

WRONG = {
    "5.2.3-a": [
        ("the approximation for small rates", approximate),
        ("rounded up", rounded_up),
        ("the probability of no name", the_other_side),
    ],
    "5.2.3-b": [
        ("each pair counted twice", (60, 320, 0.75)),
        ("pairs of people instead of pictures", (30, 10, 0.75)),
        ("no false accept allowed", (30, 160, 0.25)),
        ("two false accepts allowed", (30, 160, 1)),
        ("only two numbers", (30, 160)),
    ],
    "5.2.3-c": [
        ("distances without squares", without_squares),
        ("the maximum after the mean", maximum_of_the_mean),
        ("positive and negative exchanged", the_wrong_way_round),
    ],
    "5.2.3-d": [
        ("not of length one", not_normalised),
        ("one picture only", the_last_picture),
        ("people in the order of appearance", in_order_of_appearance),
    ],
}
