"""Answers to the exercises of chapter 6.2."""

import torch.nn.functional as F


def dense_kernel(weight, C, H, W):
    return weight.view(-1, C, H, W).permute(2, 3, 1, 0).reshape(H * W * C, -1)


def only_transposed(weight, C, H, W):
    return weight.T


def columns_before_rows(weight, C, H, W):
    return weight.view(-1, C, H, W).permute(3, 2, 1, 0).reshape(H * W * C, -1)


def not_transposed(weight, C, H, W):
    return dense_kernel(weight, C, H, W).T


def same_conv(x, weight, stride):
    sides = []
    for n, k in zip(x.shape[:1:-1], weight.shape[:1:-1]):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        sides += [total // 2, total - total // 2]
    return F.conv2d(F.pad(x, sides), weight, stride=stride)


def padded_alike(x, weight, stride):
    return F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)


def odd_pixel_before(x, weight, stride):
    sides = []
    for n, k in zip(x.shape[:1:-1], weight.shape[:1:-1]):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        sides += [total - total // 2, total // 2]
    return F.conv2d(F.pad(x, sides), weight, stride=stride)


RIGHT = {
    "6.2-a": lambda sizes: len(set(sizes)),
    "6.2-b": (2, 3),
    "6.2-c": dense_kernel,
    "6.2-d": lambda t, epsilon=1e-8, beta_2=0.999: epsilon * (1 - beta_2**t) ** 0.5,
    "6.2-e": same_conv,
}

WRONG = {
    "6.2-a": [
        ("at every call", len),
        ("once for all", lambda sizes: 1),
        ("at every change", lambda sizes: sum(a != b for a, b in zip(sizes, [None, *sizes]))),
    ],
    "6.2-b": [
        ("three on both sides, as in PyTorch", (3, 3)),
        ("the odd pixel before", (3, 2)),
        ("more than there is", (2, 4)),
        ("only the total", 5),
    ],
    "6.2-c": [
        ("transposed and no more", only_transposed),
        ("columns before rows", columns_before_rows),
        ("outputs first", not_transposed),
    ],
    "6.2-d": [
        ("the same epsilon", lambda t, epsilon=1e-8, beta_2=0.999: epsilon),
        ("no root", lambda t, epsilon=1e-8, beta_2=0.999: epsilon * (1 - beta_2**t)),
        ("divided", lambda t, epsilon=1e-8, beta_2=0.999: epsilon / (1 - beta_2**t) ** 0.5),
        (
            "the first step at every step",
            lambda t, epsilon=1e-8, beta_2=0.999: epsilon * 0.001**0.5,
        ),
    ],
    "6.2-e": [
        ("both sides alike", padded_alike),
        ("the odd pixel before", odd_pixel_before),
        ("no padding", lambda x, weight, stride: F.conv2d(x, weight, stride=stride)),
    ],
}
