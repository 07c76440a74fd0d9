"""`utils.plots` by what it drew: texts, colours, limits and counts of artists, not pixels."""

import logging

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from utils import plots
from utils.plots import style
from utils.plots.lines import spread


@pytest.fixture(autouse=True)
def house():
    with matplotlib.rc_context():
        matplotlib.use("agg")
        plots.use_house_style()
        yield
        plt.close("all")


def same_color(one, other):
    return to_hex(one).lower() == to_hex(other).lower()


def texts_in(fig):
    """Every level or upright text that is drawn, with its size and its place in pixels."""
    drawn = []
    draw = Text.draw

    def remember(text, *arguments):
        draw(text, *arguments)
        drawn.append(text)

    with pytest.MonkeyPatch.context() as patch:
        fig.draw_without_rendering()  # settles the layout
        patch.setattr(Text, "draw", remember)
        fig.draw_without_rendering()
    level = [t for t in drawn if t.get_rotation() % 90 == 0]  # slanted ones may share a box
    shown = [t for t in level if t.get_visible() and t.get_text()]
    return [(t.get_text(), t.get_size(), t.get_window_extent()) for t in shown]


def overlapping(placed):
    return [
        (a, b)
        for at, (a, _, box) in enumerate(placed)
        for b, _, other in placed[at + 1 :]
        if min(box.x1, other.x1) - max(box.x0, other.x0) > 1
        and min(box.y1, other.y1) - max(box.y0, other.y0) > 1
    ]


def outside(placed, fig):
    width, height = fig.get_size_inches() * fig.dpi
    return [
        text
        for text, _, box in placed
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]


EPOCHS = np.arange(1, 31)
RUNS = 0.9 * np.exp(-EPOCHS / 6) + np.linspace(0, 0.1, 5)[:, None]

DRAWN = {
    "curves": lambda size: plots.curves(
        {"train": RUNS, "test": RUNS + 0.01, "baseline": np.full(30, 0.1)},
        xlabel="epoch",
        ylabel="loss (nats)",
        title="Five seeds",
        size=size,
    ),
    "curves with a legend": lambda size: plots.curves(
        {"a": EPOCHS, "a name too long for the end of its line": 2 * EPOCHS}, title="t", size=size
    ),
    "log curves": lambda size: plots.curves(
        [3, 5, 9, 17, 33],
        {"loops": [50, 60, 70, 80, 90], "FFT": [8, 6, 3, 1.2, 0.4]},
        xlog=True,
        ylog=True,
        xlabel="kernel size",
        size=size,
    ),
    "bars": lambda size: plots.bars(
        ["loops", "im2col", "FFT"], [9.5, 1.5, 2.2], errors=[0.5, 0.1, 0.2], digits=1, size=size
    ),
    "lying bars": lambda size: plots.bars(
        ["logistic regression", "nearest neighbours", "a network with augmentation"],
        [0.967, 0.984, 0.992],
        digits=3,
        title="Digits",
        size=size,
    ),
    "histogram": lambda size: plots.histogram(
        {"normal": EPOCHS, "anomaly": EPOCHS + 20},
        marks={"mean": 15, "median": 17, "threshold": 30},
        xlabel="score",
        size=size,
    ),
    "heat map": lambda size: plots.heatmap(
        np.arange(-32, 32).reshape(8, 8) / 7,
        title="Weights",
        xlabel="key",
        ylabel="query",
        size=size,
    ),
    "labelled heat map": lambda size: plots.heatmap(
        np.eye(6), column_labels=["a long label"] * 6, row_labels=list("abcdef"), size=size
    ),
    "heat maps": lambda size: plots.heatmaps(
        [np.eye(8), np.eye(3), np.eye(6)],
        ["image", "kernel", "output"],
        between=("⋆", "="),
        size=size,
    ),
    "images": lambda size: plots.image_grid(
        np.random.default_rng(0).random((12, 8, 8)),
        titles=[f"{n} for {n + 1}" for n in range(12)],
        title="Errors",
        size=size,
    ),
    "captioned images": lambda size: plots.image_grid(
        np.ones((4, 48, 48)),
        titles=["from the left a small three and a large two"] * 4,
        columns=4,
        size=size,
    ),
    "confusion": lambda size: plots.confusion(np.diag(range(10)) + 1, title="Test", size=size),
}


