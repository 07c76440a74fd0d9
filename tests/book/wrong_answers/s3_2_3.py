"""Answers to the exercises of chapter 3.2.3."""

import math

import torch
from torch import nn


def depth_needed(n):
    return max(0, -(-(n - 1) // 2)), max(0, math.ceil(math.log2((n + 2) / 3)))


def as_convolution(linear, C, H, W):
    convolution = nn.Conv2d(C, linear.out_features, (H, W)).to(linear.weight.dtype)
    with torch.no_grad():
        convolution.weight.copy_(linear.weight.unflatten(1, (C, H, W)))
        convolution.bias.copy_(linear.bias)
    return convolution


def without_bias(linear, C, H, W):
    convolution = nn.Conv2d(C, linear.out_features, (H, W), bias=False).to(linear.weight.dtype)
    convolution.weight.data = linear.weight.data.view(-1, C, H, W)
    return convolution


def channels_last(linear, C, H, W):
    convolution = as_convolution(linear, C, H, W)
    convolution.weight.data = linear.weight.data.view(-1, H, W, C).permute(0, 3, 1, 2)
    return convolution


def padded(linear, C, H, W):
    convolution = as_convolution(linear, C, H, W)
    convolution.padding = (1, 1)
    return convolution


def square(linear, C, H, W):
    convolution = nn.Conv2d(C, linear.out_features, H).to(linear.weight.dtype)
    convolution.weight.data = linear.weight.data.view(-1, C, H, W)[..., :H]
    convolution.bias.data = linear.bias.data
    return convolution


def settings(network):
    for part in network:
        if isinstance(part, nn.Conv2d):
            yield part.kernel_size[0], part.stride[0], part.dilation[0]
        elif isinstance(part, (nn.MaxPool2d, nn.AvgPool2d)):
            yield part.kernel_size, part.stride, getattr(part, "dilation", 1)


def field_of(network):
    r = j = 1
    for k, s, d in settings(network):
        r, j = r + (k - 1) * d * j, j * s
    return r, j


def own_stride_first(network):
    r = j = 1
    for k, s, d in settings(network):
        j *= s
        r += (k - 1) * d * j
    return r, j


def no_dilation(network):
    r = j = 1
    for k, s, _ in settings(network):
        r, j = r + (k - 1) * j, j * s
    return r, j


RIGHT = {
    "3.2.3-a": (18, 4),
    "3.2.3-b": depth_needed,
    "3.2.3-c": lambda weight, C, H, W: (
        weight.unflatten(1, (H, W, C)).movedim(3, 1).reshape(len(weight), -1)
    ),
    "3.2.3-d": as_convolution,
    "3.2.3-e": field_of,
}

WRONG = {
    "3.2.3-a": [
        ("its own stride first", (27, 4)),
        ("strides ignored", (10, 1)),
        ("strides of all layers for the last step", (18, 1)),
        ("one number", 18),
        ("words", ("18 pixels", "4 pixels")),
    ],
    "3.2.3-b": [
        ("rounded down", lambda n: ((n - 1) // 2, depth_needed(n)[1])),
        ("layers for pairs", lambda n: (depth_needed(n)[0], 2 * depth_needed(n)[1])),
        ("one too many", lambda n: (depth_needed(n)[0] + 1, depth_needed(n)[1])),
        ("pooling as if it saw nothing", lambda n: (depth_needed(n)[0], math.ceil(math.log2(n)))),
        ("one number", lambda n: depth_needed(n)[0]),
    ],
    "3.2.3-c": [
        ("left as it is", lambda weight, C, H, W: weight),
        ("the other way", lambda w, C, H, W: w.view(-1, C, H, W).permute(0, 2, 3, 1).flatten(1)),
        ("rows for columns", lambda w, C, H, W: w.view(-1, H, W, C).permute(0, 3, 2, 1).flatten(1)),
        ("not flattened", lambda w, C, H, W: w.view(-1, H, W, C).permute(0, 3, 1, 2)),
    ],
    "3.2.3-d": [
        ("no bias", without_bias),
        ("channels last", channels_last),
        ("padded", padded),
        ("a square kernel", square),
        ("the layer itself", lambda linear, C, H, W: linear),
    ],
    "3.2.3-e": [
        ("its own stride first", own_stride_first),
        ("dilation forgotten", no_dilation),
        ("convolutions alone", lambda n: field_of(p for p in n if isinstance(p, nn.Conv2d))),
        ("the size alone", lambda network: field_of(network)[0]),
    ],
}
