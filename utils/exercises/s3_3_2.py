"""Graders of chapter 3.3.2, Decoder."""

import torch
import torch.nn.functional as F

from utils.exercises import expect, grader, same_number, same_tensor


@grader("3.3.2-a", "side and stamps, as PyTorch counts them")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: the side, the fewest and the most stamps",
    )
    counted = F.conv_transpose2d(torch.ones(1, 1, 6, 6), torch.ones(1, 1, 5, 5), stride=2)[0, 0]
    inside = counted[4:-4, 4:-4]
    wanted = len(counted), int(inside.min()), int(inside.max())
    for given, right, name in zip(answer, wanted, ("the side", "the fewest", "the most")):
        same_number(given, right, name=name)


@grader("3.3.2-b", "as many as the Hessian has, in six landscapes")
def n_downhill(answer):
    cases = [
        ([4.0, 3, 2, 1], (0, 1)),
        ([4.0, 3, 2, 1], (2, 3)),
        ([1.0, 2, 3, 4], (0, 2)),
        ([5.0, 1, 4], (1,)),
        ([2.0, 5, 1, 3], (0, 3)),
        ([3.0, 1, 2], (0, 2)),
    ]
    for eigenvalues, chosen in cases:
        same_number(answer(eigenvalues, chosen), _negative(eigenvalues, chosen), name="the number")


@grader("3.3.2-c", "your stamps are PyTorch's, for every kernel and stride tried")
def transposed_conv(answer):
    generator = torch.Generator().manual_seed(0)
    for n, K, stride in [(4, 3, 1), (4, 3, 2), (5, 2, 3), (1, 4, 2), (6, 5, 2), (3, 1, 2)]:
        y, w = (torch.randn(size, generator=generator, dtype=torch.float64) for size in (n, K))
        right = F.conv_transpose1d(y[None, None], w[None, None], stride=stride)[0, 0]
        same_tensor(answer(y, w, stride), right, name="the output")


@grader("3.3.2-d", "no other linear map leaves a smaller error")
def wiener_filter(answer):
    generator = torch.Generator().manual_seed(0)
    for C in (2, 3, 6):
        roots = (torch.randn(C, 2 * C, generator=generator, dtype=torch.float64) for _ in "SN")
        S, N = (root @ root.T / C for root in roots)
        right = torch.linalg.inv(S + N) @ S
        same_tensor(answer(S, N), right, rtol=1e-6, atol=1e-8, name="W")


@grader("3.3.2-e", "Bayes' mean, for noise strong and faint")
def mean_of_memories(answer):
    generator = torch.Generator().manual_seed(0)
    for B, N, C, sigma in [(2, 3, 2, 1.0), (3, 5, 4, 0.3), (2, 6, 64, 0.5), (4, 4, 8, 1e-3)]:
        X = torch.randn(N, C, generator=generator, dtype=torch.float64)
        noisy = X[:1] + sigma * torch.randn(B, C, generator=generator, dtype=torch.float64)
        prior = torch.rand(N, generator=generator, dtype=torch.float64) + 0.05
        prior = prior / prior.sum()
        logs = prior.log() - torch.cdist(noisy, X) ** 2 / (2 * sigma**2)
        same_tensor(answer(noisy, X, prior, sigma), logs.softmax(1) @ X, atol=1e-6, name="the mean")


def _negative(eigenvalues: list[float], chosen: tuple[int, ...]) -> int:
    """Negative eigenvalues of the error's Hessian at the chosen eigenvectors."""
    S = torch.tensor(eigenvalues, dtype=torch.float64).diag()
    C, d = len(S), len(chosen)
    E = torch.eye(C, dtype=torch.float64)[:, list(chosen)]

    def error(weights: torch.Tensor) -> torch.Tensor:
        R = torch.eye(C, dtype=torch.float64) - weights[: C * d].view(C, d) @ weights[C * d :].view(
            d, C
        )
        return (R * (S @ R)).sum()

    at = torch.cat([E.flatten(), E.T.flatten()])
    hessian = torch.autograd.functional.hessian(error, at)
    return int((torch.linalg.eigvalsh(hessian) < -1e-9).sum())