@pytest.mark.parametrize("size", plots.SIZES)
@pytest.mark.parametrize("name", DRAWN)
def test_texts_are_apart_inside_and_readable_on_a_telephone(name, size, caplog):
    with caplog.at_level(logging.WARNING, "matplotlib"):
        fig, _ = DRAWN[name](size)
        placed = texts_in(fig)
    assert placed
    assert overlapping(placed) == []
    assert outside(placed, fig) == []
    assert caplog.messages == []  # a missing font or glyph would be logged into the notebook
    width = fig.get_size_inches()[0]
    assert width == plots.SIZES[size][0]
    shrunk = 358 / (100 * width)  # 390 pixels of a telephone, less the page's margins
    assert min(points for _, points, _ in placed) * 100 / 72 * shrunk >= 7


def test_style_sets_paper_type_and_twice_the_pixels():
    settings = matplotlib.rcParams
    assert same_color(settings["figure.facecolor"], "#FBFAF7")
    assert settings["font.family"][0] == "Source Sans 3"
    assert settings["savefig.dpi"] == 2 * settings["figure.dpi"] == 200
    assert [entry["color"] for entry in settings["axes.prop_cycle"]] == list(plots.CYCLE)


def test_style_falls_back_where_the_fonts_are_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(style, "FONTS", tmp_path)
    monkeypatch.setattr(style, "FAMILY", "No Such Family")
    plots.use_house_style()
    assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]


def test_a_notebook_stores_png_at_twice_the_size_and_says_nothing():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    code = (
        "from utils import plots\nplots.use_house_style()",
        "fig, ax = plots.curves({'train': [3, 2, 1], 'a ⋆': [1, 2, 3]})\nplots.show()",
    )
    cells = [nbformat.v4.new_code_cell(source) for source in code]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    assert notebook.cells[0].outputs == []
    (output,) = notebook.cells[1].outputs
    assert output.metadata["image/png"] == {"width": 500, "height": 330}


def test_color_maps_end_in_the_roles_and_paper_is_the_middle():
    maps = matplotlib.colormaps
    assert same_color(maps["house"](0.0), plots.PALETTE["paper"])
    assert same_color(maps["house_diverging"](0.5), plots.PALETTE["paper"])
    red, _, blue, _ = maps["house_diverging"](0.1)
    assert red > blue  # negative is vermilion
    assert same_color(maps["house_ink"](1.0), plots.PALETTE["ink"])


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_readable_text_reaches_the_contrast(rgb):
    color = to_hex([part / 255 for part in rgb])
    assert style.contrast(plots.readable(color), plots.PALETTE["paper"]) >= 4.5


def test_contrast_of_black_and_white_is_21():
    assert style.contrast("black", "white") == pytest.approx(21)


def test_readable_leaves_a_dark_color_alone():
    assert same_color(plots.readable(plots.PALETTE["train"]), plots.PALETTE["train"])


def test_unknown_size_names_the_nearest():
    with pytest.raises(ValueError, match=r"No figure size 'widest'; the nearest is 'wide'"):
        plots.figure("widest")


def test_unknown_color_names_the_nearest():
    with pytest.raises(ValueError, match=r"No colour 'trains'; the nearest is 'train'"):
        plots.bars(["a"], [1], colors="trains")


def test_curves_take_roles_values_and_names():
    _, ax = plots.curves({"train": [3.0, 2, 1], "other": torch.tensor([1.0, 1, 1])})
    assert [line.get_label() for line in ax.lines] == ["train", "other"]
    assert same_color(ax.lines[0].get_color(), plots.PALETTE["train"])
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert list(ax.lines[0].get_ydata()) == [3, 2, 1]
    assert [text.get_text() for text in ax.texts] == ["train", "other"]
    assert ax.get_legend() is None


