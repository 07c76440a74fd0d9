"""Draw the cover, `book/figures/cover.png`: ten handwritten digits as three convolutions see them.

Top row: the first digit of each class in `digits`. Left column: three 3×3 kernels, which are the
principal components of all patches of the whole data set, so that the data chose them. Inside:
each digit cross-correlated with each kernel (`torch.nn.functional.conv2d`), blue where the
response is positive and vermilion where it is negative. The background is transparent and the
strength of a colour is its opacity, so that one picture suits the light and the dark page.

Run `python -m tools.cover` to draw it again.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits

PATH = Path(__file__).parents[1] / "book" / "figures" / "cover.png"
BLUE, VERMILION, AMBER = (0x1B, 0x6C, 0xA8), (0xD9, 0x54, 0x2B), (0xE0, 0xA1, 0x1B)
KERNELS = 3
PIXEL = 14  # screen pixels for one pixel of a digit
GAP = 2  # in pixels of a digit, between tiles


def kernels(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first principal components of all 3×3 patches, and the share of variance of each.

    Shapes: `images` (N, 8, 8) -> (KERNELS, 3, 3) and (KERNELS,). A component's sign is arbitrary:
    its largest entry is made positive.
    """
    patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2)).reshape(-1, 9)
    variances, components = np.linalg.eigh(np.cov(patches.T))
    first = components[:, ::-1].T[:KERNELS]  # eigh sorts upwards
    largest = np.take_along_axis(first, np.abs(first).argmax(1)[:, None], axis=1)
    share = variances[::-1][:KERNELS] / variances.sum()
    return (first * np.sign(largest)).reshape(-1, 3, 3), share


def responses(digits: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Each digit through each kernel, same size: (10, 8, 8), (K, 3, 3) -> (K, 10, 8, 8)."""
    x = torch.from_numpy(digits)[:, None]
    w = torch.from_numpy(filters.copy())[:, None]
    return torch.nn.functional.conv2d(x, w, padding=1).permute(1, 0, 2, 3).numpy()


def tint(values: np.ndarray, positive: tuple, negative: tuple) -> np.ndarray:
    """Values of any sign as RGBA: the sign chooses the colour, the strength is the opacity."""
    strength = np.abs(values) / np.abs(values).max()
    colour = np.where((values >= 0)[..., None], positive, negative)
    return np.dstack([colour, np.round(255 * strength**0.7)]).astype(np.uint8)


def cover() -> Image.Image:
    """The picture, at twice the size at which the page shows it."""
    data = load_digits()
    first_of_class = [int(np.flatnonzero(data.target == label)[0]) for label in range(10)]
    digits = data.images[first_of_class]
    filters, _ = kernels(data.images)
    seen = responses(digits, filters)

    step = 8 + GAP
    left = 3 + 2 * GAP
    canvas = np.zeros((step * (KERNELS + 1) - GAP, left + step * 10 - GAP, 4), dtype=np.uint8)
    for column, digit in enumerate(digits):
        x = left + column * step
        canvas[:8, x : x + 8] = tint(digit, AMBER, AMBER)
        for row in range(KERNELS):
            y = (row + 1) * step
            canvas[y : y + 8, x : x + 8] = tint(seen[row, column], BLUE, VERMILION)
    for row, kernel in enumerate(filters):
        y = (row + 1) * step + 2
        canvas[y : y + 3, :3] = tint(kernel, BLUE, VERMILION)
    return Image.fromarray(canvas.repeat(PIXEL, axis=0).repeat(PIXEL, axis=1))


def main() -> None:
    _, share = kernels(load_digits().images)
    PATH.parent.mkdir(exist_ok=True)
    cover().save(PATH, optimize=True)
    print(f"{PATH.name}: {PATH.stat().st_size / 1e3:.0f} kB")
    print("Share of the patches' variance, kernel by kernel:", np.round(share, 3))


if __name__ == "__main__":
    main()
