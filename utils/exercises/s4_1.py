"""Graders of chapter 4.1, A convolutional network in PyTorch."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from utils.exercises import attempt, expect, grader, same_number, same_shape
from utils.models import ConvNet

FLATTENED = 64 * 7 * 7


def features_side(size: int, kernel: int = 3, padding: int = 0) -> int:
    """Pixels along one side at the flatten, step by step; 0 where a layer does not fit."""
    for _ in range(2):
        size += 2 * padding - kernel + 1
        size = size // 2 if size >= 2 else 0
        if size == 0:
            return 0
    return size


@grader("4.1-a", "PyTorch counts the same operations")
def operations(answer):
    for size, padding in [(28, 1), (28, 0), (8, 1), (17, 1), (30, 0)]:
        with FlopCounterMode(display=False) as counter:
            ConvNet(size, padding)(torch.zeros(1, 1, size, size))
        name = f"the count for {size}×{size} images and padding {padding}"
        same_number(answer(size, padding), counter.get_total_flops(), name=name)


@grader("4.1-b", "the size, the batch and the rows")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three numbers are asked for: numbers of one image, smallest batch, rows",
    )
    side = features_side(32)
    passing = [B for B in range(1, 100) if B * 64 * side**2 % FLATTENED == 0]
    right = 64 * side**2, passing[0], passing[0] * 64 * side**2 // FLATTENED
    names = "the count of numbers that one image brings", "the smallest batch", "the count of rows"
    for number, expected, name in zip(answer, right, names):
        same_number(number, expected, name=name)


@grader("4.1-c", "every row reads exactly the images that you list")
def images_in_row(answer):
    for batch, size in [(49, 28), (98, 28), (49, 32), (3, 36), (2, 64), (49, 50), (98, 12)]:
        owner = torch.arange(batch).repeat_interleave(64 * features_side(size) ** 2)
        for row, owners in enumerate(owner.view(-1, FLATTENED)):
            listed = answer(row, size)
            expect(isinstance(listed, (list, range)), f"the answer is no list but {listed!r:.60}")
            right = owners.unique().tolist()
            said = f"row {row} of {batch} images of {size}×{size} pixels"
            extra = sorted(set(listed) - set(right))
            expect(not extra, f"{said} does not read image {extra[0] if extra else ''}")
            expect(set(listed) == set(right), f"{said} reads an image that is not in your list")
            expect(list(listed) == right, f"the list for {said} is not in order, or has doubles")


@grader("4.1-d", "these sizes, and no others, reach 7 by 7")
def fitting_sizes(answer):
    for kernel, padding in [(3, 0), (3, 1), (5, 0), (5, 2), (7, 1), (1, 0), (2, 1), (1, 1)]:
        listed = answer(kernel, padding)
        expect(isinstance(listed, (list, range)), f"the answer is no list but {listed!r:.60}")
        right = [n for n in range(1, 200) if features_side(n, kernel, padding) == 7]
        for n in listed:
            same_number(n, int(n), name="a size in the list")
            side = features_side(n, kernel, padding)
            expect(side == 7, f"{n} pixels do not fit: they reach the flatten as {side}×{side}")
        expect(len(set(listed)) == len(list(listed)), "a size stands twice in the list")
        expect(set(listed) == set(right), "the list misses a size that fits")


def answer_to(images: torch.Tensor, network: nn.Module) -> torch.Tensor:
    return attempt(network.forward)(images)


@grader("4.1-e", "any size, one row for each image, nothing mixed")
def any_size(answer):
    expect(
        isinstance(answer, type) and issubclass(answer, nn.Module),
        "a class is asked for, with nn.Module as its base",
    )
    generator = torch.Generator().manual_seed(0)
    network = answer()
    network.eval()
    for batch, height, width in [(1, 28, 28), (49, 28, 28), (3, 10, 10), (2, 34, 51), (2, 64, 64)]:
        images = torch.randn(batch, 1, height, width, generator=generator)
        logits = answer_to(images, network)
        same_shape(logits, (batch, 10), f"the output for {batch} images of {height}×{width}")
        alone = torch.cat([network(image[None]) for image in images])
        apart = torch.allclose(logits, alone, atol=1e-4)
        expect(apart, "an image gets another answer in a batch than alone: images are mixed")
    logits.square().sum().backward()
    for name, parameter in network.named_parameters():
        expect(parameter.grad is not None, f"the parameter `{name}` has no part in the output")
    count = sum(p.numel() for p in network.parameters())
    same_number(count, 320 + 18_496 + 650, name="the count of parameters")