def test_curves_draw_the_mean_and_the_band_of_runs():
    _, ax = plots.curves([0, 10], {"train": torch.tensor([[0.0, 2], [4, 6]])})
    assert list(ax.lines[0].get_ydata()) == [2, 4]
    edges = ax.collections[0].get_paths()[0].vertices
    assert edges[:, 1].min() == 0 and edges[:, 1].max() == 6
    _, ax = plots.curves({"train": [[0.0, 2], [4, 6]]}, band="sd")
    assert ax.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(4 + 8**0.5)


def test_curves_give_each_its_own_positions():
    _, ax = plots.curves({"a": [1, 2, 3], "b": [5, 6]}, {"a": [1, 1, 1], "b": [2, 2]})
    assert list(ax.lines[1].get_xdata()) == [5, 6]


def test_curves_draw_into_given_axes_on_log_scales():
    fig, (left, right) = plots.figure("wide", columns=2)
    found = plots.curves([1, 10, 100], [1, 2, 3], xlog=True, ylog=True, xlabel="step", ax=right)
    assert found == (fig, right)
    assert right.get_xscale() == right.get_yscale() == "log"
    assert right.get_xlabel() == "step (log)"
    assert not left.lines


def test_a_short_log_axis_is_labelled_in_plain_figures():
    fig, ax = plots.curves([3, 5, 9, 17, 33], [1, 2, 3, 4, 5], xlog=True)
    fig.canvas.draw()
    low, high = ax.get_xlim()
    shown = [t.get_text() for t in ax.get_xticklabels() if low <= t.get_position()[0] <= high]
    assert shown == ["5", "10", "20"]


def test_names_stand_at_the_heights_of_their_ends():
    _, ax = plots.curves({"low": [0.0, 1], "high": [0.0, 9]}, ylim=(0, 10))
    heights = {text.get_text(): text.xy[1] for text in ax.texts}
    assert heights["low"] == pytest.approx(0.1) and heights["high"] == pytest.approx(0.9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.2))
def test_spread_keeps_order_and_distance(heights, gap):
    placed = spread(heights, gap)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(placed[order]) >= gap - 1e-9).all()
    if len(heights) == 1 or np.diff(np.sort(heights)).min() >= gap + 1e-9:
        assert np.allclose(placed, heights)


def test_bars_lie_down_for_long_labels_and_write_values():
    _, ax = plots.bars(["a", "b"], torch.tensor([1.0, -2.0]), errors=[0.1, 0.2], digits=1)
    assert [patch.get_height() for patch in ax.patches] == [1, -2]
    assert [text.get_text() for text in ax.texts] == ["1.0", "−2.0"]
    _, ax = plots.bars(["a rather long label"] * 3, [1, 2, 3], xlabel="time (s)")
    assert [patch.get_width() for patch in ax.patches] == [1, 2, 3]
    assert ax.get_xlabel() == "time (s)"
    assert ax.yaxis_inverted()  # the first label stands on top


def test_histogram_counts_everything_over_common_bins():
    _, ax = plots.histogram({"a": [0.0, 1, 1, np.nan], "b": [2.0]}, bins=2, marks={"mean": 1})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.get_ylabel() == "count"
    assert [text.get_text() for text in ax.texts] == ["mean"]
    assert {x for patch in ax.patches for x in patch.get_xy()[:, 0]} == {0, 1, 2}
    assert max(patch.get_xy()[:, 1].max() for patch in ax.patches) == 2


def test_density_of_a_histogram_has_area_one():
    _, ax = plots.histogram(np.arange(10.0), bins=5, density=True)
    assert ax.get_ylabel() == "density"
    assert ax.patches[0].get_xy()[:, 1].max() == pytest.approx(1 / 9)


def test_heatmap_writes_each_number_in_a_color_read_on_its_cell():
    values = np.array([[0.0, -3.0], [1.5, np.nan]])
    _, ax = plots.heatmap(values)
    assert [text.get_text() for text in ax.texts] == ["0.0", "−3.0", "1.5"]
    cells = ax.images[0]
    assert cells.get_cmap().name == "house_diverging" and cells.get_clim() == (-3, 3)
    for text, value in zip(ax.texts, (0, -3, 1.5)):
        assert style.contrast(text.get_color(), to_hex(cells.cmap(cells.norm(value)))) >= 4.5


