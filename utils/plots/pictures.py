"""Pictures in rows and columns."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from utils.plots.style import HEAVY, SIZES, color_of, figure, numbers, same_length

PHOTOGRAPH = 64  # pixels high, at least
LETTER, LINE = 0.078, 0.2  # inches that a letter and a line of a title take


def image_grid(
    images,
    titles: Sequence[str] | None = None,
    *,
    frames: Sequence[bool | str | None] | None = None,
    columns: int | None = None,
    cmap: str | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
    size: str = "wide",
) -> tuple[Figure, np.ndarray]:
    """Pictures in rows, each with its title, and a frame that tells right from wrong.

    Without a `cmap`, small grey pictures are ink on paper (1 is dark), and from 64 pixels on
    they are photographs (1 is light). All have the same limits.

    Shapes:
        images: (N, H, W), (N, 1, H, W) or (N, 3, H, W), colours in [0, 1].
        frames: N of True (green), False (vermilion), None (no frame), a role or a colour.

    Raises:
        ValueError: empty, NaN only, another shape, or titles or frames that do not match.
    """
    pictures = _pictures(images)
    count = len(pictures)
    if titles is not None:
        same_length("Titles", titles, count, "images")
    if frames is not None:
        same_length("Frames", frames, count, "images")
    columns = min(count, 8 if count > 10 else 5) if columns is None else columns
    if isinstance(columns, bool) or not isinstance(columns, int) or columns < 1:
        raise ValueError(f"Columns are a whole number from 1; this is {columns!r}.")
    titles = _wrapped(titles, SIZES[size][0] / columns) if titles is not None else None
    lines = max(text.count("\n") + 1 for text in titles) if titles else 0
    fig, axes = _grid_of_axes(pictures.shape, columns, size, lines, bool(title))
    grey = cmap or ("gray" if pictures.shape[1] >= PHOTOGRAPH else "house_ink")
    low, high = limits or (np.nanmin(pictures), np.nanmax(pictures))
    for at, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if at < count:
            ax.imshow(pictures[at], cmap=grey, vmin=low, vmax=high)
            if titles is not None:
                ax.set_title(titles[at], loc="center", size=11, weight="normal", pad=4)
            if frames is not None and frames[at] is not None:
                _frame_picture(ax, frames[at])
    if title:
        fig.suptitle(title, x=0.01, ha="left", size=13, weight=HEAVY)
    return fig, axes


def image_rows(
    rows: Mapping[str, object],
    *,
    cmap: str | None = None,
    limits: tuple[float, float] | None = None,
    size: str = "wide",
) -> tuple[Figure, np.ndarray]:
    """Rows of small pictures, each row with its name, such as originals and reconstructions.

    Colours are those of `image_grid`, with the same limits in all rows.

    Shapes:
        rows: `{name: images}`, images (N, H, W), (N, 1, H, W) or (N, 3, H, W), all of one shape.

    Raises:
        ValueError: empty, NaN only, or rows of different shapes.
    """
    if not rows:
        raise ValueError("There is no row of pictures to draw.")
    pictures = {name: _pictures(images) for name, images in rows.items()}
    shapes = {array.shape for array in pictures.values()}
    if len(shapes) > 1:
        raise ValueError(f"All rows have pictures of one shape; these are {sorted(shapes)}.")
    count, high, wide = shapes.pop()[:3]
    grey = cmap or ("gray" if high >= PHOTOGRAPH else "house_ink")
    shades = colormaps[grey].with_extremes(bad=(0, 0, 0, 0))  # gaps are not drawn
    everything = np.stack([*pictures.values()])
    low, top = limits or (np.nanmin(everything), np.nanmax(everything))
    fig, axes = figure(size, len(rows), squeeze=False)
    width = SIZES[size][0]
    label = LETTER * max(len(name) for name in rows) + 0.15
    fig.set_size_inches(width, len(rows) * ((width - label) / count * high / wide + 0.06))
    fig.get_layout_engine().set(w_pad=0.04, h_pad=0.01, hspace=0.01)
    for ax, (name, row) in zip(axes[:, 0], pictures.items()):
        ax.imshow(_strip(row), cmap=shades, vmin=low, vmax=top)
        ax.set_xticks([])
        ax.set_yticks([(high - 1) / 2], [name])
        ax.tick_params(axis="y", length=0)
        ax.spines[:].set_visible(False)
        ax.grid(False)
    return fig, axes[:, 0]


def _strip(pictures: np.ndarray) -> np.ndarray:
    """Pictures side by side, with a gap of nothing between two."""
    gap = max(1, pictures.shape[2] // 10)
    around = ((0, 0), (0, 0), (0, gap), *[(0, 0)] * (pictures.ndim - 3))
    padded = np.pad(pictures.astype(float), around, constant_values=np.nan)
    return np.ma.masked_invalid(np.concatenate([*padded], axis=1)[:, :-gap])


def _pictures(images) -> np.ndarray:
    """Grey as (N, H, W), colour as (N, H, W, 3)."""
    array = numbers("Images", images, (3, 4))
    if array.ndim == 3:
        return array
    if array.shape[1] == 1:
        return array[:, 0]
    if array.shape[1] == 3:
        return np.clip(array.transpose(0, 2, 3, 1), 0, 1)
    raise ValueError(f"Images have 1 or 3 channels in dimension 1; the shape is {array.shape}.")


def _wrapped(titles, width: float) -> list[str]:
    """The titles in lines that fit above a picture of so many inches."""
    return [textwrap.fill(str(text), max(int(width / LETTER), 4)) for text in titles]


def _grid_of_axes(shape, columns: int, size: str, lines: int, with_title: bool):
    """Axes for the pictures in a figure of the house's width, as high as they need."""
    rows = -(-shape[0] // columns)
    fig, axes = figure(size, rows, columns, squeeze=False)
    width = SIZES[size][0]
    each = min(width / columns, 1.6 * SIZES[size][1]) * shape[1] / shape[2]
    each = min(each, SIZES["grid"][1])
    fig.set_size_inches(width, rows * (each + 0.1 + LINE * lines) + 0.35 * with_title)
    fig.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    return fig, axes


def _frame_picture(ax, mark: bool | str) -> None:
    color = color_of({True: "good", False: "test"}.get(mark, mark))
    look = {"fill": False, "edgecolor": color, "linewidth": 3, "clip_on": False}
    ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, **look))
