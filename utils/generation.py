"""Generating images and scoring them: autoencoders trained, codes drawn, samples judged.

Leaves out the models (`models`). No single score will do: a judge can be sure of nonsense, a
distance cannot tell a new image from a copy, and either may miss that whole classes are never
drawn. So `score_samples` returns several.

Explained in: 2.4
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import training

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

N_FEATURES = 32


def train_to_copy(
    model: nn.Module,
    x: Tensor,
    loss: training.Loss = F.mse_loss,
    *,
    epochs: int = 60,
    batch_size: int = 128,
    peak: float = 2e-2,
    seed: int = 0,
) -> nn.Module:
    """Train `model` with its input as target, by Adam in one cycle; return it, evaluating.

    Shapes:
        x (N, ...); loss(model(x), x) is a mean over examples.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=peak, fused=True)
    schedule = training.one_cycle(optimizer, epochs * -(-len(x) // batch_size), peak)
    training.fit(
        model,
        (x, x),
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        scheduler=schedule,
        loss=loss,
        seed=seed,
    )
    return model.eval()


def fit_mixture(codes: Tensor, n_components: int = 1, seed: int = 0) -> "GaussianMixture":
    """Gaussians with full covariances, fitted to codes by EM; a single one is the fitted Gaussian.

    To every variance a hundredth of the codes' mean variance is added, so that none vanishes.

    Shapes:
        codes (N, d_code), N at least n_components.
    """
    from sklearn.mixture import GaussianMixture  # only here: its import takes seconds

    codes = np.asarray(codes.detach(), dtype=np.float64)
    floor = 0.01 * codes.var(axis=0).mean()
    return GaussianMixture(n_components, reg_covar=floor, random_state=seed).fit(codes)


def draw_codes(density: "GaussianMixture", n: int) -> Tensor:
    """`n` codes from a fitted mixture; those of one component come together.

    Shapes:
        returns (n, d_code), float32.
    """
    codes, _ = density.sample(n)
    return torch.from_numpy(codes).float()


class Judge(nn.Module):
    """A small convolutional classifier whose last hidden layer serves as features of an image.

    Shapes:
        images (B, size²) or (B, 1, size, size) -> logits (B, n_classes);
        features: the same images -> (B, 32).
    """

    def __init__(self, size: int = 8, n_classes: int = 10):
        super().__init__()
        self.size = size
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * (size // 4) ** 2, N_FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(N_FEATURES, n_classes)

    def features(self, x: Tensor) -> Tensor:
        return self.body(x.reshape(-1, 1, self.size, self.size))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def train_judge(x: Tensor, y: Tensor, seed: int = 0, epochs: int = 12) -> Judge:
    """A `Judge` of real images, trained on them and ready for use.

    Leaves the global random generator as it was.

    Shapes:
        x: (N, 1, size, size), from 0 to 1; y: (N,) classes.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        judge = Judge(x.shape[-1], int(y.max()) + 1)
    optimizer = torch.optim.Adam(judge.parameters(), lr=1e-2, fused=True)
    schedule = training.one_cycle(optimizer, epochs * -(-len(x) // 64), peak=1e-2)
    training.fit(
        judge,
        (x, y),
        epochs=epochs,
        batch_size=64,
        optimizer=optimizer,
        scheduler=schedule,
        seed=seed,
    )
    return judge.eval()


def prediction_entropy(probs: Tensor) -> Tensor:
    """Entropy of each row of probabilities, in nats: 0 if sure, ln C if all are alike.

    Shapes:
        (N, C) -> (N,).
    """
    return torch.special.entr(probs).sum(1)


def nearest_distances(samples: Tensor, reference: Tensor) -> Tensor:
    """The Euclidean distance from each sample to the nearest of the reference.

    Shapes:
        samples (N, ...), reference (M, ...), as many numbers in each -> (N,).

    Raises:
        ValueError: if there is nothing in the reference, or sizes differ.
    """
    samples, reference = samples.flatten(1), reference.flatten(1)
    if len(reference) == 0 or samples.shape[1] != reference.shape[1]:
        raise ValueError(
            "Distances need a reference of the samples' size; the shapes are "
            f"{tuple(samples.shape)} and {tuple(reference.shape)}."
        )
    exact = "donot_use_mm_for_euclid_dist"
    return torch.cdist(samples, reference, compute_mode=exact).min(1).values


def frechet_distance(first: Tensor | np.ndarray, second: Tensor | np.ndarray) -> float:
    """The squared Fréchet distance of two samples' Gaussians: |m − n|² + tr(S + R − 2(SR)^½).

    For samples of one distribution it is not 0 but falls with their number.

    Shapes:
        first (N, F), second (M, F); N and M at least 2.

    Raises:
        ValueError: fewer than two rows, or features of different widths.

    Source: Dowson and Landau 1982, equation 4; Heusel and others 2017, equation 6.
    """
    first, second = (np.asarray(a, dtype=np.float64) for a in (first, second))
    shapes = first.shape, second.shape
    if first.ndim != 2 or second.ndim != 2 or shapes[0][1] != shapes[1][1]:
        raise ValueError(f"Two tables of equally wide rows are needed; the shapes are {shapes}.")
    if min(len(first), len(second)) < 2:
        raise ValueError(f"A covariance needs two rows at least; the shapes are {shapes}.")
    S, R = (np.atleast_2d(np.cov(a, rowvar=False)) for a in (first, second))
    values, vectors = np.linalg.eigh(S)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T  # (F, F), S^½
    mixed = np.sqrt(np.linalg.eigvalsh(root @ R @ root).clip(0)).sum()  # tr (SR)^½
    gap = ((first.mean(0) - second.mean(0)) ** 2).sum()
    return float(gap + np.trace(S) + np.trace(R) - 2 * mixed)


@dataclass(frozen=True)
class Scores:
    """What a judge and distances say of a sample.

    confidence: mean of the largest probability, 0 to 1. entropy: mean, in nats. frechet: squared
    distance in the judge's features. nearest: mean distance from a sample to the nearest real
    image; missed: mean distance from a real image to the nearest sample.
    """

    confidence: float
    entropy: float
    frechet: float
    nearest: float
    missed: float


@torch.no_grad()
def score_samples(samples: Tensor, judge: Judge, real: Tensor) -> Scores:
    """Score samples against real images that neither the judge nor the model has seen.

    Shapes:
        samples (N, size²) or (N, 1, size, size), from 0 to 1; real (M, ...) likewise.

    Raises:
        ValueError: if samples are not finite, or as `nearest_distances` and `frechet_distance`.
    """
    if not torch.isfinite(samples).all():
        raise ValueError("Some samples hold NaN or infinity, which no judge can score.")
    features, others = judge.features(samples), judge.features(real)
    probs = F.softmax(judge.head(features), dim=1)  # (N, n_classes)
    return Scores(
        confidence=float(probs.max(1).values.mean()),
        entropy=float(prediction_entropy(probs).mean()),
        frechet=frechet_distance(features, others),
        nearest=float(nearest_distances(samples, real).mean()),
        missed=float(nearest_distances(real, samples).mean()),
    )
