"""Graders of chapter 3.6, Attention."""

import math

import torch
import torch.nn.functional as F

from utils.exercises import expect, grader, same_number, same_shape, same_tensor
from utils.measure import bytes_of


@grader("3.6-a", "weights, output and gradient, as autograd finds them")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three things are asked for: P as a list, O as a number, Δ as a list",
    )
    scores = torch.tensor([0, math.log(3)], dtype=torch.float64, requires_grad=True)
    P = scores.softmax(0)
    output = P @ torch.tensor([4.0, 8], dtype=torch.float64)
    (delta,) = torch.autograd.grad(output, scores)
    same_tensor(_as_tensor(answer[0], "P"), P, name="P")
    same_number(answer[1], output.item(), name="O")
    same_tensor(_as_tensor(answer[2], "Δ"), delta, name="Δ")


@grader("3.6-b", "one token more would not fit, in any model tried")
def longest(answer):
    for B, L, H_kv, D_h, b in [(1, 2, 3, 4, 2), (3, 1, 2, 8, 4), (2, 5, 1, 16, 1), (1, 1, 1, 2, 8)]:
        dtype = {1: torch.int8, 2: torch.float16, 4: torch.float32, 8: torch.float64}[b]
        one = L * bytes_of(torch.empty(2, B, 1, H_kv, D_h, dtype=dtype, device="meta"))
        for memory, right in [(10 * one, 10), (10 * one - 1, 9), (one - 1, 0), (7 * one + 1, 7)]:
            same_number(answer(memory, B, L, H_kv, D_h, b), right, name="the number of tokens")


@grader("3.6-c", "every query sees itself and its window, and nothing else")
def window_mask(answer):
    for T, width in [(1, 1), (5, 1), (6, 3), (4, 4), (4, 9)]:
        right = torch.ones(T, T, dtype=torch.bool).tril().triu(1 - width)
        got = answer(T, width)
        same_shape(got, (T, T), "the mask")
        expect(got.dtype == torch.bool, f"the mask holds {got.dtype} instead of truth values")
        expect(not (got & ~right).triu(1).any(), "a query sees the future")
        expect(not (got & ~right).any(), "a query sees too far back")
        expect(bool((got == right).all()), "a query does not see all of its window")


@grader("3.6-d", "the two halves together are the whole")
def merge(answer):
    generator = torch.Generator().manual_seed(0)
    for T, S, cut, scale in [(3, 8, 4, 1), (1, 5, 2, 1), (4, 6, 1, 300), (2, 7, 5, 1000)]:
        scores = scale * torch.randn(T, S, generator=generator, dtype=torch.float64)
        V = torch.randn(S, 2, generator=generator, dtype=torch.float64)
        parts = [_triple(scores[:, half], V[half]) for half in (slice(cut), slice(cut, None))]
        got = answer(*parts)
        expect(
            isinstance(got, (tuple, list)) and len(got) == 3, "a triple is asked for: m, ℓ and o"
        )
        for one, right, name in zip(got, _triple(scores, V), ("m", "ℓ", "o")):
            same_tensor(one, right, name=name)


@grader("3.6-e", "Llama's rotation gives the same scores with your rows")
def to_halves(answer):
    generator = torch.Generator().manual_seed(0)
    for n_heads, width, T in [(1, 4, 3), (2, 4, 4), (3, 8, 5)]:
        C = n_heads * width
        W_q, W_k = torch.randn(2, C, C, generator=generator, dtype=torch.float64)
        X = torch.randn(T, C, generator=generator, dtype=torch.float64)
        moved = [answer(W, n_heads) for W in (W_q, W_k)]
        for one, W in zip(moved, (W_q, W_k)):
            same_shape(one, W.shape, "the matrix")
        here = _scores(*(F.linear(X, W) for W in (W_q, W_k)), n_heads, halves=False)
        there = _scores(*(F.linear(X, W) for W in moved), n_heads, halves=True)
        same_tensor(there, here, name="the matrix of scores")


def _as_tensor(given: object, name: str) -> torch.Tensor:
    try:
        return torch.as_tensor(given, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        expect(False, f"{name} is no list of numbers")
        raise


def _triple(scores: torch.Tensor, V: torch.Tensor) -> tuple[torch.Tensor, ...]:
    top = scores.amax(1, keepdim=True)
    powers = (scores - top).exp()
    return top, powers.sum(1, keepdim=True), powers @ V


def _scores(Q: torch.Tensor, K: torch.Tensor, n_heads: int, halves: bool) -> torch.Tensor:
    """Scores (H, T, T) after rotation, of neighbours or of halves; heads are slices of (T, C)."""
    T, width = len(Q), Q.shape[1] // n_heads
    angles = torch.arange(T)[:, None] * 10_000.0 ** (-torch.arange(0, width, 2) / width)
    turned = []
    for X in (Q, K):
        split = X.unflatten(1, (n_heads, 2, -1) if halves else (n_heads, -1, 2))
        a, b = split.unbind(2 if halves else 3)  # (T, H, D_h / 2) each
        cos, sin = angles.cos()[:, None].double(), angles.sin()[:, None].double()
        turned.append(torch.cat([a * cos - b * sin, a * sin + b * cos], 2).transpose(0, 1))
    return turned[0] @ turned[1].mT
