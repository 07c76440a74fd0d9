"""Graders of chapter 7.1.2, More than one device."""

from fractions import Fraction

import torch

from utils.exercises import expect, grader, same_number


def talk(t, n, tokens, C, F, fast, slow):
    """Communication over computation with t slices of each layer and n/t shares of the batch."""
    k = n // t
    return 2 * (t - 1) / 9 * F / (C * fast) + 2 * (k - 1) / (3 * tokens) * F / slow


@grader("7.1.2-a", "full sharding sends half as much again as plain data parallelism")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, that of an all-reduce and that of a fully sharded step",
    )
    same_number(answer[0], 24.5, name="the gigabytes of an all-reduce")
    same_number(answer[1], 36.75, name="the gigabytes of a fully sharded step")


@grader("7.1.2-b", "a bubble shrinks with micro-batches, and more stages need more of them")
def smallest_number_of_micro_batches(answer):
    for p, idle in [(2, (1, 5)), (8, (1, 10)), (4, (2, 7)), (1, (1, 3)), (3, (9, 10))]:
        m = 1
        while Fraction(p - 1, m + p - 1) > Fraction(*idle):
            m += 1
        same_number(answer(p, Fraction(*idle)), m, name="the number of micro-batches")


@grader("7.1.2-c", "tokens are weighed by their number, not by the device that they are on")
def factors_of_losses(answer):
    generator = torch.Generator().manual_seed(0)
    for sizes, keep in [((2, 2), 0.5), ((3, 1, 2), 0.7), ((4, 4), 0.0)]:
        losses = [torch.rand(size, 6, generator=generator) for size in sizes]
        masks = [(torch.rand(loss.shape, generator=generator) < keep).float() for loss in losses]
        masks[0][0, 0] = 1.0  # at least one token counts; for keep = 0 the others have none
        found = answer(losses, masks)
        expect(len(found) == len(losses), "one factor for each device is asked for")
        counts = [mask.sum().item() for mask in masks]
        for rank, count in enumerate(counts):
            right = len(counts) * count / sum(counts)
            same_number(float(found[rank]), right, rtol=1e-5, name=f"the factor of rank {rank}")


@grader("7.1.2-d", "the slow wire decides how far the fast one is used")
def slices_of_the_best_grid(answer):
    for case in [
        (64, 65_536, 2_048, 4e14, 450e9, 50e9),
        (64, 65_536, 8_192, 4e14, 450e9, 50e9),
        (64, 65_536, 32_768, 4e14, 450e9, 50e9),
        (12, 8_192, 4_096, 1e14, 100e9, 10e9),
        (8, 1_000_000, 1_024, 4e14, 100e9, 50e9),
    ]:
        n = case[0]
        right = min((t for t in range(1, n + 1) if n % t == 0), key=lambda t: talk(t, *case))
        same_number(answer(*case), right, name="the number of slices")
