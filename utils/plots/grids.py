"""Figures made of cells: matrices with their numbers, confusion matrices."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from utils.plots.style import PALETTE, SIZES, contrast, figure, finish, numbers, same_length, short

MOST_WRITTEN = 144  # cells; beyond, numbers could not be read
PHOTOGRAPH = 64  # pixels high, at least
LEGIBLE = 0.48  # inches of a cell with a number
POINTS = 72  # of type in an inch


def heatmap(
    values,
    *,
    annotate: bool | None = None,
    digits: int | None = None,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    highlight: Sequence[tuple[int, int]] = (),
    limits: tuple[float, float] | None = None,
    cmap: str | None = None,
    colorbar: bool | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    ax: Axes | None = None,
    size: str = "single",
) -> tuple[Figure, Axes]:
    """A matrix as coloured cells, with its numbers in them when they are few.

    Values of both signs take the diverging colours, centred on zero. NaN cells stay blank.

    Shapes:
        values: (rows, columns).
        highlight: (row, column) pairs that get a frame.
        limits: the values at the two ends of the colours.

    Raises:
        ValueError: empty, NaN only, not a matrix, or as many labels as there are not.
    """
    matrix = numbers("A heat map's values", values, (2,))
    low, high, chosen = _color_range(matrix, limits)
    annotate = matrix.size <= MOST_WRITTEN if annotate is None else annotate
    fig, ax = (ax.figure, ax) if ax is not None else _fitting_figure(matrix.shape, size)
    cells = ax.imshow(
        np.ma.masked_invalid(matrix), cmap=cmap or chosen, vmin=low, vmax=high, aspect="equal"
    )
    _bare(ax, matrix.shape, lines=annotate)
    _label_cells(ax, row_labels, column_labels, matrix.shape)
    if annotate:
        _write_cells(ax, matrix, cells, _digits(matrix) if digits is None else digits)
    _outline(ax, highlight)
    if not annotate if colorbar is None else colorbar:
        bar = fig.colorbar(cells, ax=ax, shrink=0.85, pad=0.02)
        bar.outline.set_visible(False)
    finish(ax, title, xlabel, ylabel)
    return fig, ax


def heatmaps(
    matrices: Sequence,
    titles: Sequence[str] | None = None,
    *,
    between: Sequence[str] = (),
    highlight: Sequence[Sequence[tuple[int, int]]] = (),
    digits: int | None = None,
    limits: tuple[float, float] | None = None,
    size: str = "wide",
) -> tuple[Figure, np.ndarray]:
    """Matrices in a row with cells of one size, such as an image, a kernel and their output.

    `between` puts a sign into each gap (`("⋆", "=")`); `highlight` frames cells, one list each.

    Shapes:
        matrices: n of (rows, columns), which may differ; returns n axes.

    Raises:
        ValueError: as `heatmap`, or titles, signs or highlights that do not match the matrices.
    """
    if len(matrices) == 0:
        raise ValueError("There is no matrix to draw: the list is empty.")
    arrays = [numbers("A heat map's values", matrix, (2,)) for matrix in matrices]
    titles = [""] * len(arrays) if titles is None else titles
    same_length("Titles", titles, len(arrays), "matrices")
    if between:
        same_length("Signs between", between, len(arrays) - 1, "gaps")
    if highlight:
        same_length("Highlights", highlight, len(arrays), "matrices")
    fig, axes = figure(size, columns=len(arrays), squeeze=False)
    axes = axes[0]
    _place_in_a_row(fig, axes, arrays, gap=0.34 if between else 0.22)
    for position, (ax, array, title) in enumerate(zip(axes, arrays, titles)):
        marked = highlight[position] if highlight else ()
        heatmap(array, digits=digits, limits=limits, highlight=marked, colorbar=False, ax=ax)
        ax.set_title(title, loc="center", size=12)
    for left, right, sign in zip(axes, axes[1:], between):
        at = (left.get_position().x1 + right.get_position().x0) / 2
        middle = (left.get_position().y0 + left.get_position().y1) / 2
        fig.text(at, middle, sign, ha="center", va="center", size=18)
    return fig, axes


def confusion(
    counts,
    names: Sequence[str] | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
    size: str = "grid",
) -> tuple[Figure, Axes]:
    """A confusion matrix: what is right in blue, mistakes in vermilion, none left blank.

    Shades are shares of the row, that is of all cases of one true class; the weakest mistake
    is still seen.

    Shapes:
        counts: (classes, classes), rows true, columns predicted, whole numbers from 0.
        names: of the classes; 0, 1, ... where there are none.

    Raises:
        ValueError: not square, negative or not whole, or names that do not match.
    """
    matrix = numbers("Counts", counts, (2,))
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"A confusion matrix is square; the shape is {matrix.shape}.")
    if not (np.isfinite(matrix) & (matrix >= 0) & (matrix % 1 == 0)).all():
        raise ValueError("Counts are whole numbers from 0.")
    names = [str(n) for n in range(len(matrix))] if names is None else names
    same_length("Names", names, len(matrix), "classes")
    fig, ax = (ax.figure, ax) if ax is not None else figure(size)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(matrix), dtype=bool)
    signed = np.where(right, share, -np.where(share > 0, 0.18 + 0.82 * np.sqrt(share), 0))
    cells = ax.imshow(signed, cmap="house_diverging", vmin=-1.25, vmax=1.25)
    _bare(ax, matrix.shape, lines=True)
    _label_cells(ax, names, names, matrix.shape)
    _write_cells(ax, np.where(matrix > 0, matrix, np.nan), cells, 0, colored_by=signed)
    ax.tick_params(top=False, labeltop=False, bottom=False, labelbottom=True, pad=4)
    finish(ax, title, "predicted", "true")
    return fig, ax


def _color_range(matrix, limits) -> tuple[float, float, str]:
    low, high = float(np.nanmin(matrix)), float(np.nanmax(matrix))
    if limits is not None:
        low, high = limits
    elif low < 0:
        low, high = -max(-low, high), max(-low, high)
    else:
        low, high = 0.0, high or 1.0
    return low, high, "house_diverging" if low < 0 else "house"


def _fitting_figure(shape, size: str):
    """A figure of the house's width: as high as cells with numbers need, no higher than used."""
    fig, ax = figure(size)
    width, height = fig.get_size_inches()
    beside = 0.8  # inches for labels and title
    used = 0.85 * width * shape[0] / shape[1] + beside
    legible = min(LEGIBLE * shape[0] + beside, SIZES["grid"][1])
    fig.set_size_inches(width, min(max(height, legible), used))
    return fig, ax


