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
