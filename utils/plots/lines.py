"""Curves, each with its name at its end."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from utils.plots.style import (
    HEAVY,
    PALETTE,
    color_of,
    figure,
    finish,
    numbers,
    readable,
    same_length,
)

LONGEST_END_LABEL = 18  # letters; a longer one would squeeze the curves
FEW = 12  # points of a curve; so few are marked, since the line between them was not measured


def curves(
    x,
    series=None,
    *,
    band: str = "range",
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    xlog: bool = False,
    ylog: bool = False,
    ylim: tuple[float, float] | None = None,
    colors: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    size: str = "single",
) -> tuple[Figure, Axes]:
    """Lines, each named at its end; several runs of one line become their mean and a band.

    `curves(series)` draws over 1, 2, ..., n and `curves(x, series)` over `x`, as `plot` does.

    A series named like a role of the palette (`train`, `test`, `baseline`) takes its colour;
    `colors` gives others, as a role or a colour. A log axis says so in its label.

    Shapes:
        series: `{name: (n,)}` or `{name: (runs, n)}`; one array is a single line without name.
        x: (n,), shared, or `{name: (n,)}`.
        band: `"range"`, smallest to largest run, or `"sd"`, one standard deviation each way.

    Raises:
        ValueError: empty, NaN only, lengths that differ, an unknown band, log of no positive value.
    """
    if band not in ("range", "sd"):
        raise ValueError(f"A band is 'range' or 'sd'; this is {band!r}.")
    x, series = (None, x) if series is None else (x, series)
    named = series if isinstance(series, Mapping) else {"": series}
    if not named:
        raise ValueError("There is no curve to draw: the series are empty.")
    fig, ax = (ax.figure, ax) if ax is not None else figure(size)
    ends = []
    for position, (name, values) in enumerate(named.items()):
        runs = np.atleast_2d(numbers(f"Curve {name!r}", values, (1, 2)))
        at = _positions(x, name, runs.shape[1])
        if (xlog and not (at > 0).any()) or (ylog and not (runs > 0).any()):
            raise ValueError(f"A log axis needs positive values; curve {name!r} has none.")
        color = color_of((colors or {}).get(name, name if name in PALETTE else None), position)
        middle = _draw_line(ax, at, runs, name, color, band)
        ends.append((name, color, middle[~np.isnan(middle)][-1]))
    _scale(ax, xlog, ylog, ylim)
    finish(ax, title, xlabel + " (log)" * xlog, ylabel + " (log)" * ylog)
    _name_ends(ax, [end for end in ends if end[0]])
    return fig, ax


def _positions(x, name: str, length: int) -> np.ndarray:
    if x is None:
        return np.arange(1, length + 1)
    if isinstance(x, Mapping):
        if name not in x:
            raise ValueError(f"x has no positions for curve {name!r}.")
        x = x[name]
    at = numbers("x", x)
    same_length("x", at, length, f"the values of curve {name!r}")
    return at


def _draw_line(ax, at, runs, name, color, band) -> np.ndarray:
    """Draw one curve and return it: the values, or the mean of several runs."""
    middle = runs.mean(axis=0)
    if len(runs) > 1:
        spread = runs.std(axis=0, ddof=1)
        low, high = (
            (runs.min(0), runs.max(0)) if band == "range" else (middle - spread, middle + spread)
        )
        ax.fill_between(at, low, high, color=color, alpha=0.18, linewidth=0)
    marker = "o" if len(at) <= FEW else None
    ax.plot(at, middle, color=color, label=name or None, marker=marker, markersize=5)
    return middle


def _scale(ax, xlog, ylog, ylim) -> None:
    if xlog:
        ax.set_xscale("log")
        _log_ticks(ax.xaxis, ax.dataLim.intervalx)
    if ylog:
        ax.set_yscale("log")
        _log_ticks(ax.yaxis, ax.dataLim.intervaly)
    if not xlog:
        whole = all(np.equal(np.mod(line.get_xdata(), 1), 0).all() for line in ax.lines)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=whole, steps=[1, 2, 2.5, 5, 10]))
    if not ylog:
        ax.yaxis.set_major_locator(MaxNLocator(5))
    few = any(len(line.get_xdata()) <= FEW for line in ax.lines)
    ax.margins(x=0.03 if few else 0)  # room for the marks of the first and last points
    if ylim is not None:
        ax.set_ylim(*ylim)
    ax.set_ylim(ax.get_ylim())  # from here on the ends of the lines stay where they are


def _log_ticks(axis, interval) -> None:
    """Powers of ten; also twice and five times them, in plain figures, on a short axis."""
    low, high = interval
    short = high < 200 * low
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,)))
    if short and 1e-3 <= low and high <= 1e4:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _name_ends(ax, ends) -> None:
    """Names beside the ends of the curves, pushed apart; a legend where they would not fit."""
    if not ends:
        return
    points = ax.xaxis.label.get_size()
    height = 0.72 * ax.figure.get_figheight() * 72 / ax.get_subplotspec().get_gridspec().nrows
    gap = 1.35 * points / height
    fits = gap * (len(ends) - 1) <= 1 and max(len(end[0]) for end in ends) <= LONGEST_END_LABEL
    if not fits:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        return
    to_axes = ax.transScale + ax.transLimits
    heights = [to_axes.transform((1, end[2]))[1] for end in ends]
    for (name, color, _), at in zip(ends, spread(np.clip(heights, 0, 1), gap)):
        ax.annotate(
            name,
            (1, at),
            (7, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            color=readable(color),
            weight=HEAVY,
            annotation_clip=False,
        )


def spread(heights, gap: float) -> np.ndarray:
    """The heights, moved as little as needed to lie at least `gap` apart, in the same order.

    Labels that touch form a block around the mean of what they want; blocks that touch merge.
    """
    order = np.argsort(heights, kind="stable")
    blocks: list[list[float]] = []  # what the members want, less their place in the block
    for height in np.asarray(heights, float)[order]:
        blocks.append([height])
        while len(blocks) > 1 and _top(blocks[-2], gap) + gap > _bottom(blocks[-1], gap) + 1e-12:
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    placed = np.concatenate([_bottom(block, gap) + gap * np.arange(len(block)) for block in blocks])
    result = np.empty(len(placed))
    result[order] = placed
    return result


def _bottom(block, gap) -> float:
    return float(np.mean(block)) - gap * (len(block) - 1) / 2


def _top(block, gap) -> float:
    return float(np.mean(block)) + gap * (len(block) - 1) / 2
