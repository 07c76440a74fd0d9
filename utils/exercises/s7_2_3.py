"""Graders of chapter 7.2.3, Quantisation and distillation."""

import torch

from utils.exercises import expect, grader, same_number


@grader("7.2.3-a", "each weight at its nearest level")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2 and isinstance(answer[0], list),
        "two things are asked for: a list of codes, and the step",
    )
    codes, step = answer
    expect(len(codes) == 4, "four weights have four codes")
    same_number(step, 0.7 / 7, name="the step")
    for n, (got, weight) in enumerate(zip(codes, (0.7, -0.31, 0.08, -0.56)), 1):
        same_number(got, round(weight / 0.1), name=f"code {n}")


@grader("7.2.3-b", "codes and steps")
def bytes_needed(answer):
    for n, bits, group in [(4096, 4, 32), (7_000_000_000, 4, 128), (1024, 3, 64)]:
        same_number(answer(n, bits, group), n * (bits / 8 + 2 / group), name="the number of bytes")


@grader("7.2.3-c", "the lowest point of the parabola")
def step_for_codes(answer):
    fixed = torch.Generator().manual_seed(0)
    for step in (0.1, 0.7):
        w = torch.randn(20, generator=fixed, dtype=torch.float64)
        q = (w / step).round()
        right = torch.linalg.lstsq(q[:, None], w[:, None]).solution.item()
        same_number(float(answer(w, q)), right, name="the step")


def _error(W, bits, group):
    w = W.reshape(-1, group)
    largest = 2 ** (bits - 1) - 1
    step = (w.abs().amax(-1, keepdim=True) / largest).half().float()
    return (step * (w / step).round().clamp(-largest, largest) - w).square().mean().item()


@grader("7.2.3-d", "bits where weights are even, small groups where they are not")
def bits_and_group(answer):
    even = torch.randn(32, 1024, generator=torch.Generator().manual_seed(1))
    uneven = even.clone()
    uneven.view(-1)[::500] *= 10
    for W, budget in [(even, 4.1), (uneven, 4.1), (even, 3.5), (uneven, 2.6)]:
        got = answer(W.clone(), budget)
        expect(
            isinstance(got, (tuple, list)) and len(got) == 2,
            "two things are asked for: the bits, and the size of a group",
        )
        bits, group = got
        expect(bits in range(2, 9), "the bits are not one of 2, 3, … 8")
        expect(group in [2**k for k in range(3, 11)], "the group is not one of 8, 16, … 1,024")
        expect(bits + 16 / group <= budget, f"{bits} bits in groups of {group} exceed {budget}")
        fitting = [(b, 2**k) for b in range(2, 9) for k in range(3, 11) if b + 16 / 2**k <= budget]
        least = min(_error(W, *pair) for pair in fitting)
        expect(_error(W, bits, group) <= 1.001 * least, "another pair within the budget errs less")
