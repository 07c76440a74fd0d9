"""Comparing faces: a network that places them, the loss that trains it, and error rates of pairs.

Leaves out the classical methods, which scikit-learn has, and identification among many, which is
a few lines where it is needed.

Explained in: 5.2.3
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.training import one_cycle


def standardised(x: Tensor) -> Tensor:
    """Each picture with a mean of 0 and a standard deviation of 1, whatever the exposure.

    Shapes:
        x: (N, 1, H, W) -> the same.
    """
    mean = x.mean((1, 2, 3), keepdim=True)
    return (x - mean) / x.std((1, 2, 3), keepdim=True)


class FaceEmbedder(nn.Module):
    """Three convolutions and a linear layer, from a face to a point on the unit sphere.

    Batch normalisation keeps the layers, and at last the points, centred.

    Shapes:
        standardised pictures (B, 1, 32, 32) -> (B, d), each of length 1.

    Explained in: 5.2.3
    """

    def __init__(self, d: int = 32, width: int = 8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.conv3 = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width * n) for n in (1, 2, 4))
        self.linear = nn.Linear(4 * width * 8 * 8, d)
        self.center = nn.BatchNorm1d(d, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (1, 32, 32):
            wanted = "(B, 1, 32, 32)"
            raise ValueError(f"FaceEmbedder takes pictures {wanted}; these are {tuple(x.shape)}.")
        x = F.relu(self.norms[0](self.conv1(x)))  # (B, width, 16, 16)
        x = F.max_pool2d(F.relu(self.norms[1](self.conv2(x))), 2)  # (B, 2 width, 8, 8)
        x = F.relu(self.norms[2](self.conv3(x)))  # (B, 4 width, 8, 8)
        return F.normalize(self.center(self.linear(x.flatten(1))), dim=1)


def margin_loss(z: Tensor, scale: float = 10.0, margin: float = 0.2) -> Tensor:
    """Cross-entropy of finding one's own person, who is moved away by a margin first.

    Each point is compared with the mean direction of every person of the batch; of its own
    person it is left out itself.

    Shapes:
        z: (P, k, d), k unit vectors of each of P people -> a number.

    Source: Snell, Swersky and Zemel 2017 (prototypes); Wan and others 2018, equations 5 and 8
        (leaving oneself out); Wang and others 2018, equation 4 (margin).

    Explained in: 5.2.3
    """
    people, k, d = z.shape
    total = z.sum(1, keepdim=True)  # (P, 1, d)
    own = (z * F.normalize(total - z, dim=2)).sum(2)  # (P, k)
    cosines = z.view(-1, d) @ F.normalize(total[:, 0], dim=1).T  # (P * k, P)
    person = torch.arange(people, device=z.device).repeat_interleave(k)
    is_own = F.one_hot(person, people).bool()
    cosines = torch.where(is_own, own.view(-1, 1) - margin, cosines)
    return F.cross_entropy(scale * cosines, person)


def vary(x: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures lit anew from a side and from above, half of them mirrored.

    Shapes:
        x: (N, 1, H, W) -> the same.
    """
    mirrored = torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5
    x = torch.where(mirrored, x.flip(3), x)
    across, down = (torch.linspace(-0.25, 0.25, side) for side in (x.shape[3], x.shape[2]))
    slope = 2 * torch.rand(2, len(x), 1, 1, 1, generator=generator) - 1
    return x * (1 + slope[0] * across + slope[1] * down[:, None])


def train_embedder(
    x: Tensor,
    y: Tensor,
    *,
    steps: int = 100,
    people: int = 40,
    k: int = 3,
    weights: Tensor | None = None,
    peak: float = 2e-2,
    margin: float = 0.2,
    seed: int = 0,
    net: FaceEmbedder | None = None,
) -> FaceEmbedder:
    """Train a network on batches of `people` people with k pictures each; return it, evaluating.

    `weights` makes some people come more often than others; `net` is trained on, if given.

    Shapes:
        x: (N, 1, 32, 32), 0 to 1; y: (N,) people 0 to P - 1; weights: (P,), all alike if None.

    Raises:
        ValueError: too few people for a batch, or a person with fewer than k pictures.

    Explained in: 5.2.3
    """
    pictures = [torch.nonzero(y == person)[:, 0] for person in range(int(y.max()) + 1)]
    if len(pictures) < people or min(map(len, pictures)) < k:
        raise ValueError(
            f"A batch takes {people} people with {k} pictures each; there are {len(pictures)} "
            f"people, one with {min(map(len, pictures))}."
        )
    torch.manual_seed(seed)
    net = FaceEmbedder() if net is None else net.train()
    optimizer = torch.optim.AdamW(net.parameters(), peak)
    scheduler = one_cycle(optimizer, steps, peak)
    generator = torch.Generator().manual_seed(seed)
    weights = torch.ones(len(pictures)) if weights is None else weights
    for _ in range(steps):
        batch = []
        for person in torch.multinomial(weights, people, generator=generator):
            own = pictures[person]
            batch.append(own[torch.randperm(len(own), generator=generator)[:k]])
        z = net(standardised(vary(x[torch.cat(batch)], generator)))
        optimizer.zero_grad()
        margin_loss(z.view(people, k, -1), margin=margin).backward()
        optimizer.step()
        scheduler.step()
    return net.eval()


@torch.no_grad()
def embed(net: nn.Module, x: Tensor) -> Tensor:
    """Unit vectors in float64, so that equal scores are rare.

    Shapes:
        x: (N, 1, 32, 32), 0 to 1 -> (N, d).
    """
    return F.normalize(net(standardised(x)).double(), dim=1)


def all_pairs(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cosine and the two people of every pair of pictures, each pair once.

    Shapes:
        z: (N, d) of length 1; y: (N,) -> three of (N (N - 1) / 2,).
    """
    first, second = torch.triu_indices(len(y), len(y), 1)
    return (z @ z.T)[first, second], y[first], y[second]


def error_rates(
    scores: Tensor, same: Tensor, weights: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """False-accept and true-accept rate with each score in turn as the lowest accepted.

    Shapes:
        scores, same (whether one person), weights: (n,) -> sorted scores, FAR, TAR: (n,) each.

    Explained in: 5.2.3
    """
    scores, order = scores.sort(descending=True)
    same = same[order].double()
    weights = torch.ones_like(same) if weights is None else weights[order].double()
    false, true = (weights * (1 - same)).cumsum(0), (weights * same).cumsum(0)
    return scores, false / false[-1], true / true[-1]


def equal_error(far: Tensor, tar: Tensor) -> float:
    """The rate at which false accepts and false rejects are as many."""
    at = int((far >= 1 - tar).double().argmax())
    return float(far[at] + 1 - tar[at]) / 2


def accepted_at(far: Tensor, tar: Tensor, allowed: float = 0.01) -> float:
    """The true-accept rate at the lowest threshold that keeps false accepts to `allowed`."""
    at = int(torch.searchsorted(far, allowed, right=True)) - 1
    return float(tar[at]) if at >= 0 else 0.0
