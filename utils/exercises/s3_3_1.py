"""Graders of chapter 3.3.1, Encoder."""

import itertools

import torch
from scipy import optimize

from utils.exercises import expect, grader, same_number, same_shape, same_tensor


@grader("3.3.1-a", "the best error, that of chance, and the share that is kept")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: the best error, the random one, and the share kept",
    )
    names = "the best code's error", "the random subspace's error", "the share kept"
    for given, right, name in zip(answer, (2.0, 4.0, 0.75), names):
        same_number(given, right, name=name)


@grader("3.3.1-b", "as many pixels as fit, at the edges too")
def n_pixels(answer):
    for levels, bits in [(17, 53), (2, 53), (256, 64), (17, 262), (4, 10), (10, 3), (3, 100)]:
        right = next(n for n in itertools.count() if levels ** (n + 1) > 2**bits)
        same_number(answer(levels, bits), right, name="the number of pixels")


@grader("3.3.1-c", "what is left goes unseen, and what was taken is seen")
def ignored_part(answer):
    generator = torch.Generator().manual_seed(0)
    for d, C, B in [(1, 3, 2), (2, 5, 4), (8, 64, 3), (3, 4, 1)]:
        J = torch.randn(d, C, generator=generator, dtype=torch.float64)
        v = torch.randn(B, C, generator=generator, dtype=torch.float64)
        seen = torch.linalg.lstsq(J.T, v.T).solution.T @ J  # (B, C)
        right = v - seen
        same_tensor(answer(J, v), right, rtol=1e-6, atol=1e-9, name="the ignored part")


@grader("3.3.1-d", "equal errors above the water, and the bits add up")
def share_bits(answer):
    cases = [([4.0, 1, 0.25], 2.0), ([4.0, 1, 0.25], 9.0), ([0.1, 3, 0.5, 3], 1.5), ([2.0], 3.0)]
    for listed, bits in cases:
        variances = torch.tensor(listed, dtype=torch.float64)

        def spent(level, variances=variances):
            return float(0.5 * (variances / level).log2().clamp(min=0).sum())

        level = optimize.brentq(lambda t, b=bits: spent(2.0**t) - b, -60, 10, xtol=1e-13)
        right = variances.clamp(max=2.0**level)
        same_tensor(answer(variances, bits), right, rtol=1e-5, name="the list of errors")


@grader("3.3.1-e", "no other subspace has a smaller weighted error")
def weighted_pca(answer):
    generator = torch.Generator().manual_seed(0)
    for N, C, d in [(30, 4, 1), (50, 6, 3), (20, 3, 2)]:
        X = torch.randn(N, C, generator=generator, dtype=torch.float64) + 2
        X = X * torch.arange(1, C + 1, dtype=torch.float64)
        w = torch.rand(N, generator=generator, dtype=torch.float64) ** 4
        U = answer(X, w, d)
        same_shape(U, (C, d), "U")
        eye = torch.eye(d, dtype=torch.float64)
        expect(torch.allclose(U.T @ U, eye, atol=1e-6), "the columns of U are not orthonormal")
        share = (w / w.sum())[:, None]
        apart = X - (share * X).sum(0)
        lost = ((apart - apart @ U @ U.T) ** 2 * share).sum()
        least = torch.linalg.eigvalsh(apart.T @ (share * apart))[: C - d].sum()
        expect(lost <= least * (1 + 1e-6) + 1e-12, "another subspace has a smaller weighted error")
