"""Answers to the exercises of chapter 3.4."""

import math

import torch


def price_of(m, log_v):
    return ((m**2 + log_v.exp() - log_v - 1) / 2).sum(dim=-1)


def importance_bound(log_r):
    top = log_r.max(1, keepdim=True).values
    return (log_r - top).exp().mean(1).log() + top[:, 0]


def leave_one_out(f, z, m, v):
    n = len(f)
    return (n / (n - 1) * (f - f.mean()) * (z - m) / v).mean()


def discrete_bound(log_joint, q):
    seen = q > 0
    height = (q[seen] * (log_joint[seen] - q[seen].log())).sum()
    return height, log_joint.logsumexp(0) - height


def with_logarithms_of_zero(log_joint, q):
    height = (q * (log_joint - q.log())).sum()
    return height, log_joint.logsumexp(0) - height


RIGHT = {
    "3.4-a": (2.0, 0.8069, 0.5),
    "3.4-b": price_of,
    "3.4-c": importance_bound,
    "3.4-d": leave_one_out,
    "3.4-e": discrete_bound,
}

WRONG = {
    "3.4-a": [
        ("the half forgotten", (4.0, 3 - math.log(4), 0.5)),
        ("4 as a standard deviation", (2.0, (16 - math.log(16) - 1) / 2, 0.5)),
        ("the logarithm forgotten", (2.0, 1.5, 0.5)),
        ("the price added", (2.0, 0.8069, -3.5)),
        ("the gap's sign", (2.0, 0.8069, -0.5)),
    ],
    "3.4-b": [
        ("summed over the batch", lambda m, log_v: price_of(m.T, log_v.T)),
        ("the mean over coordinates", lambda m, log_v: price_of(m, log_v) / m.shape[1]),
        ("log_v for v", lambda m, log_v: ((m**2 + log_v - log_v.exp() - 1) / 2).sum(1)),
        ("a standard deviation", lambda m, log_v: price_of(m, 2 * log_v)),
        ("the other sign", lambda m, log_v: -price_of(m, log_v)),
    ],
    "3.4-c": [
        ("the mean of logarithms", lambda log_r: log_r.mean(1)),
        ("no 1/k", lambda log_r: log_r.logsumexp(1)),
        ("exponentials that overflow", lambda log_r: log_r.exp().mean(1).log()),
        ("over the batch", lambda log_r: importance_bound(log_r.T)),
    ],
    "3.4-d": [
        ("its own value too", lambda f, z, m, v: ((f - f.mean()) * (z - m) / v).mean()),
        ("no baseline", lambda f, z, m, v: (f * (z - m) / v).mean()),
        ("the sum", lambda f, z, m, v: leave_one_out(f, z, m, v) * len(f)),
    ],
    "3.4-e": [
        ("zero times infinity", with_logarithms_of_zero),
        (
            "the entropy forgotten",
            lambda log_joint, q: ((q * log_joint).sum(), log_joint.logsumexp(0)),
        ),
        ("gap before bound", lambda log_joint, q: discrete_bound(log_joint, q)[::-1]),
        ("the bound alone", lambda log_joint, q: discrete_bound(log_joint, q)[0]),
        (
            "the evidence for the bound",
            lambda log_joint, q: (log_joint.logsumexp(0), torch.zeros(())),
        ),
    ],
}
