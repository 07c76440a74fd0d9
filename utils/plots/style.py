"""Palette, type and sizes of every figure, and the checks that all drawing functions share."""

import difflib
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

PALETTE = {
    "ink": "#1F2933",
    "paper": "#FBFAF7",
    "train": "#1B6CA8",
    "test": "#D9542B",
    "baseline": "#7A7F87",
    "accent": "#E0A11B",
    "good": "#00876C",
    "violet": "#7B4FA3",
    "grid": "#E4E0D8",
}
"""One colour per role across the whole book; told apart with any common colour blindness."""

CYCLE = tuple(PALETTE[role] for role in ("train", "test", "good", "accent", "violet", "baseline"))
"""Colours of lines and bars that have no role, in order."""

SIZES = {"single": (5.0, 3.3), "wide": (6.8, 3.4), "grid": (6.8, 5.6)}
"""The three sizes of a figure: width and height in inches, 100 pixels of the page each."""

FONTS = Path(__file__).parents[1] / "fonts"
FAMILY = "Source Sans 3"
FALLBACK = "DejaVu Sans"  # comes with matplotlib, and has the signs that the family lacks
HEAVY = 600  # the weight of titles and of names beside curves
CONTRAST = 4.5  # of text against its background, as WCAG 2 asks at level AA


def use_house_style() -> None:
    """Give every figure from here on the book's palette, type, sizes and twice the pixels.

    Where the vendored fonts are missing, DejaVu Sans takes their place.

    Units: type in points; figures in inches at 100 dots each, stored with 200.
    """
    _register_color_maps()
    mpl.rcParams.update(_settings(_register_fonts()))
    _store_two_pixels_for_one()


def figure(size: str = "single", rows: int = 1, columns: int = 1, **options) -> tuple[Figure, Axes]:
    """An empty figure in one of the three sizes, with one axes or a grid of them.

    `options` go to `plt.subplots` (`sharey=True`, `width_ratios=...`).

    Raises:
        ValueError: if `size` is not one of `SIZES`.
    """
    if size not in SIZES:
        raise ValueError(f"No figure size {size!r}; {_did_you_mean(size, SIZES)}")
    return plt.subplots(rows, columns, figsize=SIZES[size], layout="constrained", **options)


def show() -> None:
    """Show the figures drawn so far; the last line of a cell that draws."""
    plt.show()


def color_of(name: str | None, position: int = 0) -> str:
    """The colour of a role, a colour given as such, or the one at `position` of the cycle.

    Raises:
        ValueError: if `name` is neither a role of `PALETTE` nor a colour matplotlib knows.
    """
    if name is None:
        return CYCLE[position % len(CYCLE)]
    if name in PALETTE:
        return PALETTE[name]
    if not mpl.colors.is_color_like(name):
        raise ValueError(f"No colour {name!r}; {_did_you_mean(name, PALETTE)}")
    return to_hex(name)


def readable(color: str, background: str = PALETTE["paper"]) -> str:
    """The colour, mixed with ink just until text in it can be read on `background`.

    Source: contrast ratio of WCAG 2.2, success criterion 1.4.3.
    """
    shade, ink = np.array(to_rgb(color)), np.array(to_rgb(PALETTE["ink"]))
    for share in np.linspace(0, 1, 21):
        mixed = to_hex((1 - share) * shade + share * ink)
        if contrast(mixed, background) >= CONTRAST:
            break
    return mixed


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, from 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def numbers(what: str, values, dimensions: tuple[int, ...] = (1,)) -> np.ndarray:
    """`values` as a float array, or one sentence that says why they cannot be drawn.

    Raises:
        TypeError: if they are not numbers.
        ValueError: if there are none, if all are NaN, or if they have other dimensions.
    """
    try:
        array = np.asarray(_off_the_graph(values), dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be numbers; this is {type(values).__name__}.") from None
    if array.ndim not in dimensions:
        wanted = " or ".join(str(n) for n in dimensions)
        raise ValueError(f"{what} must have {wanted} dimension(s); the shape is {array.shape}.")
    if array.size == 0:
        raise ValueError(f"{what} must hold at least one number; there is none to draw.")
    if np.isnan(array).all():
        raise ValueError(f"{what} must hold at least one number; all {array.size} are NaN.")
    return array


def _off_the_graph(values):
    """Tensors, alone or in a list, without their gradients and in the computer's own memory."""
    if isinstance(values, list | tuple):
        return [_off_the_graph(value) for value in values]
    return values.detach().cpu() if hasattr(values, "detach") else values


def same_length(what: str, items, expected: int, of: str) -> None:
    """Raises ValueError unless there are `expected` items, as many as there are `of`."""
    if len(items) != expected:
        raise ValueError(f"{what} must be as many as {of}: {len(items)} against {expected}.")


def short(value: float, digits: int) -> str:
    """A number with so many decimals, a true minus sign, and no minus before zero."""
    text = f"{value:.{digits}f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return text.replace("-", "−")


def finish(ax: Axes, title: str = "", xlabel: str = "", ylabel: str = "") -> None:
    """Title and axis labels, each where there is one."""
    for text, put in ((title, ax.set_title), (xlabel, ax.set_xlabel), (ylabel, ax.set_ylabel)):
        if text:
            put(text)


def _luminance(color: str) -> float:
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _did_you_mean(name, known) -> str:
    nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0)
    return f"the nearest is {nearest[0]!r}; there are {', '.join(known)}."


