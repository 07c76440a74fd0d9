"""Interactive figures in a browser: what they compute, by hand and by keyboard."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from utils import plots

IMAGE = [[1, 2, 0, 1, 3], [0, 1, 3, 2, -1], [2, 0, 1, 1, 0.5], [1, 1, 0, 2, 4]]
KERNEL = [[1, 0], [2, -1.25]]
FOCUS = "document.querySelector('conv-window').shadowRoot.activeElement?.ariaLabel"


@pytest.fixture
def show(browser):
    """A page with nothing in it but a `<conv-window>`; no script may raise an error."""
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def show(image, kernel):
        figure = plots.Interactive("conv-window", "no scripts", image=image, kernel=kernel)
        page.set_content(figure._repr_html_())
        return page

    yield show
    page.close()
    assert errors == []


def numbers(page):
    return [float(text.replace("−", "-")) for text in page.locator("button").all_text_contents()]


def test_every_setting_gives_torchs_numbers(show):
    page = show(IMAGE, KERNEL)
    image, kernel = (torch.tensor(m, dtype=torch.float64)[None, None] for m in (IMAGE, KERNEL))
    for setting in itertools.product((1, 2, 3), (0, 1, 2), (1, 2)):
        for name, value in zip(("stride", "padding", "dilation"), setting):
            page.get_by_label(name).select_option(str(value))
        expected = F.conv2d(image, kernel, None, *setting).flatten()
        assert numbers(page) == pytest.approx(expected.tolist(), abs=0.006), setting


def test_a_changed_pixel_changes_the_output_and_keeps_the_focus(show):
    page = show(IMAGE, KERNEL)
    page.get_by_label("pixel at row 0, column 0").fill("10")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "pixel at row 0, column 1"
    assert numbers(page)[0] == pytest.approx(10 + 2 * 0 - 1.25, abs=0.006)
    page.get_by_label("pixel at row 0, column 0").fill("")
    page.keyboard.press("Tab")
    assert page.get_by_label("pixel at row 0, column 0").input_value() == "10", "nothing is lost"


def test_arrow_keys_move_through_the_output_and_say_the_sum(show):
    page = show(IMAGE, KERNEL)
    page.get_by_label("output at row 0, column 0").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUS).startswith("output at row 1, column 1: ")
    assert page.locator("p").text_content() == "C(1, 1) = 1·1 + 0·3 + 2·0 + (−1.25)·1 = −0.25"
    assert page.locator("button[tabindex='0']").count() == 1


def test_a_kernel_that_does_not_fit_is_said(show):
    page = show([[1, 2], [3, 4]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert "does not fit" in page.locator("p").text_content()
    page.get_by_label("padding").select_option("1")
    assert numbers(page) == [5, 2, 3, 5]


def test_an_unknown_figure_names_the_known_ones():
    with pytest.raises(FileNotFoundError, match="conv-window"):
        plots.Interactive("conv-windows", "no scripts")
