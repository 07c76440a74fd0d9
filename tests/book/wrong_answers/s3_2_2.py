"""Answers to the exercises of chapter 3.2.2."""

import math

import torch
import torch.nn.functional as F


def head_parameters(C, H, W, pools, classes):
    for _ in range(pools):
        H, W = H // 2, W // 2
    return C * H * W * classes + classes, C * classes + classes


def average_gradient(delta, K, stride):
    C = delta.shape[1]
    weight = torch.ones(C, 1, K, K, dtype=delta.dtype) / K**2
    return F.conv_transpose2d(delta, weight, stride=stride, groups=C)


def channels_mixed(delta, K, stride):
    C = delta.shape[1]
    weight = torch.ones(C, C, K, K, dtype=delta.dtype) / K**2
    return F.conv_transpose2d(delta, weight, stride=stride)


def channel_by_channel(delta, K, stride):
    weight = torch.ones(1, 1, K, K, dtype=delta.dtype) / K**2
    parts = [F.conv_transpose2d(one, weight, stride=stride) for one in delta.split(1, 1)]
    return torch.cat(parts, 1)


def soft_pool(X, t):
    B, C, H, W = X.shape
    rows = X.view(B, C, H // 2, 2, W // 2, 2)
    return ((t * rows).logsumexp((3, 5)) - math.log(4)) / t


def overflowing(X, t):
    B, C, H, W = X.shape
    rows = X.view(B, C, H // 2, 2, W // 2, 2)
    return (t * rows).exp().mean((3, 5)).log() / t


def min_of_padding(X, K, stride, padding=0):
    framed = F.pad(X, (padding,) * 4)
    return -F.max_pool2d(-framed, K, stride)


RIGHT = {
    "3.2.2-a": ([[5, 5], [6, 6]], [[0, 0, 0], [0, 3, 0], [0, 7, 0]]),
    "3.2.2-b": head_parameters,
    "3.2.2-c": lambda X, K, stride, padding=0: F.max_pool2d(X.neg(), K, stride, padding).neg(),
    "3.2.2-d": average_gradient,
    "3.2.2-e": soft_pool,
}

WRONG = {
    "3.2.2-a": [
        ("the last window alone counts", ([[5, 5], [6, 6]], [[0, 0, 0], [0, 2, 0], [0, 4, 0]])),
        ("windows side by side", ([[5]], [[0, 0, 0], [0, 1, 0], [0, 0, 0]])),
        (
            "as if it were the average",
            ([[5, 5], [6, 6]], [[0.25, 0.75, 0.5], [1, 2.5, 1.5], [0.75, 1.75, 1]]),
        ),
        ("δ in place of its sums", ([[5, 5], [6, 6]], [[1, 2], [3, 4]])),
        ("words", ("P", "the gradient")),
    ],
    "3.2.2-b": [
        ("no bias", lambda C, H, W, pools, classes: (C * H * W // 4**pools * classes, C * classes)),
        (
            "rounded at the end",
            lambda C, H, W, pools, classes: (
                classes * (C * H * W // 4**pools + 1),
                classes * (C + 1),
            ),
        ),
        ("the average forgotten", lambda *sizes: (head_parameters(*sizes)[0],) * 2),
        ("pooling forgotten", lambda C, H, W, _, D: (D * (C * H * W + 1), D * (C + 1))),
        ("one number", lambda *sizes: head_parameters(*sizes)[0]),
    ],
    "3.2.2-c": [
        ("the maximum", lambda X, K, stride, padding=0: F.max_pool2d(X, K, stride, padding)),
        ("the sign kept", lambda X, K, stride, padding=0: F.max_pool2d(-X, K, stride, padding)),
        ("zeros win at the border", min_of_padding),
        ("padding ignored", lambda X, K, stride, padding=0: -F.max_pool2d(-X, K, stride)),
    ],
    "3.2.2-d": [
        ("a sum for an average", lambda d, K, s: K**2 * average_gradient(d, K, s)),
        ("channels mixed", channels_mixed),
        ("a call for each channel", channel_by_channel),
        ("the stride forgotten", lambda d, K, _: average_gradient(d, K, 1)),
    ],
    "3.2.2-e": [
        ("overflows", overflowing),
        ("a sum for the mean", lambda X, t: soft_pool(X, t) + math.log(4) / t),
        ("t not divided out", lambda X, t: t * soft_pool(X, t)),
        ("the maximum", lambda X, t: F.max_pool2d(X, 2)),
        ("the average", lambda X, t: F.avg_pool2d(X, 2)),
    ],
}
