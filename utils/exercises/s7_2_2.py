"""Graders of chapter 7.2.2, Low-rank adaptation."""

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("7.2.2-a", "what an adapter may cost")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: those of the matrix, those of the adapter, and a rank",
    )
    whole, few, most = answer
    same_number(whole, 4096 * 11008, name="the matrix")
    same_number(few, 8 * (4096 + 11008), name="the adapter")
    same_number(most, 4096 * 11008 // (4096 + 11008), name="the largest rank that saves numbers")


@grader("7.2.2-b", "one base and many tasks")
def bytes_of_tasks(answer):
    for k, n_base, n_adapter in [(1, 100, 3), (50, 131_392, 8192), (1000, 7_000_000_000, 40_000)]:
        right = 2 * n_base + 4 * k * n_adapter
        same_number(answer(k, n_base, n_adapter), right, name="the number of bytes")


@grader("7.2.2-c", "two tasks as one adapter")
def joined(answer):
    fixed = torch.Generator().manual_seed(0)
    for d_in, d_out, r1, r2 in [(6, 9, 2, 3), (5, 4, 1, 1)]:
        shapes = ((r1, d_in), (d_out, r1), (r2, d_in), (d_out, r2))
        A1, B1, A2, B2 = (torch.randn(s, generator=fixed, dtype=torch.float64) for s in shapes)
        both = answer(A1, B1, 2.0, A2, B2, 0.5)
        expect(
            isinstance(both, (tuple, list)) and len(both) == 2,
            "two matrices are asked for: A and B of the joined adapter, with a scale of one",
        )
        A, B = both
        expect(
            tuple(A.shape) == (r1 + r2, d_in) and tuple(B.shape) == (d_out, r1 + r2),
            "the joined adapter has the ranks of both together",
        )
        same_tensor(B @ A, 2.0 * B1 @ A1 + 0.5 * B2 @ A2, name="the product B A")


@grader("7.2.2-d", "part of an update")
def partly(answer):
    fixed = torch.Generator().manual_seed(1)
    before, after = (
        [torch.randn(s, generator=fixed, dtype=torch.float64) for s in ((3, 4), (2, 2))]
        for _ in range(2)
    )
    for share in (0.0, 0.5, 1.0, 1.5):
        got = answer(before, after, share)
        expect(
            isinstance(got, (list, tuple)) and len(got) == len(before),
            "as many tensors are asked for as were given",
        )
        for n, (w, v, b) in enumerate(zip(before, after, got), 1):
            same_tensor(b, w + share * (v - w), name=f"tensor {n} at a share of {share}")