def test_heatmap_of_positive_numbers_starts_at_zero_and_shows_whole_ones_whole():
    _, ax = plots.heatmap(torch.tensor([[1, 2], [3, 4]]), column_labels=["a", "b"])
    assert ax.images[0].get_cmap().name == "house" and ax.images[0].get_clim() == (0, 4)
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3", "4"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]


def test_large_heatmap_has_a_color_bar_instead_of_numbers():
    fig, ax = plots.heatmap(np.ones((20, 20)))
    assert not ax.texts and len(fig.axes) == 2


def test_highlight_is_one_outline_around_the_cells():
    _, ax = plots.heatmap(np.eye(4), highlight=[(1, 1), (1, 2), (2, 1), (2, 2)])
    (outline,) = (c for c in ax.collections if isinstance(c, LineCollection))
    sides = outline.get_segments()
    assert len(sides) == 8  # two for each side of the square, none inside
    assert np.concatenate(sides).min() == 0.5 and np.concatenate(sides).max() == 2.5


def test_heatmaps_have_cells_of_one_size_and_signs_between():
    fig, axes = plots.heatmaps([np.eye(8), np.eye(3)], ["image", "kernel"], between="⋆")
    widths = [ax.get_position().width for ax in axes]
    assert widths[0] / widths[1] == pytest.approx(8 / 3)
    assert [ax.get_title("center") for ax in axes] == ["image", "kernel"]
    assert [text.get_text() for text in fig.texts] == ["⋆"]


def test_image_grid_frames_right_and_wrong():
    _, axes = plots.image_grid(
        torch.rand(3, 1, 8, 8), titles=["a", "b", "c"], frames=[True, False, None]
    )
    colors = [[patch.get_edgecolor() for patch in ax.patches] for ax in axes.flat]
    assert same_color(colors[0][0], plots.PALETTE["good"])
    assert same_color(colors[1][0], plots.PALETTE["test"])
    assert colors[2] == []
    assert [ax.get_title("center") for ax in axes.flat] == ["a", "b", "c"]


def test_image_grid_fills_the_last_row_with_nothing():
    _, axes = plots.image_grid(np.ones((5, 4, 4)), columns=3)
    assert axes.shape == (2, 3)
    assert [len(ax.images) for ax in axes.flat] == [1] * 5 + [0]


def test_image_rows_put_pictures_side_by_side_under_one_scale():
    named = {"originals": np.zeros((3, 1, 8, 8)), "copies": torch.ones(3, 8, 8)}
    _, axes = plots.image_rows(named)
    assert [ax.get_yticklabels()[0].get_text() for ax in axes] == ["originals", "copies"]
    strips = [ax.images[0] for ax in axes]
    assert [strip.get_array().shape for strip in strips] == [(8, 26)] * 2
    assert strips[0].get_clim() == strips[1].get_clim() == (0, 1)
    assert strips[1].get_array()[:, 8].mask.all()
    assert np.array_equal(strips[1].get_array()[:, 9:17], np.ones((8, 8)))


def test_image_rows_keep_colours():
    _, axes = plots.image_rows({"red": np.ones((2, 3, 8, 8)) * [[[[1]], [[0]], [[0]]]]})
    assert axes[0].images[0].get_array().shape == (8, 17, 3)


@pytest.mark.parametrize("rows", [{}, {"a": np.ones((2, 8, 8)), "b": np.ones((3, 8, 8))}])
def test_image_rows_refuse_nothing_and_unlike_rows(rows):
    with pytest.raises(ValueError, match="row"):
        plots.image_rows(rows)


def test_image_grid_draws_digits_in_ink_photographs_in_grey_and_colours_as_they_are():
    def drawn(images):
        return plots.image_grid(images)[1].flat[0].images[0]

    assert drawn(np.eye(8)[None]).get_cmap().name == "house_ink"
    assert drawn(np.eye(64)[None]).get_cmap().name == "gray"
    assert drawn(np.ones((2, 3, 8, 9))).get_array().shape == (8, 9, 3)


