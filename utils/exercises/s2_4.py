"""Graders of chapter 2.4, Autoencoders."""

import torch

from utils import measure
from utils.exercises import expect, grader, same_number, same_tensor
from utils.models import AutoEncoder


@grader("2.4-a", "as many as PyTorch counts, for every network tried")
def n_parameters(answer):
    for input_dim, d_code, hidden in [(64, 8, (128,)), (30, 2, (20, 10)), (5, 5, ()), (7, 3, (4,))]:
        right = measure.parameters(AutoEncoder(input_dim, d_code, hidden))
        same_number(answer(input_dim, d_code, hidden), right, name="the number of parameters")


@grader("2.4-b", "the error of the best projection, for every width tried")
def least_error(answer):
    for N, D, k in [(40, 6, 2), (25, 8, 1), (50, 5, 4), (12, 3, 3), (9, 4, 0)]:
        X = _data(N, D)
        centred = X - X.mean(0)
        axes = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, D - k :]  # (D, k)
        right = float(((centred - centred @ axes @ axes.T) ** 2).mean())
        got = answer(X, k)
        if k == D:
            expect(abs(float(got)) < 1e-9, "with as many numbers as pixels nothing is lost")
        else:
            same_number(got, right, rtol=1e-5, name="the error")


@grader("2.4-c", "mean 0 and covariance I, for every set of codes tried")
def whiten(answer):
    for N, k in [(60, 3), (40, 2), (100, 5)]:
        Z = _data(N, k)
        found = answer(Z)
        expect(
            isinstance(found, (tuple, list)) and len(found) == 2,
            "two tensors are asked for, the matrix and the shift",
        )
        A, a = (torch.as_tensor(part, dtype=torch.float64) for part in found)
        expect(A.shape == (k, k), f"A has shape {tuple(A.shape)}, which does not fit")
        expect(a.shape == (k,), f"a has shape {tuple(a.shape)}, which does not fit")
        white = Z @ A.T + a  # row by row, A z + a
        eye = torch.eye(k, dtype=torch.float64)
        covariance = torch.cov(white.T, correction=0)
        same_tensor(covariance, eye, atol=1e-6, name="the new codes' covariance")
        zeros = torch.zeros(k, dtype=torch.float64)
        same_tensor(white.mean(0), zeros, atol=1e-6, name="the new codes' mean")


@grader("2.4-d", "the right rows, mean and spread, and every code with noise of its own")
def jittered(answer):
    Z = _data(30, 2)
    same = answer(Z, 50, 0.0)
    expect(
        isinstance(same, torch.Tensor) and same.shape == (50, 2),
        "a tensor of n rows, as wide as the codes, is asked for",
    )
    gaps = torch.cdist(same.double(), Z).min(1).values
    expect(float(gaps.max()) < 1e-6, "with width 0, every code is one of the training codes")
    n = 40_000
    drawn = answer(Z, n, 0.5).double()
    expect(len(drawn.unique(dim=0)) > 0.99 * n, "codes repeat: each needs noise of its own")
    variance = Z.var(0, correction=0)
    shift = (drawn.mean(0) - Z.mean(0)).abs() / variance.sqrt()
    expect(float(shift.max()) < 0.05, "the mean of the codes differs from the training codes'")
    wanted = torch.cov(Z.T, correction=0) + 0.25 * torch.diag(variance)
    error = (torch.cov(drawn.T, correction=0) - wanted).abs() / variance.sqrt().outer(
        variance.sqrt()
    )
    expect(
        float(error.max()) < 0.07, "the spread of the codes is not what the noise should make it"
    )


def _data(N: int, D: int) -> torch.Tensor:
    """Rows of unequal, related columns with a mean."""
    generator = torch.Generator().manual_seed(100 * N + D)
    mixing = torch.randn(D, D, generator=generator, dtype=torch.float64)
    scale = torch.linspace(0.3, 3, D, dtype=torch.float64)
    rows = torch.randn(N, D, generator=generator, dtype=torch.float64)
    return rows @ mixing * scale + 2