def _register_fonts() -> list[str]:
    """Make the vendored fonts known; returns the families to set text in, best first."""
    manager = font_manager.fontManager
    known = {font.fname for font in manager.ttflist}
    for path in sorted(FONTS.glob("*.ttf")):
        if str(path) not in known:
            manager.addfont(str(path))
    fallback = [font for font in manager.ttflist if font.name == FALLBACK]
    if HEAVY not in {font.weight for font in fallback}:  # matplotlib logs a complaint otherwise
        manager.ttflist += [replace(f, weight=HEAVY) for f in fallback if f.weight == 700]
    return [FAMILY, FALLBACK] if FAMILY in manager.get_font_names() else [FALLBACK]


def _register_color_maps() -> None:
    paper, blue = PALETTE["paper"], PALETTE["train"]
    ramps = {
        "house": (paper, "#8DB8D8", blue, "#0D3E63"),
        "house_diverging": (
            "#8C2F12",
            PALETTE["test"],
            "#EFB49E",
            paper,
            "#9CC2DD",
            blue,
            "#0D3E63",
        ),
        "house_ink": (paper, PALETTE["ink"]),
    }
    for name, colors in ramps.items():
        ramp = LinearSegmentedColormap.from_list(name, colors, N=257)  # odd: the middle is paper
        if name not in mpl.colormaps:
            mpl.colormaps.register(ramp.with_extremes(bad=PALETTE["grid"]), name=name)


def _settings(families: list[str]) -> dict:
    ink, paper, grid = PALETTE["ink"], PALETTE["paper"], PALETTE["grid"]
    return {
        "font.family": families,
        "font.size": 12,
        "axes.titlesize": 13,
        "axes.titleweight": HEAVY,
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
        "axes.labelsize": 12,
        "xtick.labelsize": 11,
        "ytick.labelsize": 11,
        "legend.fontsize": 11,
        "legend.frameon": False,
        "mathtext.fontset": "cm",  # the page's formulas are set in the same letters
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "axes.edgecolor": PALETTE["baseline"],
        "figure.facecolor": paper,
        "axes.facecolor": paper,
        "savefig.facecolor": paper,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": grid,
        "grid.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.linewidth": 0.9,
        "xtick.major.size": 3.5,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "axes.prop_cycle": cycler(color=CYCLE),
        "lines.linewidth": 2.0,
        "lines.solid_capstyle": "round",
        "image.cmap": "house",
        "image.interpolation": "nearest",
        "figure.figsize": SIZES["single"],
        "figure.dpi": 100,
        "savefig.dpi": 200,
        "figure.constrained_layout.use": True,
        "axes.formatter.use_mathtext": True,
        "axes.unicode_minus": True,
    }


def _store_two_pixels_for_one() -> None:
    """In a notebook: PNG at twice the screen's resolution, in the exact size of the figure."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.config import InlineBackend
    except ImportError:  # a script needs neither
        return
    if get_ipython() is not None:
        settings = InlineBackend.instance()
        settings.figure_formats = {"retina"}
        settings.print_figure_kwargs = {"bbox_inches": None}
