"""Real pictures that come with scikit-learn: handwritten digits and two photographs."""

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from utils.data.kinds import Images

SIDE = 8  # of a digit as it was scanned, in pixels
LEVELS = 16  # of ink


def digits(size: int = SIDE) -> Images:
    """1,797 handwritten digits by 13 people, 8×8, or resized to `size`×`size` without a rounding.

    Shapes:
        x: (1797, 1, size, size), share of ink, 0 to 1; y: (1797,), the digit.

    Raises:
        ValueError: if `size` is not a whole number from 8 to 64.

    Source: test part of "Optical Recognition of Handwritten Digits", Alpaydin and Kaynak 1998,
        UCI repository, CC BY 4.0, as in scikit-learn (`load_digits`).
    """
    if isinstance(size, bool) or not isinstance(size, int) or not SIDE <= size <= 64:
        raise ValueError(f"Digits come in sizes from 8 to 64 pixels; this is {size!r}.")
    raw, labels = originals()
    ink = enlarge(raw, size)
    x = torch.from_numpy(ink.astype(np.float64) / (LEVELS * (2 * size) ** 2)).float()
    return Images(x[:, None], torch.from_numpy(labels), tuple("0123456789"))


def photos(size: tuple[int, int] | None = None) -> Images:
    """Two colour photographs, a pagoda in China and a dahlia; or a middle piece of them.

    Shapes:
        x: (2, 3, 427, 640), or (2, 3, *size); red, green and blue from 0 to 1.

    Raises:
        ValueError: if `size` is not (height, width) within 427×640.

    Source: flickr.com, danielbuechele and vultilion, CC BY 2.0, as in scikit-learn.
    """
    from sklearn.datasets import load_sample_images  # only here: its import takes seconds

    x = np.stack(load_sample_images().images).transpose(0, 3, 1, 2)
    if size is not None:
        x = _middle(x, size)
    pixels = torch.from_numpy(x.astype(np.float32) / np.float32(255))
    return Images(pixels, torch.arange(2), ("china", "flower"))


def originals() -> tuple[np.ndarray, np.ndarray]:
    """The digits as they were scanned, read from scikit-learn's file without importing it.

    Shapes:
        ink (1797, 8, 8), whole numbers from 0 to 16; labels (1797,), the digit.
    """
    folder = Path(find_spec("sklearn").submodule_search_locations[0])
    with gzip.open(folder / "datasets" / "data" / "digits.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    return table[:, :-1].reshape(-1, SIDE, SIDE), table[:, -1].copy()


def enlarge(images: np.ndarray, size: int) -> np.ndarray:
    """Bilinear resizing in whole numbers, so that every machine has the same bytes.

    A weight is a multiple of 1/(2·size); the result is left undivided, (2·size)² times too large.

    Shapes:
        images: (N, H, H) whole numbers; returns (N, size, size) whole numbers.
    """
    weights = _weights(images.shape[-1], size)
    return weights @ images @ weights.T


@lru_cache
def _weights(side: int, size: int) -> np.ndarray:
    """How much of each old pixel a new one takes, in parts of 2·size: (size, side)."""
    unit = 2 * size
    centres = (2 * np.arange(size) + 1) * side - size  # of the new pixels, in old ones, times unit
    centres = np.clip(centres, 0, (side - 1) * unit)
    below, rest = np.divmod(centres, unit)
    weights = np.zeros((size, side), dtype=np.int64)
    np.add.at(weights, (np.arange(size), below), unit - rest)
    np.add.at(weights, (np.arange(size), np.minimum(below + 1, side - 1)), rest)
    return weights


def _middle(x: np.ndarray, size) -> np.ndarray:
    whole = x.shape[2:]
    sound = isinstance(size, tuple) and len(size) == 2 and all(type(n) is int for n in size)
    if not sound or not all(1 <= part <= full for part, full in zip(size, whole)):
        raise ValueError(
            f"A piece of a photograph is (height, width) within {whole}; not {size!r}."
        )
    top, left = ((full - part) // 2 for part, full in zip(size, whole))
    return x[:, :, top : top + size[0], left : left + size[1]]
