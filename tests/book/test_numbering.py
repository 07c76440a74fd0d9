"""Section numbers come from file names: on the site, in `_toc.yml` and in the notebooks alike."""

import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))
from book_numbers import number_of  # noqa: E402


@pytest.mark.parametrize(
    ("docname", "number"),
    [
        ("book/3-principles/3-2-1-convolution", (3, 2, 1)),
        ("book/4-practice/4-1-convnet-in-pytorch", (4, 1)),
        ("book/3-principles/index", (3,)),
        ("book/10-more/10-12-tens", (10, 12)),
        ("book/back/notation", ()),
        ("book/intro", ()),
        ("index", ()),
        ("book/2-concepts/2d-pictures", ()),  # a number ends with a hyphen
        ("book/2-concepts/3-d", (3,)),
    ],
)
def test_the_number_that_a_file_name_states(docname, number):
    assert number_of(docname) == number


PAGES = {
    "index.md": "# Start\n\n```{toctree}\n3-principles/index\nback/notation\n```\n",
    "3-principles/index.md": (
        "# Principles\n\n```{toctree}\n3-2-1-convolution\n3-6-attention\n```\n"
    ),
    "3-principles/3-2-1-convolution.md": (
        "# Convolution\n\nSee {numref}`fig-b` and {eq}`eq-a`.\n\n## A heading\n\n"
        "```{figure} dot.png\n:name: fig-a\nFirst\n```\n\n"
        "```{figure} dot.png\n:name: fig-b\nSecond\n```\n\n$$ y = x $$ (eq-a)\n"
    ),
    "3-principles/3-6-attention.md": (
        "# Attention\n\n```{figure} dot.png\n:name: fig-c\nThird\n```\n"
    ),
    "back/notation.md": "# Notation\n",
}


@pytest.fixture(scope="module")
def small_book(tmp_path_factory) -> Sphinx:
    """A book of five pages, with chapters 3.2.1 and 3.6 and none between."""
    root = tmp_path_factory.mktemp("book")
    for name, text in PAGES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "3-principles" / "dot.png").write_bytes(b"")
    settings = {
        "extensions": ["myst_parser", "book_numbers"],
        "myst_enable_extensions": ["dollarmath"],
        "numfig": True,
        "numfig_secnum_depth": 3,
        "html_theme": "basic",
    }
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            root, None, root / "out", root / "trees", "html", settings, status=None, freshenv=True
        )
        app.build()
    assert app.statuscode == 0
    return app


def test_page_titles_are_numbered_and_nothing_else(small_book):
    numbers = small_book.env.toc_secnumbers
    assert numbers["3-principles/3-2-1-convolution"] == {"": (3, 2, 1), "#a-heading": ()}
    assert numbers["3-principles/index"] == {"": (3,)}
    assert numbers["back/notation"] == {"": ()}
    html = (Path(small_book.outdir) / "3-principles/3-2-1-convolution.html").read_text()
    assert re.findall(r'<h(\d)><span class="section-number">3\.2\.1\. ', html) == ["1"]
    assert len(re.findall(r'<h\d><span class="section-number">', html)) == 1


def test_figures_and_formulas_take_the_number_of_their_page(small_book):
    numbers = small_book.env.toc_fignumbers
    page = numbers["3-principles/3-2-1-convolution"]
    assert page["figure"] == {"fig-a": (3, 2, 1, 1), "fig-b": (3, 2, 1, 2)}
    assert list(page["displaymath"].values()) == [(3, 2, 1, 1)]
    assert numbers["3-principles/3-6-attention"]["figure"] == {"fig-c": (3, 6, 1)}
    html = (Path(small_book.outdir) / "3-principles/3-2-1-convolution.html").read_text()
    assert "Fig. 3.2.1.2" in html


def test_the_contents_show_the_numbers(small_book):
    html = (Path(small_book.outdir) / "index.html").read_text()
    assert "3. Principles" in html and "3.2.1. Convolution" in html and "3.6. Attention" in html


def files(entry: dict | list, parent: str = "") -> list[tuple[str, str]]:
    """Every page of a table of contents with the page above it."""
    if isinstance(entry, list):
        return [pair for part in entry for pair in files(part, parent)]
    file = entry.get("file", parent)
    below = [entry[key] for key in ("parts", "chapters", "sections") if key in entry]
    return [(file, parent)] * ("file" in entry) + files(below, file)


CONTENTS = files(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
NOTEBOOKS = [page for page, _ in CONTENTS if (ROOT / f"{page}.ipynb").exists()]


@pytest.mark.parametrize(("page", "parent"), CONTENTS)
def test_every_listed_page_exists_under_the_page_whose_number_it_continues(page, parent):
    assert any((ROOT / page).with_suffix(end).is_file() for end in (".md", ".ipynb"))
    number, above = number_of(page), number_of(parent)
    assert number[: len(above)] == above
    assert len(number) == 0 or len(number) > len(above)


def test_the_pages_are_in_the_order_of_their_numbers():
    numbers = [number_of(page) for page, _ in CONTENTS if number_of(page)]
    assert numbers == sorted(set(numbers))
    assert [number for number in numbers if len(number) == 1] == [(part,) for part in range(1, 9)]


@pytest.mark.parametrize(
    "page", [page for page, _ in CONTENTS if (ROOT / f"{page}.ipynb").exists()]
)
def test_a_notebook_states_the_section_that_its_name_states(page):
    metadata = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))["metadata"]
    assert metadata["source_section"] == ".".join(map(str, number_of(page)))
