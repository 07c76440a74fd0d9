"""Answers to the exercises of chapter 2.4."""

import itertools

import torch


def n_parameters(input_dim, d_code, hidden):
    widths = [input_dim, *hidden, d_code]
    both = widths + widths[-2::-1]
    return sum(m * n + n for m, n in itertools.pairwise(both))


def least_error(X, k):
    covariance = torch.cov(X.T, correction=0).reshape(X.shape[1], X.shape[1])
    eigenvalues = torch.linalg.eigvalsh(covariance).flip(0)
    return float(eigenvalues[k:].sum() / X.shape[1])


def whiten(Z):
    """By eigenvectors instead of Cholesky's factor: any rotation of white codes is white."""
    values, vectors = torch.linalg.eigh(torch.cov(Z.T, correction=0))
    A = (vectors / values.sqrt()).T
    return A, -A @ Z.mean(0)


def jittered(Z, n, width):
    rows = Z[torch.randint(len(Z), (n,))]
    return rows + width * Z.std(0, correction=0) * torch.randn(rows.shape)


def singular(Z):
    return torch.linalg.cholesky(torch.cov(Z.T, correction=0))


RIGHT = {
    "2.4-a": n_parameters,
    "2.4-b": least_error,
    "2.4-c": whiten,
    "2.4-d": jittered,
}

WRONG = {
    "2.4-a": [
        ("one half", lambda i, k, h: n_parameters(i, k, h) // 2),
        (
            "no biases",
            lambda i, k, h: sum(2 * m * n for m, n in itertools.pairwise([i, *h, k])),
        ),
        (
            "the encoder twice",
            lambda i, k, h: sum(2 * (m * n + n) for m, n in itertools.pairwise([i, *h, k])),
        ),
        ("a float", lambda i, k, h: float(n_parameters(i, k, h))),
    ],
    "2.4-b": [
        (
            "not centred",
            lambda X, k: float((torch.linalg.svdvals(X)[k:] ** 2).sum() / X.numel()),
        ),
        (
            "per image instead of per pixel",
            lambda X, k: float((torch.linalg.svdvals(X - X.mean(0))[k:] ** 2).sum() / len(X)),
        ),
        (
            "singular values not squared",
            lambda X, k: float(torch.linalg.svdvals(X - X.mean(0))[k:].sum() / X.numel()),
        ),
        (
            "what is kept",
            lambda X, k: float((torch.linalg.svdvals(X - X.mean(0))[:k] ** 2).sum() / X.numel()),
        ),
    ],
    "2.4-c": [
        ("coloured instead of white", lambda Z: (singular(Z), -singular(Z) @ Z.mean(0))),
        (
            "the shift before the matrix",
            lambda Z: (torch.linalg.inv(singular(Z)), -Z.mean(0)),
        ),
        ("each axis by itself", lambda Z: (torch.diag(1 / Z.std(0)), -Z.mean(0) / Z.std(0))),
        (
            "transposed",
            lambda Z: (
                torch.linalg.inv(singular(Z)).T,
                -torch.linalg.inv(singular(Z)).T @ Z.mean(0),
            ),
        ),
        ("the matrix alone", lambda Z: torch.linalg.inv(singular(Z))),
    ],
    "2.4-d": [
        (
            "one noise for all",
            lambda Z, n, w: (
                Z[torch.randint(len(Z), (n,))]
                + w * Z.std(0, correction=0) * torch.randn(Z.shape[1])
            ),
        ),
        (
            "the variance for the deviation",
            lambda Z, n, w: (
                Z[torch.randint(len(Z), (n,))] + w * Z.var(0) * torch.randn(n, Z.shape[1])
            ),
        ),
        (
            "the same noise along every axis",
            lambda Z, n, w: (
                Z[torch.randint(len(Z), (n,))] + w * Z.std() * torch.randn(n, Z.shape[1])
            ),
        ),
        ("no noise", lambda Z, n, w: Z[torch.randint(len(Z), (n,))]),
        (
            "around the mean",
            lambda Z, n, w: Z.mean(0) + w * Z.std(0) * torch.randn(n, Z.shape[1]),
        ),
    ],
}
