"""Graders of chapter 7.3, Data: quantity and quality."""

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("7.3-a", "common shingles, and both ways to be found")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the similarity and the probability of being found",
    )
    one, other = (
        {tuple(t.split()[n : n + 2]) for n in range(4)} for t in ("a b c d e", "a b c d f")
    )
    J = len(one & other) / len(one | other)
    same_number(answer[0], J, name="the similarity")
    same_number(answer[1], 1 - (1 - J**2) ** 3, name="the probability")


@grader("7.3-b", "all numbers used, and half found at the nearest place")
def bands(answer):
    for m, target in [(128, 0.7), (60, 0.5), (100, 0.8), (64, 0.35)]:
        found = answer(m, target)
        expect(
            isinstance(found, (tuple, list)) and len(found) == 2,
            "two whole numbers are asked for: rows of a band, and bands",
        )
        r, b = found
        expect(r * b == m, "rows times bands should use all numbers of the signature")

        def half(r, m=m):
            return (1 - 0.5 ** (r / m)) ** (1 / r)

        right = min((r for r in range(1, m + 1) if m % r == 0), key=lambda r: abs(half(r) - target))
        same_number(r, right, name="the rows of a band")


@grader("7.3-c", "the noise taken out of a prediction")
def without_noise(answer):
    fixed = torch.Generator().manual_seed(0)
    for V, share in [(4, 0.2), (10, 0.5)]:
        p = torch.rand(6, V, generator=fixed, dtype=torch.float64)
        p = p / p.sum(1, keepdim=True)
        same_tensor(answer((1 - share) * p + share / V, share), p, name="the probabilities")
    q = torch.tensor([[0.01, 0.49, 0.5]], dtype=torch.float64)  # less than noise alone would give
    expect(float(answer(q, 0.3).min()) >= 0, "a probability is never negative: set such to zero")
    expect(
        abs(float(answer(q, 0.3).sum()) - 1) < 1e-6,
        "after negative ones are set to zero, the rest should add up to one again",
    )


@grader("7.3-d", "a chain that some real data hold")
def variance_left(answer):
    for n, share in [(20, 0.5), (20, 0.1), (40, 0.25)]:
        expect(
            0 < float(answer(n, share)) < 2, "the variance that is left should be between 0 and 2"
        )
        same_number(answer(n, share), _left(n, share), rtol=0.06, name="the variance that is left")


def _left(n: int, share: float, generations: int = 40, chains: int = 4000) -> float:
    """Mean variance of a Gaussian chain whose samples are real ones by that share."""
    fixed = torch.Generator().manual_seed(1)
    n_real = round(share * n)
    mean, std = torch.zeros(chains, 1), torch.ones(chains, 1)
    for _ in range(generations):
        drawn = torch.randn(chains, n, generator=fixed)
        drawn[:, n_real:] = mean + std * drawn[:, n_real:]
        mean, std = drawn.mean(1, keepdim=True), drawn.std(1, keepdim=True, correction=0)
    return (std**2).mean().item()
