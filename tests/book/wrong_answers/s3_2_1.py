"""Answers to the exercises of chapter 3.2.1."""

import torch
import torch.nn.functional as F


def same_padding(kernel, dilation=1):
    if dilation * (kernel - 1) % 2:
        raise ValueError("No padding on both sides keeps this size.")
    return dilation * (kernel - 1) // 2


def never_refuses(kernel, dilation=1):
    return dilation * (kernel - 1) // 2


def forgets_dilation(kernel, dilation=1):
    if (kernel - 1) % 2:
        raise ValueError("Even kernel.")
    return (kernel - 1) // 2


def shift(x, y):
    kernel = torch.zeros(3, 3)
    kernel[x, y] = 1
    return kernel


def dilate(kernel, dilation):
    M, N = kernel.shape
    large = kernel.new_zeros(dilation * (M - 1) + 1, dilation * (N - 1) + 1)
    large[::dilation, ::dilation] = kernel
    return large


def dilate_with_a_tail(kernel, dilation):
    M, N = kernel.shape
    large = kernel.new_zeros(dilation * M, dilation * N)
    large[::dilation, ::dilation] = kernel
    return large


def correlate(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


RIGHT = {
    "3.2.1-a": same_padding,
    "3.2.1-b": (2, 4),
    "3.2.1-c": shift(0, 0),
    "3.2.1-d": dilate,
    "3.2.1-e": correlate,
}

WRONG = {
    "3.2.1-a": [
        ("never refuses", never_refuses),
        ("forgets the dilation", forgets_dilation),
        ("a fraction", lambda kernel, dilation=1: dilation * (kernel - 1) / 2),
    ],
    "3.2.1-b": [
        ("the two exchanged", (4, 2)),
        ("no flip", (2, 2)),
        ("one number for two", (2,)),
        ("C(0, 1) for C(1, 0)", (3, 5)),
    ],
    "3.2.1-c": [
        ("the flip forgotten: moves left and up", shift(2, 2)),
        ("right only", shift(1, 0)),
        ("down only", shift(0, 1)),
        ("does not move", shift(1, 1)),
        ("another size", torch.ones(2, 2)),
    ],
    "3.2.1-d": [
        ("zeros after the last tap", dilate_with_a_tail),
        ("repeats taps", lambda k, d: k.repeat_interleave(d, 0).repeat_interleave(d, 1)),
        ("dilates rows alone", lambda k, d: dilate(k.T[:, :1], d) if d > 1 else k),
        ("returns the kernel", lambda k, d: k),
    ],
    "3.2.1-e": [
        ("flips the result", lambda image, delta: correlate(image, delta).flip(0, 1)),
        ("flips delta", lambda image, delta: correlate(image, delta.flip(0, 1))),
        ("a mean for a sum", lambda image, delta: correlate(image, delta) / delta.numel()),
        ("exchanges image and delta", lambda image, delta: correlate(delta, image)),
    ],
}
