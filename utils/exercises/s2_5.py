"""Graders of chapter 2.5, Variational autoencoders."""

import torch
from torch import distributions

from utils.exercises import expect, grader, same_tensor


@grader("2.5-a", "both rates, as PyTorch's divergence has them")
def by_hand(answer):
    try:
        given = torch.as_tensor(answer, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        expect(False, "a list of two numbers is asked for")
        raise
    mean, std = _double([1, 0]), _double([1, 2])
    right = distributions.kl_divergence(
        distributions.Normal(mean, std), distributions.Normal(_double([0, 0]), _double([1, 1]))
    )
    same_tensor(given, right, atol=5e-4, rtol=5e-4, name="the list of rates")


@grader("2.5-b", "mean and spread as the encoder says, for every batch tried")
def reparameterised(answer):
    for B, k in [(4, 2), (7, 3), (1, 5)]:
        mean, log_var, noise = (_random(B, k, seed) for seed in (1, 2, 3))
        right = mean + log_var.exp().sqrt() * noise
        same_tensor(answer(mean, log_var, noise), right, name="the code")


@grader("2.5-c", "PyTorch's binomial, image by image")
def binomial_fit(answer):
    for B, D in [(3, 4), (5, 64), (1, 7)]:
        generator = torch.Generator().manual_seed(B * D)
        levels = torch.randint(17, (B, D), generator=generator)
        logits = 2 * _random(B, D, 4)
        right = distributions.Binomial(16, logits=logits).log_prob(levels.double()).sum(1)
        got = answer(logits, levels.double() / 16)
        same_tensor(got, right, rtol=1e-5, atol=1e-6, name="the log-probability")


@grader("2.5-d", "the logarithm of the mean weight, also where the weights underflow")
def better_bound(answer):
    for K, N, shift in [(5, 3, 0), (1, 4, -20), (50, 2, -2000), (8, 8, 900)]:
        log_w = _random(K, N, K) + shift
        right = log_w.sub(shift).exp().mean(0).log() + shift
        same_tensor(answer(log_w), right, rtol=1e-9, name="the bound")


@grader("2.5-e", "the active axes and their order, for every encoder tried")
def active_axes(answer):
    spreads = [(0.03, 1.0, 0.5, 0.0, 0.2), (0.9, 0.05), (0.001, 0.002), (0.2, 0.3, 0.4)]
    for spread in spreads:
        base = _random(400, len(spread), len(spread))
        base = (base - base.mean(0)) / base.std(0)
        got = answer(base * _double(spread) + _double(range(len(spread))))
        expect(isinstance(got, (list, tuple)), f"a list is asked for, not {type(got).__name__}")
        got = [int(axis) for axis in got]
        right = [axis for axis, size in enumerate(spread) if size**2 > 0.01]
        expect(set(right) <= set(got), "an axis that varies is missing")
        expect(set(got) <= set(right), "an axis is named whose variance is 0.01 or less")
        expect(len(got) == len(right), "an axis is named twice")
        expect(got == sorted(right, key=lambda axis: -spread[axis]), "the order is another")


def _double(values) -> torch.Tensor:
    return torch.tensor(list(values), dtype=torch.float64)


def _random(rows: int, columns: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64)