def _bare(ax, shape, lines: bool) -> None:
    """No ticks; thin lines around the cells where they are few."""
    ax.grid(False)
    ax.spines[:].set(visible=lines, color=PALETTE["grid"], linewidth=1.2)
    ax.set_xticks([])
    ax.set_yticks([])
    if lines:
        ax.set_xticks(np.arange(1, shape[1]) - 0.5, minor=True)
        ax.set_yticks(np.arange(1, shape[0]) - 0.5, minor=True)
        ax.grid(which="minor", color=PALETTE["grid"], linewidth=1.2)
        ax.tick_params(which="minor", length=0)


def _label_cells(ax, row_labels, column_labels, shape) -> None:
    if row_labels is not None:
        same_length("Row labels", row_labels, shape[0], "rows")
        ax.set_yticks(np.arange(shape[0]), row_labels)
    if column_labels is not None:
        same_length("Column labels", column_labels, shape[1], "columns")
        long = max(len(str(label)) for label in column_labels) * shape[1] > 40
        ax.set_xticks(np.arange(shape[1]), column_labels, rotation=40 * long)
        if long:
            plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
    ax.tick_params(axis="both", which="major", length=0)


def _digits(matrix) -> int:
    """Decimals that show every value, two at most."""
    finite = matrix[np.isfinite(matrix)]
    return next((n for n in (0, 1) if np.allclose(finite, finite.round(n), atol=1e-9)), 2)


def _write_cells(ax, matrix, cells, digits, colored_by=None) -> None:
    """Numbers in the cells, in ink or paper, whichever is read better on the cell's colour."""
    shades = cells.cmap(cells.norm(matrix if colored_by is None else colored_by))
    texts = {at: short(value, digits) for at, value in np.ndenumerate(matrix) if np.isfinite(value)}
    points = _type_size(ax, matrix.shape, max(map(len, texts.values()), default=1))
    for (row, column), text in texts.items():
        background = to_hex(shades[row, column])
        color = max((PALETTE["ink"], PALETTE["paper"]), key=lambda c: contrast(c, background))
        ax.text(column, row, text, ha="center", va="center", color=color, size=points)


def _type_size(ax, shape, letters: int) -> float:
    """Points that let `letters` digits fit into a cell of these axes."""
    box = ax.get_position()
    width, height = ax.figure.get_size_inches()
    cell = POINTS * min(box.width * width / shape[1], box.height * height / shape[0])
    return float(np.clip(min(0.86 * cell / (0.56 * letters), 0.52 * cell), 5, 14))


def _outline(ax, chosen) -> None:
    """One frame around the chosen cells: the sides at which no other chosen cell lies."""
    chosen = {(int(row), int(column)) for row, column in chosen}
    sides = []
    for row, column in chosen:
        top, left = row - 0.5, column - 0.5
        for neighbour, side in (
            ((row - 1, column), [(left, top), (left + 1, top)]),
            ((row + 1, column), [(left, top + 1), (left + 1, top + 1)]),
            ((row, column - 1), [(left, top), (left, top + 1)]),
            ((row, column + 1), [(left + 1, top), (left + 1, top + 1)]),
        ):
            if neighbour not in chosen:
                sides.append(side)
    look = {"colors": PALETTE["accent"], "linewidths": 3.2, "capstyle": "projecting"}
    ax.add_collection(LineCollection(sorted(sides), zorder=4, clip_on=False, **look))


def _place_in_a_row(fig, axes, arrays, gap: float) -> None:
    """Fixed places with cells of one size, centred; `gap` in inches between the matrices."""
    width, height = fig.get_size_inches()
    margin, head = 0.12, 0.42
    columns = sum(array.shape[1] for array in arrays)
    rows = max(array.shape[0] for array in arrays)
    room = width - 2 * margin - gap * (len(arrays) - 1)
    cell = min(room / columns, (height - margin - head) / rows)
    height = cell * rows + margin + head
    fig.set_layout_engine("none")
    fig.set_size_inches(width, height)
    left = (width - cell * columns - gap * (len(arrays) - 1)) / 2
    for ax, array in zip(axes, arrays):
        across, up = cell * array.shape[1], cell * array.shape[0]
        bottom = margin + (cell * rows - up) / 2
        ax.set_position((left / width, bottom / height, across / width, up / height))
        left += across + gap
