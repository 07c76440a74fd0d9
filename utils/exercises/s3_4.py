"""Graders of chapter 3.4, The variational bound."""

import torch
from torch import distributions

from utils.exercises import expect, grader, same_number, same_tensor


@grader("3.4-a", "both divergences and the gap")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: two divergences and a gap",
    )
    standard = distributions.Normal(_number(0), _number(1))
    others = distributions.Normal(_number(2), _number(1)), distributions.Normal(_number(0), 2.0)
    right = [distributions.kl_divergence(one, standard).item() for one in others]
    names = "the divergence of the shifted one", "the divergence of the wider one", "the gap"
    for given, wanted, name in zip(answer, (*right, 0.5), names):
        same_number(given, wanted, rtol=1e-3, name=name)


@grader("3.4-b", "PyTorch's divergence, row by row")
def price_of(answer):
    generator = torch.Generator().manual_seed(0)
    for B, d in [(1, 1), (3, 2), (2, 5), (4, 4)]:
        m, log_v = (torch.randn(B, d, generator=generator, dtype=torch.float64) for _ in range(2))
        q = distributions.Normal(m, (log_v / 2).exp())
        prior = distributions.Normal(torch.zeros_like(m), torch.ones_like(m))
        right = distributions.kl_divergence(q, prior).sum(1)
        same_tensor(answer(m, log_v), right, name="the price")


@grader("3.4-c", "the logarithm of the mean, wherever it lies")
def importance_bound(answer):
    generator = torch.Generator().manual_seed(0)
    for B, k, shift in [(1, 1, 0.0), (3, 5, 0.0), (2, 64, -1000.0), (4, 4, 900.0)]:
        log_r = 3 * torch.randn(B, k, generator=generator, dtype=torch.float64) + shift
        right = (log_r - shift).exp().mean(1).log() + shift
        same_tensor(answer(log_r), right, name="the bound")


@grader("3.4-d", "unbiased, with every sample's baseline from the others")
def leave_one_out(answer):
    generator = torch.Generator().manual_seed(0)
    for n, m, v in [(2, 0.0, 1.0), (5, 1.5, 0.25), (50, -0.5, 4.0)]:
        z = m + v**0.5 * torch.randn(n, generator=generator, dtype=torch.float64)
        f = z**2 + 3
        others = torch.stack([torch.cat([f[:i], f[i + 1 :]]).mean() for i in range(n)])
        right = ((f - others) * (z - m) / v).mean()
        same_number(answer(f, z, m, v), right.item(), name="the estimate")


@grader("3.4-e", "bound and gap add up to the evidence")
def discrete_bound(answer):
    generator = torch.Generator().manual_seed(0)
    for K, zeros in [(2, 0), (5, 0), (6, 2), (3, 2)]:
        log_joint = 2 * torch.randn(K, generator=generator, dtype=torch.float64) - 3
        q = torch.rand(K, generator=generator, dtype=torch.float64) + 0.1
        q[:zeros] = 0
        q = q / q.sum()
        posterior = log_joint.softmax(0)
        seen = q > 0
        gap = (q[seen] * (q[seen] / posterior[seen]).log()).sum()
        given = answer(log_joint, q)
        expect(isinstance(given, (tuple, list)) and len(given) == 2, "a bound and a gap are meant")
        same_number(given[1], gap.item(), name="the gap")
        same_number(given[0], (log_joint.logsumexp(0) - gap).item(), name="the bound")


def _number(value: float) -> torch.Tensor:
    return torch.tensor(float(value), dtype=torch.float64)
