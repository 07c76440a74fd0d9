"""Graders of chapter 3.2.3, The whole network."""

import itertools

import torch
from torch import nn

from utils.exercises import expect, grader, same_number, same_tensor

Pair = tuple[int, int]


def step(field: Pair, k: int, s: int, d: int = 1) -> Pair:
    """Size and step of the field behind one more layer."""
    r, j = field
    return r + d * (k - 1) * j, s * j


@grader("3.2.3-a", "18 is reached as it should be, and the step too")
def by_hand(answer):
    _two_numbers(answer, "the size of the field and the step")
    field = (1, 1)
    for k, s in [(5, 1), (2, 2), (3, 2), (3, 1)]:
        field = step(field, k, s)
    for given, right, name in zip(answer, field, ("the size of the field", "the step")):
        same_number(given, right, name=name)


@grader("3.2.3-b", "both depths, for every size tried")
def depth_needed(answer):
    for n in (1, 2, 3, 4, 5, 10, 22, 23, 46, 224, 1000):
        counts = answer(n)
        _two_numbers(counts, "the number of convolutions and the number of pairs")
        for given, block, name in zip(counts, ([(3, 1)], [(3, 1), (2, 2)]), ("layers", "pairs")):
            field, depth = (1, 1), 0
            while field[0] < n:
                for setting in block:
                    field = step(field, *setting)
                depth += 1
            same_number(given, depth, name=f"the number of {name} for {n} pixels")


@grader("3.2.3-c", "the same outputs behind torch.flatten")
def reorder(answer):
    generator = torch.Generator().manual_seed(0)
    for C, H, W, D in [(3, 4, 5, 2), (2, 2, 2, 3), (1, 3, 4, 2), (4, 1, 3, 1)]:
        maps = torch.randn(3, C, H, W, generator=generator, dtype=torch.float64)
        weight = torch.randn(D, H * W * C, generator=generator, dtype=torch.float64)
        right = maps.permute(0, 2, 3, 1).flatten(1) @ weight.T
        given = answer(weight, C, H, W)
        expect(isinstance(given, torch.Tensor), f"weights are asked for, not {given!r:.60}")
        shape = (D, C * H * W)
        expect(tuple(given.shape) == shape, f"the weights are {tuple(given.shape)}, not {shape}")
        same_tensor(maps.flatten(1) @ given.T, right, name="the layer's output")


@grader("3.2.3-d", "the same numbers, and a score for every place of larger maps")
def as_convolution(answer):
    generator = torch.Generator().manual_seed(0)
    for C, H, W, D in [(3, 4, 5, 2), (2, 3, 3, 4), (1, 1, 2, 3)]:
        linear = nn.Linear(C * H * W, D, dtype=torch.float64)
        convolution = answer(linear, C, H, W)
        expect(
            isinstance(convolution, nn.Conv2d),
            f"an nn.Conv2d is asked for, not {type(convolution).__name__}",
        )
        maps = torch.randn(2, C, H + 2, W + 1, generator=generator, dtype=torch.float64)
        for i, j in itertools.product(range(3), range(2)):
            small = maps[:, :, i : i + H, j : j + W]
            right = linear(small.flatten(1))
            same_tensor(_called(convolution, small)[..., 0, 0], right, name="the output")
        scores = _called(convolution, maps)
        shape = (2, D, 3, 2)
        expect(
            tuple(scores.shape) == shape,
            f"larger maps give scores of shape {tuple(scores.shape)} instead of {shape}",
        )


@grader("3.2.3-e", "size and step of every network tried")
def field_of(answer):
    networks = [
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3)),
        nn.Sequential(nn.Conv2d(1, 2, 5, stride=2, padding=2), nn.Tanh(), nn.AvgPool2d(3, 2)),
        nn.Sequential(nn.Conv2d(1, 2, 3, dilation=2), nn.MaxPool2d(3, 1, dilation=2), nn.ReLU()),
        nn.Sequential(nn.Conv2d(1, 1, 1, stride=3), nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 2, 2)),
        nn.Sequential(nn.ReLU()),
    ]
    rights = [(8, 2), (9, 4), (9, 1), (10, 6), (1, 1)]
    for network, right in zip(networks, rights):
        found = answer(network)
        _two_numbers(found, "size and step")
        for given, expected, name in zip(found, right, ("the size of the field", "the step")):
            same_number(given, expected, name=name)


def _two_numbers(answer: object, what: str) -> None:
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        f"two numbers are asked for: {what}",
    )


def _called(convolution: nn.Conv2d, maps: torch.Tensor) -> torch.Tensor:
    try:
        return convolution(maps)
    except RuntimeError as error:
        expect(False, f"the convolution refuses the maps: {str(error).splitlines()[0]}")
        raise
