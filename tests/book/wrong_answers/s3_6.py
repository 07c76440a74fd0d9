"""Answers to the exercises of chapter 3.6."""

import torch


def longest(memory, B, L, H_kv, D_h, b):
    return memory // (2 * B * L * H_kv * D_h * b)


def window_mask(T, width):
    return torch.ones(T, T, dtype=torch.bool).tril().triu(1 - width)


def merge(first, second):
    (m1, l1, o1), (m2, l2, o2) = first, second
    m = torch.maximum(m1, m2)
    a, b = (m1 - m).exp(), (m2 - m).exp()
    return m, a * l1 + b * l2, a * o1 + b * o2


def merge_plainly(first, second):
    (m1, l1, o1), (m2, l2, o2) = first, second
    return torch.maximum(m1, m2), l1 + l2, o1 + o2


def merge_unsafely(first, second):
    """Back to bare exponentials, which overflow."""
    m = torch.maximum(first[0], second[0])
    parts = [[part * one[0].exp() for part in one[1:]] for one in (first, second)]
    return m, *((x + y) / m.exp() for x, y in zip(*parts))


def merge_averages(first, second):
    m, total, output = merge(first, second)
    return m, total, output / total


def to_halves(W, n_heads):
    width = len(W) // n_heads
    places = [h * width + i for h in range(n_heads) for s in (0, 1) for i in range(s, width, 2)]
    return W[places]


def across_heads(W, n_heads):
    return torch.cat([W[0::2], W[1::2]])


def the_other_way(W, n_heads):
    return W.unflatten(0, (n_heads, 2, -1)).transpose(1, 2).reshape(W.shape)


RIGHT = {
    "3.6-a": ([0.25, 0.75], 7, [-0.75, 0.75]),
    "3.6-b": longest,
    "3.6-c": window_mask,
    "3.6-d": merge,
    "3.6-e": to_halves,
}

WRONG = {
    "3.6-a": [
        ("the root forgotten", ([0.1, 0.9], 7.6, [-0.36, 0.36])),
        ("the mean not subtracted", ([0.25, 0.75], 7, [1, 6])),
        ("the gradient of P", ([0.25, 0.75], 7, [4, 8])),
        ("even weights", ([0.5, 0.5], 6, [-1, 1])),
        ("a number for a list", (0.25, 7, [-0.75, 0.75])),
        ("words", ("P", "O", "Δ")),
    ],
    "3.6-b": [
        ("keys without values", lambda memory, *sizes: longest(memory * 2, *sizes)),
        ("not rounded", lambda memory, *sizes: memory / (2 * torch.tensor(sizes).prod().item())),
        ("one sequence", lambda memory, B, *sizes: longest(memory, 1, *sizes)),
        ("rounded up", lambda memory, *sizes: longest(memory - 1, *sizes) + 1),
    ],
    "3.6-c": [
        ("no window", lambda T, width: torch.ones(T, T, dtype=torch.bool).tril()),
        ("one too wide", lambda T, width: window_mask(T, width + 1)),
        ("one too narrow", lambda T, width: window_mask(T, width - 1)),
        ("the future", lambda T, width: window_mask(T, width).T),
        ("the opposite", lambda T, width: ~window_mask(T, width)),
        ("numbers", lambda T, width: window_mask(T, width).float()),
    ],
    "3.6-d": [
        ("added as they are", merge_plainly),
        ("without the maximum", merge_unsafely),
        ("already divided", merge_averages),
        ("the second alone", lambda first, second: second),
    ],
    "3.6-e": [
        ("left as it is", lambda W, n_heads: W),
        ("across heads", across_heads),
        ("the way back", the_other_way),
        ("columns for rows", lambda W, n_heads: to_halves(W.T, n_heads).T),
    ],
}
