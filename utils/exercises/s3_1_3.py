"""Graders of chapter 3.1.3, Minimising the loss."""

import math

import numpy as np
import torch
from torch import nn, optim

from utils.exercises import attempt, expect, grader, same_number, same_tensor


@grader("3.1.3-a", "the limit, the best rate and its factor; the middle direction is never worst")
def by_hand(answer):
    expect(isinstance(answer, tuple) and len(answer) == 3, "three numbers are asked for")
    names = "the limit of stability", "the best rate", "the best factor"
    for given, right, name in zip(answer, (0.5, 0.4, 0.6), names):
        same_number(given, right, name=name)


@grader("3.1.3-b", "the same bytes as PyTorch's weights, gradients and states")
def training_bytes(answer):
    makers = {
        "SGD": optim.SGD,
        "momentum": lambda weights: optim.SGD(weights, momentum=0.9),
        "RMSProp": optim.RMSprop,
        "Adam": optim.Adam,
        "AdamW": optim.AdamW,
    }
    for name, make in makers.items():
        for n in (1, 10, 2410):
            same_number(answer(name, n), _kept(make, n), name="the number of bytes")


@grader("3.1.3-c", "the factor of 200 random settings, and of the worst of them")
def nesterov_factor(answer):
    rng = np.random.default_rng(0)
    for _ in range(200):
        eta, beta, lam = rng.uniform((0.01, 0, 0.1), (1, 1, 4))
        step = [[1 - eta * lam * (1 + beta), -eta * beta**2], [lam, beta]]  # acts on (w, v)
        right = float(abs(np.linalg.eigvals(np.array(step))).max())
        same_number(answer(float(eta), float(beta), float(lam)), right, name="the factor")


@grader("3.1.3-d", "30 steps as torch.optim.Adagrad takes them, for two arrays of weights at once")
def adagrad(answer):
    generator = torch.Generator().manual_seed(0)
    for shape in ((5,), (3, 4)):
        start = torch.randn(shape, generator=generator, dtype=torch.float64)
        theirs, state = nn.Parameter(start.clone()), {}
        chosen, ours = optim.Adagrad([theirs], lr=0.1), start
        for _ in range(30):
            g = torch.randn(shape, generator=generator, dtype=torch.float64)
            theirs.grad = g.clone()
            chosen.step()
            # the state must be one dictionary for all steps, which a copy would not be
            ours = attempt(lambda w, g, s=state: answer.function(w, g, s, 0.1))(ours, g)
            same_tensor(ours, theirs.detach(), rtol=1e-9, name="the weights")


@grader("3.1.3-e", "no schedule leaves less")
def best_rates(answer):
    for V, lam, sigma2, T in ((1.0, 1.0, 1.0, 5), (4.0, 0.5, 2.0, 20), (0.01, 3.0, 1.0, 8)):
        plan = answer(V, lam, sigma2, T)
        expect(isinstance(plan, (list, tuple, np.ndarray)), "a list of rates is asked for")
        expect(len(plan) == T, f"{T} rates are asked for, and {len(plan)} came")
        left = V
        for eta in map(float, plan):
            left = (1 - eta * lam) ** 2 * left + eta**2 * sigma2
        least = 1 / (1 / V + T * lam**2 / sigma2)  # each step adds its information
        expect(math.isfinite(left), "with these rates the variance is not finite")
        more = left / least - 1
        expect(more < 1e-9, f"another schedule leaves less: this one {100 * more:.3g} % more")


def _kept(make, n: int) -> int:
    """Bytes of weights, gradients and the optimiser's arrays after a step, without the counter."""
    weights = nn.Parameter(torch.zeros(n))
    chosen = make([weights])
    weights.grad = torch.ones(n)
    chosen.step()
    kept = [v for k, v in chosen.state[weights].items() if torch.is_tensor(v) and k != "step"]
    return 4 * n * (2 + len(kept))
