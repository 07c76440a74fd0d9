"""Figures with axes to read values from: curves, bars, histograms."""

from collections.abc import Mapping, Sequence

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
LONGEST_UPRIGHT = 46  # letters under a row of bars; more would overlap


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


def bars(
    labels: Sequence[str],
    values,
    *,
    errors=None,
    horizontal: bool | None = None,
    colors: Sequence[str] | str | None = None,
    digits: int | None = None,
    xlabel: str = "",
    title: str = "",
    ax: Axes | None = None,
    size: str = "single",
) -> tuple[Figure, Axes]:
    """Bars from zero, lying down when their labels are long; `digits` writes the values too.

    Shapes:
        labels, values, errors: n each; an error is drawn as far up as down.
        colors: one role or colour for all, or n of them.
        xlabel: what the values are, with unit, whichever way the bars lie.

    Raises:
        ValueError: empty, NaN only, lengths that differ, negative errors.
    """
    values = numbers("Bars", values)
    same_length("Labels", labels, len(values), "bars")
    if errors is not None:
        errors = numbers("Errors", errors)
        same_length("Errors", errors, len(values), "bars")
        if (errors < 0).any():
            raise ValueError("Errors are lengths and cannot be negative.")
    if colors is None or isinstance(colors, str):
        colors = [colors or "train"] * len(values)
    same_length("Colours", colors, len(values), "bars")
    if horizontal is None:
        horizontal = _lie_down(labels)
    fig, ax = (ax.figure, ax) if ax is not None else figure(size)
    _draw_bars(ax, labels, values, errors, [color_of(color) for color in colors], horizontal)
    if digits is not None:
        _write_values(ax, values, errors, digits, horizontal)
    finish(ax, title, **{"xlabel" if horizontal else "ylabel": xlabel})
    return fig, ax


def histogram(
    values,
    *,
    bins: int | Sequence[float] = 30,
    density: bool = False,
    marks: Mapping[str, float] | None = None,
    xlabel: str = "",
    title: str = "",
    colors: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    size: str = "single",
) -> tuple[Figure, Axes]:
    """How often values occur, one or several samples over the same bins.

    NaN are left out. `marks` are vertical lines with a name, such as a mean or a threshold.

    Shapes:
        values: any shape, or `{name: any shape}`.

    Raises:
        ValueError: empty, NaN only, or an infinite value.
    """
    named = values if isinstance(values, Mapping) else {"": values}
    if not named:
        raise ValueError("There is nothing to count: the samples are empty.")
    samples = {name: _finite(name, sample) for name, sample in named.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(samples.values())), bins)
    fig, ax = (ax.figure, ax) if ax is not None else figure(size)
    for position, (name, sample) in enumerate(samples.items()):
        color = color_of((colors or {}).get(name, name if name in PALETTE else None), position)
        look = {"color": color, "label": name or None, "density": density}
        ax.hist(
            sample, edges, histtype="stepfilled", alpha=0.85 if len(samples) == 1 else 0.45, **look
        )
        if len(samples) > 1:
            ax.hist(sample, edges, histtype="step", linewidth=1.8, **(look | {"label": None}))
    ax.grid(axis="x", visible=False)
    ax.margins(x=0.01)
    finish(ax, title, xlabel, "density" if density else "count")
    if marks:
        _draw_marks(ax, marks)
    if any(samples):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(samples), borderaxespad=0.2)
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
    gap = 1.2 * points / height
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


def _lie_down(labels) -> bool:
    longest = max(len(str(label)) for label in labels)
    return longest * len(labels) > LONGEST_UPRIGHT


def _draw_bars(ax, labels, values, errors, colors, horizontal) -> None:
    at = np.arange(len(values))
    whisker = {"ecolor": PALETTE["ink"], "capsize": 3, "error_kw": {"elinewidth": 1.2}}
    if horizontal:
        ax.barh(at, values, 0.68, xerr=errors, color=colors, **whisker)
        ax.set_yticks(at, labels)
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
        ax.xaxis.set_major_locator(MaxNLocator(5))
    else:
        ax.bar(at, values, 0.68, yerr=errors, color=colors, **whisker)
        ax.set_xticks(at, labels)
        ax.tick_params(axis="x", length=0)
        ax.grid(axis="x", visible=False)
        ax.yaxis.set_major_locator(MaxNLocator(5))


def _write_values(ax, values, errors, digits, horizontal) -> None:
    """The value beyond each bar's end and its error bar."""
    reach = np.abs(values) + (0 if errors is None else errors)
    for at, (value, far) in enumerate(zip(values, np.copysign(reach, values))):
        if np.isnan(value):
            continue
        away = 5 if value >= 0 else -5
        ax.annotate(
            f"{value:.{digits}f}",
            (far, at) if horizontal else (at, far),
            (away, 0) if horizontal else (0, away),
            textcoords="offset points",
            size=11,
            ha=("left" if value >= 0 else "right") if horizontal else "center",
            va="center" if horizontal else ("bottom" if value >= 0 else "top"),
        )
    ax.margins(**{"x" if horizontal else "y": 0.16})


def _finite(name, sample) -> np.ndarray:
    flat = numbers(f"Sample {name!r}", sample, tuple(range(9))).ravel()
    if np.isinf(flat).any():
        raise ValueError(f"Sample {name!r} holds an infinite value, which no bin can count.")
    return flat[~np.isnan(flat)]


def _draw_marks(ax, marks) -> None:
    """Named vertical lines; the names point outwards and step down, so no line crosses one."""
    ordered = sorted(marks.items(), key=lambda mark: mark[1])
    n_left = len(ordered) // 2
    if len(ordered) == 1 and ordered[0][1] > np.mean(ax.get_xlim()):
        n_left = 1
    sides = (("right", -5, ordered[:n_left][::-1]), ("left", 5, ordered[n_left:]))
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (1 + 0.12 * max(n_left, len(ordered) - n_left)))
    for alignment, away, named in sides:
        for step, (name, value) in enumerate(named):
            top = 1 - 0.1 * step
            ax.axvline(value, ymax=top, color=PALETTE["ink"], linewidth=1.3, linestyle=(0, (4, 2)))
            ax.annotate(
                name,
                (value, top),
                (away, -2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha=alignment,
                va="top",
                size=11,
            )
