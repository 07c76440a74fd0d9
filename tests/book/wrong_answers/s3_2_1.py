"""Answers to the exercises of chapter 3.2.1."""

import torch
import torch.nn.functional as F


def same_padding(kernel, dilation=1):
    if dilation * (kernel - 1) % 2:
        raise ValueError("No padding on both sides keeps this size.")
    return dilation * (kernel - 1) // 2


def never_refuses(kernel, dilation=1):
    return dilation * (kernel - 1) // 2


def one_too_many(kernel, dilation=1):
    return same_padding(kernel, dilation) + 1


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


def image_gradient(delta, kernel, flip=True, frame=None, calls=1):
    M, N = kernel.shape
    rows, columns = frame or (M - 1, N - 1)
    framed = F.pad(delta, (columns, columns, rows, rows))[None, None]
    taps = (kernel.flip(0, 1) if flip else kernel)[None, None]
    return sum(F.conv2d(framed, taps)[0, 0] for _ in range(calls)) / calls


def by_autograd(delta, kernel):
    (n_x, n_y), (M, N) = delta.shape, kernel.shape
    image = delta.new_zeros(1, 1, n_x + M - 1, n_y + N - 1).requires_grad_()
    output = torch.conv2d(image, kernel[None, None])
    return torch.autograd.grad(output, image, delta[None, None])[0][0, 0]


RIGHT = {
    "3.2.1-a": same_padding,
    "3.2.1-b": (2, 4),
    "3.2.1-c": shift(0, 0),
    "3.2.1-d": dilate,
    "3.2.1-e": image_gradient,
}

WRONG = {
    "3.2.1-a": [
        ("never refuses", never_refuses),
        ("forgets the dilation", forgets_dilation),
        ("one too many", one_too_many),
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
        ("no flip", lambda delta, kernel: image_gradient(delta, kernel, flip=False)),
        ("no frame", lambda delta, kernel: image_gradient(delta, kernel, frame=(0, 0))),
        (
            "the frame's sides exchanged",
            lambda d, k: image_gradient(d, k, frame=(k.shape[1] - 1, k.shape[0] - 1)),
        ),
        ("two calls", lambda delta, kernel: image_gradient(delta, kernel, calls=2)),
        ("autograd", by_autograd),
    ],
}
