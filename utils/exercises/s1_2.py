"""Graders of chapter 1.2, What scale costs society."""

import math

import torch

from utils.architectures import Assumed, footprint
from utils.exercises import expect, grader, same_number, same_tensor


@grader("1.2-a", "both exposures, in bits")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "two numbers are asked for: for the first rank, and for the 64th",
    )
    for number, rank in zip(answer, (1, 64)):
        same_number(number, math.log2(16**3 / rank), name=f"the exposure at rank {rank}")


@grader("1.2-b", "tonnes, as the published ones of GPT-3")
def tonnes_of(answer):
    for flops, peak, u, watts, pue, grams in [
        (3.14e23, 125e12, 24.6 / 125, 330, 1.1, 429),
        (3.8e25, 989e12, 0.35, 700, 1.0, 414),
        (1e18, 1e12, 1.0, 10, 2.0, 57),
    ]:
        a = Assumed(peak=peak, utilisation=u, watts=watts, pue=pue, grams=grams)
        got = answer(flops, peak, u, watts, pue, grams)
        same_number(got, footprint(flops, a).tonnes, name="the mass")


@grader("1.2-c", "every group weighs the same, and all of them 1")
def group_weights(answer):
    for groups in ([0, 0, 0, 1], [2, 0, 2, 2, 1, 0], [5, 5, 5], [7, 1, 1, 7, 7, 3, 7, 7]):
        groups = torch.tensor(groups)
        present = groups.unique()
        right = torch.empty(len(groups), dtype=torch.float64)
        for one in present:
            here = groups == one
            right[here] = 1 / (len(present) * int(here.sum()))
        same_tensor(answer(groups), right, name="the weights")


@grader("1.2-d", "the best threshold that accuses no more than allowed, in twenty cases")
def found_at(answer):
    generator = torch.Generator().manual_seed(0)
    for n in (5, 10, 40, 100):
        for accused in (0.0, 0.01, 0.1, 0.25, 1.0):
            members = torch.randint(0, 2 * n, (n,), generator=generator).double() + n // 4
            others = torch.randint(0, 2 * n, (n,), generator=generator).double()
            thresholds = [*others.tolist(), -1.0]
            right = max(
                float((members > t).double().mean())
                for t in thresholds
                if float((others > t).double().mean()) <= accused + 1e-12
            )
            same_number(answer(members, others, accused), right, name="the share of members")


@grader("1.2-e", "operations go with the square of the parameters")
def equal_saving(answer):
    for dirty, clean in [(400, 100), (800, 20), (429, 57), (50, 50)]:
        same_number(answer(dirty, clean), float((dirty / clean) ** 0.5), name="the factor")
