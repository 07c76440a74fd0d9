"""Graders of chapter 7.2.5, Learning from preferences."""

import itertools

import torch
import torch.nn.functional as F

from utils.exercises import expect, grader, same_number, same_tensor


@grader("7.2.5-a", "differences of rewards, and how often the better one wins")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for: a share and a difference",
    )
    same_number(answer[0], 0.75, rtol=1e-4, name="the share")
    same_number(answer[1], torch.tensor(9.0).log().item(), rtol=2e-3, name="the difference")


@grader("7.2.5-b", "the weight of a pair in the gradient of DPO")
def pair_weight(answer):
    for policy, reference, beta in (
        ((-40.0, -42.0), (-41.0, -41.0), 0.5),
        ((-30.0, -35.0), (-33.0, -31.0), 0.1),
        ((-50.0, -44.0), (-49.0, -47.0), 0.3),
    ):
        gains = [torch.tensor(p - q, dtype=torch.float64) for p, q in zip(policy, reference)]
        margin = (beta * (gains[0] - gains[1])).requires_grad_()
        slope = torch.autograd.grad(-F.logsigmoid(margin), margin)[0]
        same_number(float(answer(policy, reference, beta)), -beta * slope.item(), name="the weight")


@grader("7.2.5-c", "the distribution of the best of n")
def best_of_n(answer):
    for p, n in (([0.5, 0.3, 0.2], 2), ([0.1, 0.4, 0.25, 0.25], 3), ([0.25, 0.75], 1)):
        right = torch.zeros(len(p), dtype=torch.float64)
        for drawn in itertools.product(range(len(p)), repeat=n):
            right[max(drawn)] += torch.tensor([p[i] for i in drawn], dtype=torch.float64).prod()
        given = torch.tensor(p, dtype=torch.float64)
        same_tensor(answer(given, n), right, name="the distribution")


@grader("7.2.5-d", "the error of a scale, times the root of the number of comparisons")
def error_constant(answer):
    for r in ([0.0, 1.0], [-1.0, 0.2, 0.5, 2.0], [0.0, 0.0, 0.0]):
        r = torch.tensor(r, dtype=torch.float64)
        curvature = torch.zeros(len(r), len(r), dtype=torch.float64)
        pairs = list(itertools.permutations(range(len(r)), 2))
        for i, j in pairs:
            d = torch.zeros(len(r), dtype=torch.float64)
            d[i], d[j] = 1, -1
            p = torch.sigmoid(r[i] - r[j])
            curvature += p * (1 - p) * torch.outer(d, d) / len(pairs)
        right = (torch.linalg.pinv(curvature).trace() / len(r)).sqrt().item()
        same_number(float(answer(r)), right, name="the constant")
