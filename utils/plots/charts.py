"""Bars and histograms."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from utils.plots.style import PALETTE, color_of, figure, finish, numbers, same_length, short

LONGEST_UPRIGHT = 46  # letters under a row of bars; more would overlap


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
            short(value, digits),
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
