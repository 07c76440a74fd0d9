"""Graders of chapter 2.6, Attention and the Transformer."""

import torch
from torch import nn

from utils.exercises import expect, grader, same_number, same_tensor


@grader("2.6-a", "both lists of averages")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "two lists are asked for, without a mask and with one",
    )
    values = torch.tensor([2.0, 4, 9], dtype=torch.float64)
    causal = values.cumsum(0) / torch.arange(1, 4)
    names = "the list without a mask", "the list with a mask"
    for given, right, name in zip(answer, (values.mean().expand(3), causal), names):
        try:
            given = torch.as_tensor(given, dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError):
            expect(False, f"{name} is no list of numbers")
        same_tensor(given, right, name=name)


@grader("2.6-b", "the same count as PyTorch's layer, for every size tried")
def block_parameters(answer):
    for C, F in [(8, 32), (12, 12), (6, 100), (64, 256)]:
        layer = nn.TransformerEncoderLayer(C, 1, F, device="meta")
        right = sum(p.numel() for p in layer.parameters())
        same_number(answer(C, F), right, name="the number of parameters")


@grader("2.6-c", "your matrix shifts every place")
def shift_matrix(answer):
    for C, k in [(2, 1), (6, 3), (16, 11), (4, -2)]:
        angles = k * 10_000.0 ** (-torch.arange(0, C, 2, dtype=torch.float64) / C)
        right = torch.zeros(C, C, dtype=torch.float64)
        for i, angle in enumerate(angles):
            a, b = 2 * i, 2 * i + 1
            right[a, a] = right[b, b] = angle.cos()
            right[a, b], right[b, a] = -angle.sin(), angle.sin()
        same_tensor(answer(C, k), right, name="the matrix")


@grader("2.6-d", "as many layers as the gradient needs, dilated or not")
def layers_needed(answer):
    for T in (1, 2, 5, 9, 27, 28, 64):
        for K in (2, 3, 5):
            for is_dilated in (False, True):
                seen, n_layers = 1, 0
                while seen < T:
                    seen += (K - 1) * (K**n_layers if is_dilated else 1)
                    n_layers += 1
                same_number(answer(T, K, is_dilated), n_layers, name="the number of layers")


@grader("2.6-e", "step by step, the same as with the whole matrix of scores")
def linear_attention_step(answer):
    generator = torch.Generator().manual_seed(0)
    for T, C in [(1, 3), (6, 4), (9, 2)]:
        Q, K, V = torch.randn(3, T, C, generator=generator, dtype=torch.float64)
        right = (Q @ K.T).tril() @ V
        S = torch.zeros(C, C, dtype=torch.float64)
        for t in range(T):
            result = answer(S, Q[t], K[t], V[t])
            expect(
                isinstance(result, tuple) and len(result) == 2,
                "the new state and the output are asked for",
            )
            S, y = result
            same_tensor(y, right[t], name=f"the output of step {t + 1}")
            expect(tuple(S.shape) == (C, C), "the state does not keep its shape")