def test_confusion_blanks_zeros_and_colours_mistakes():
    _, ax = plots.confusion([[40, 0], [1, 4]], ["cat", "dog"])
    assert [text.get_text() for text in ax.texts] == ["40", "1", "4"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")
    shares = ax.images[0].get_array()
    assert shares[0, 0] == 1 and shares[0, 1] == 0 and shares[1, 0] < -0.18


BAD = {
    "must hold at least one number; there is none": [
        lambda: plots.curves([]),
        lambda: plots.bars([], []),
        lambda: plots.histogram([]),
        lambda: plots.heatmap(np.empty((0, 3))),
        lambda: plots.image_grid(np.empty((0, 8, 8))),
    ],
    "are NaN": [
        lambda: plots.curves({"a": [np.nan]}),
        lambda: plots.bars(["a"], [np.nan]),
        lambda: plots.histogram([np.nan, np.nan]),
        lambda: plots.heatmap([[np.nan]]),
        lambda: plots.image_grid(np.full((1, 4, 4), np.nan)),
    ],
    "dimension": [
        lambda: plots.curves(np.ones((2, 2, 2))),
        lambda: plots.heatmap([1, 2]),
        lambda: plots.image_grid(np.ones((4, 4))),
    ],
    "against": [
        lambda: plots.curves([1, 2], [1, 2, 3]),
        lambda: plots.bars(["a", "b"], [1]),
        lambda: plots.bars(["a"], [1], errors=[1, 2]),
        lambda: plots.bars(["a"], [1], colors=["train", "test"]),
        lambda: plots.heatmap(np.eye(2), row_labels=["a"]),
        lambda: plots.heatmap(np.eye(2), column_labels=["a"]),
        lambda: plots.heatmaps([np.eye(2)], ["a", "b"]),
        lambda: plots.heatmaps([np.eye(2)] * 2, between=("+", "=")),
        lambda: plots.heatmaps([np.eye(2)] * 2, highlight=[[]]),
        lambda: plots.image_grid(np.ones((2, 4, 4)), titles=["a"]),
        lambda: plots.image_grid(np.ones((2, 4, 4)), frames=[True]),
        lambda: plots.confusion(np.eye(2), ["a"]),
    ],
    "empty": [lambda: plots.curves({}), lambda: plots.heatmaps([]), lambda: plots.histogram({})],
    "no positions for curve 'b'": [lambda: plots.curves({"a": [1]}, {"b": [1]})],
    "A band is 'range' or 'sd'": [lambda: plots.curves([1], band="iqr")],
    "log axis needs positive": [
        lambda: plots.curves([-1, -2], ylog=True),
        lambda: plots.curves([-1, 0], [1, 2], xlog=True),
    ],
    "cannot be negative": [lambda: plots.bars(["a"], [1], errors=[-1])],
    "infinite": [lambda: plots.histogram([1, np.inf])],
    "1 or 3 channels": [lambda: plots.image_grid(np.ones((1, 2, 4, 4)))],
    "Columns are a whole number": [lambda: plots.image_grid(np.ones((1, 4, 4)), columns=0)],
    "is square": [lambda: plots.confusion(np.ones((2, 3)))],
    "whole numbers from 0": [
        lambda: plots.confusion([[1, -1], [0, 1]]),
        lambda: plots.confusion([[0.5, 0], [0, 1]]),
    ],
}


@pytest.mark.parametrize(
    ("says", "draw"), [(says, draw) for says, draws in BAD.items() for draw in draws]
)
def test_bad_input_is_named(says, draw):
    with pytest.raises(ValueError, match=says):
        draw()


@pytest.mark.parametrize("values", [["a", "b"], [[1, 2], [3]], object()])
def test_what_is_not_numbers_is_named(values):
    with pytest.raises(TypeError, match="must be numbers"):
        plots.curves({"a": values})


def test_a_tensor_that_needs_a_gradient_is_drawn():
    weights = torch.ones(2, 2, requires_grad=True)
    plots.heatmap(weights)
    plots.image_grid([weights, 2 * weights])
