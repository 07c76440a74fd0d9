"""Graders of chapter 3.2.2, Pooling."""

import math
from unittest import mock

import torch
import torch.nn.functional as F
from torch import nn

from utils import measure
from utils.exercises import expect, grader, same_number, same_tensor


@grader("3.2.2-a", "the pooled map, and autograd's gradient")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "two lists of rows are asked for: the pooled map and the gradient",
    )
    X = torch.tensor([[1.0, 0, 2], [3, 5, 4], [2, 6, 1]], dtype=torch.float64, requires_grad=True)
    pooled = F.max_pool2d(X[None, None], 2, stride=1)[0, 0]
    delta = torch.tensor([[1.0, 2], [3, 4]], dtype=torch.float64)
    (gradient,) = torch.autograd.grad(pooled, X, delta)
    for given, right, name in zip(answer, (pooled, gradient), ("the pooled map", "the gradient")):
        same_tensor(_rows(given, name), right, name=name)


@grader("3.2.2-b", "both counts, as PyTorch has them")
def head_parameters(answer):
    for C, H, W, pools, classes in [(64, 28, 28, 2, 128), (3, 8, 8, 0, 10), (5, 30, 13, 3, 2)]:
        counts = answer(C, H, W, pools, classes)
        expect(
            isinstance(counts, (tuple, list)) and len(counts) == 2,
            "two numbers are asked for, flattened and averaged",
        )
        maps = torch.empty(1, C, H, W, device="meta")
        for _ in range(pools):
            maps = F.max_pool2d(maps, 2)
        for given, pixels, name in zip(counts, (maps[0].numel(), C), ("flattened", "averaged")):
            right = measure.parameters(nn.Linear(pixels, classes, device="meta"))
            same_number(given, right, name=f"the count with the maps {name}")


@grader("3.2.2-c", "the minima, at the border too")
def min_pool(answer):
    generator = torch.Generator().manual_seed(0)
    for size, *setting in [((2, 3, 6, 8), 2, 2), ((1, 1, 7, 7), 3, 1, 1), ((1, 2, 9, 5), 3, 2, 1)]:
        X = 1 + torch.rand(size, generator=generator, dtype=torch.float64)
        for sign in (1, -1):
            K, stride, *rest = setting
            padding = rest[0] if rest else 0
            framed = F.pad(sign * X, (padding,) * 4, value=math.inf)
            right = framed.unfold(2, K, stride).unfold(3, K, stride).amin((-1, -2))
            same_tensor(answer(sign * X, *setting), right, name="the pooled map")


@grader("3.2.2-d", "one call, and autograd's gradient")
def average_gradient(answer):
    generator = torch.Generator().manual_seed(0)
    for size, K, stride in [
        ((2, 3, 6, 8), 2, 2),
        ((1, 2, 7, 9), 3, 2),
        ((1, 4, 5, 5), 3, 1),
    ]:
        X = torch.randn(size, generator=generator, dtype=torch.float64, requires_grad=True)
        pooled = F.avg_pool2d(X, K, stride)
        delta = torch.randn(pooled.shape, generator=generator, dtype=torch.float64)
        (right,) = torch.autograd.grad(pooled, X, delta)
        with mock.patch.object(F, "conv_transpose2d", wraps=F.conv_transpose2d) as call:
            got = answer(delta, K, stride)
        same_tensor(got, right, name="the gradient")
        expect(
            call.call_count == 1,
            f"`F.conv_transpose2d` was called {call.call_count} times, and one call is asked for",
        )


@grader("3.2.2-e", "from the average to the maximum, without overflow")
def soft_pool(answer):
    generator = torch.Generator().manual_seed(0)
    for size, t in [((2, 3, 4, 6), 1.0), ((1, 1, 6, 2), 30.0), ((1, 2, 4, 4), 1e4)]:
        for shift in (0, -400, 400):
            X = shift + torch.randn(size, generator=generator, dtype=torch.float64)
            rows = X.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
            right = ((t * rows).logsumexp(-1) - math.log(4)) / t
            same_tensor(answer(X, t), right, name="the pooled map")


def _rows(given: object, name: str) -> torch.Tensor:
    try:
        return torch.as_tensor(given, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        expect(False, f"{name} is no list of rows, or its rows are of unequal length")
        raise
