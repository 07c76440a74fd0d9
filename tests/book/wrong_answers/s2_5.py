"""Answers to the exercises of chapter 2.5."""

import math

import torch
import torch.nn.functional as F


def reparameterised(mean, log_var, noise):
    return mean + log_var.exp() ** 0.5 * noise


def binomial_fit(logits, x):
    n = 16 * x
    ways = math.lgamma(17) - torch.lgamma(n + 1) - torch.lgamma(17 - n)
    logs = n * F.logsigmoid(logits) + (16 - n) * F.logsigmoid(-logits)
    return (logs + ways).sum(1)


def bernoulli_fit(logits, x):
    return (x * logits - F.softplus(logits)).sum(1)


def better_bound(log_w):
    top = log_w.amax(0)
    return top + (log_w - top).exp().mean(0).log()


def active_axes(mean):
    variance = ((mean - mean.mean(0)) ** 2).mean(0)
    ordered = sorted(range(mean.shape[1]), key=lambda axis: float(variance[axis]), reverse=True)
    return [axis for axis in ordered if variance[axis] > 0.01]


RIGHT = {
    "2.5-a": [0.5, (3 - math.log(4)) / 2],
    "2.5-b": reparameterised,
    "2.5-c": binomial_fit,
    "2.5-d": better_bound,
    "2.5-e": active_axes,
}

WRONG = {
    "2.5-a": [
        ("without the half", [1.0, 3 - math.log(4)]),
        ("the deviation's logarithm", [0.5, (3 - math.log(2)) / 2]),
        ("variances squared", [0.5, (15 - math.log(16)) / 2]),
        ("summed", 0.5 + (3 - math.log(4)) / 2),
        ("the sign", [-0.5, -(3 - math.log(4)) / 2]),
        ("words", ["small", "large"]),
    ],
    "2.5-b": [
        ("the variance for the deviation", lambda m, v, e: m + v.exp() * e),
        ("the logarithm itself", lambda m, v, e: m + v * e),
        ("the mean scaled too", lambda m, v, e: (v / 2).exp() * (m + e)),
        ("noise of its own", lambda m, v, e: m + (v / 2).exp() * torch.randn_like(e)),
    ],
    "2.5-c": [
        ("Bernoulli", bernoulli_fit),
        ("sixteen times Bernoulli", lambda s, x: 16 * bernoulli_fit(s, x)),
        ("one number for the batch", lambda s, x: binomial_fit(s, x).mean()),
        ("a mean over pixels", lambda s, x: binomial_fit(s, x) / x.shape[1]),
    ],
    "2.5-d": [
        ("the ELBO", lambda w: w.mean(0)),
        ("no 1/K", lambda w: w.logsumexp(0)),
        ("underflow", lambda w: w.exp().mean(0).log()),
        ("along the images", lambda w: w.logsumexp(1) - math.log(w.shape[1])),
    ],
    "2.5-e": [
        ("the deviation", lambda m: [a for a in active_axes(m * 100) if m[:, a].std() > 0.01]),
        ("in order of position", lambda m: sorted(active_axes(m))),
        ("all of them", lambda m: m.var(0).argsort(descending=True).tolist()),
        (
            "the mean square",
            lambda m: [a for a in range(m.shape[1]) if (m[:, a] ** 2).mean() > 0.01],
        ),
        ("how many", lambda m: len(active_axes(m))),
    ],
}
