"""Graders of chapter 7.2.1, Mixture of experts."""

import math

import torch
from scipy import stats

from utils.exercises import expect, grader, same_number


@grader("7.2.1-a", "weights of the two, and shares times mean probabilities")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2 and isinstance(answer[0], list),
        "two things are asked for: a list of weights, and the balance loss",
    )
    weights, loss = answer
    expect(len(weights) == 2, "two experts are picked, so there are two weights")
    for n, (got, right) in enumerate(zip(weights, (5 / 8, 3 / 8)), 1):
        same_number(got, right, name=f"weight {n}")
    same_number(loss, 9 / 8, name="the balance loss")


@grader("7.2.1-b", "all experts, and those of one token")
def counts(answer):
    for C, F, E, K in [(64, 128, 8, 2), (4096, 14336, 8, 2), (2048, 768, 128, 8)]:
        got = answer(C, F, E, K)
        expect(isinstance(got, (tuple, list)) and len(got) == 2, "two numbers are asked for")
        for name, number, n in zip(("the total", "the active part"), got, (E, K)):
            same_number(number, n * 3 * C * F + C * E, name=name)


@grader("7.2.1-c", "an expert serves its first tokens and no more")
def kept(answer):
    fixed = torch.Generator().manual_seed(0)
    for n, n_experts, capacity in [(6, 2, 2), (50, 4, 10), (20, 4, 20)]:
        chosen = torch.randint(n_experts, (n,), generator=fixed)
        mask = answer(chosen, n_experts, capacity)
        expect(
            isinstance(mask, torch.Tensor) and mask.dtype == torch.bool and mask.shape == (n,),
            "the answer is a tensor of True and False, one for each token",
        )
        for expert in range(n_experts):
            tokens = (chosen == expert).nonzero()[:, 0]
            expect(
                int(mask[tokens].sum()) == min(capacity, len(tokens)),
                "an expert has more tokens than its capacity, or fewer than it could serve",
            )
            expect(
                bool(mask[tokens[:capacity]].all()), "those that come first should be served first"
            )


@grader("7.2.1-d", "the first factor at which so few are lost")
def factor_needed(answer):
    for n, E, K in [(128, 8, 1), (1024, 8, 1), (512, 64, 2)]:
        j = torch.arange(n + 1, dtype=torch.float64).numpy()
        pmf = stats.binom(n, K / E).pmf(j)
        for step in range(100):
            room = math.ceil(round((1 + step / 20) * n * K / E, 9))
            if E / (n * K) * ((j - room).clip(min=0) * pmf).sum() <= 0.01:
                break
        same_number(float(answer(n, E, K)), 1 + step / 20, name=f"the factor for {n} tokens")
