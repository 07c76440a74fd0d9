"""Notebooks are run in this Python, stored in one form, and only if they ran to their end."""

import sys

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks

RUNS = """
import os, sys
from IPython.display import Image, display
print(os.environ["LARGE_MODELS_PROGRESS"], sys.executable, os.path.exists("1-1-first.ipynb"))
display(Image(data=b"\\x89PNG" + bytes(99), format="png"))
"""


def code(name, source, **more):
    cell = new_code_cell(source, **more)
    cell["id"] = name
    return cell


def chapter(folder, name, *cells, **metadata):
    path = folder / "1-part" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.v4.writes(new_notebook(cells=list(cells), metadata=metadata)))
    return path


@pytest.fixture
def book(tmp_path):
    folder = tmp_path / "book"
    folder.mkdir()
    for name in ("1-10-tenth", "1-1-first", "1-2-1-deeper"):
        chapter(folder, name, code("one", "1"))
    return folder


# Names


def test_chapters_are_found_by_number_and_in_order(book):
    (book / "1-part" / ".ipynb_checkpoints").mkdir()
    (book / "1-part" / ".ipynb_checkpoints" / "1-3-copy.ipynb").touch()
    chapter(book, "scratch")
    assert list(notebooks.chapters(book)) == ["1-1", "1-2-1", "1-10"]
    assert notebooks.path_of("1.2.1", book).name == "1-2-1-deeper.ipynb"


def test_an_unknown_number_is_answered_with_the_nearest(book, capsys):
    assert notebooks.main(["path", "1-2-2"], book) == 2
    assert "the nearest is '1-2-1', and these exist: 1-1, 1-2-1, 1-10" in capsys.readouterr().err


def test_list_and_path_print_the_files(book, capsys):
    assert notebooks.main(["list"], book) == notebooks.main(["path", "1-1"], book) == 0
    printed = capsys.readouterr().out
    assert printed.count("book/1-part/1-1-first.ipynb\n") == 2


def test_execute_needs_to_know_what(book, capsys):
    assert notebooks.main(["execute"], book) == notebooks.main(["execute", "--all", "1-1"], book)
    assert "Name the chapters" in capsys.readouterr().err


# One form


def noisy():
    picture = new_output(
        "display_data",
        data={"image/png": "aGVsbG8=\n", "text/plain": "<Figure>"},
        metadata={"needs_background": "light", "image/png": {"width": 300}},
    )
    failed = new_output(
        "error",
        ename="E",
        evalue="bad",
        traceback=[
            "---",
            "\x1b[36mCell\x1b[39m In[1]",
            "\x1b[36mFile \x1b[39m~/x/torch/nn.py:3",
            "E: bad",
        ],
    )
    noise = {"execution": {"start": "12:00"}, "collapsed": True, "vscode": {}, "tags": ["b"]}
    return new_notebook(
        cells=[
            code("draw", "draw()  \n\n", outputs=[picture], execution_count=3, metadata=noise),
            code("fails", "fail()", outputs=[failed], execution_count=4),
            new_markdown_cell("  \n", id="empty"),
        ],
        metadata={
            "claims": ["1.1"],
            "widgets": {"state": 1},
            "kernelspec": {"name": "mine", "display_name": "Mine"},
            "language_info": {"name": "python", "version": "3.11.7"},
        },
    )


def test_normalising_takes_the_noise_and_leaves_the_rest():
    normal = notebooks.normalise(noisy())
    draw, fails = normal.cells
    assert normal.metadata == {
        "claims": ["1.1"],
        "kernelspec": notebooks.KERNELSPEC,
        "language_info": notebooks.LANGUAGE_INFO,
    }
    assert (draw.id, draw.source, draw.execution_count) == ("draw", "draw()", 3)
    assert draw.metadata == {"tags": ["b"]}
    assert draw.outputs[0].metadata == {"image/png": {"width": 300}}
    assert draw.outputs[0].data["image/png"] == "aGVsbG8=\n"
    assert fails.outputs[0].traceback == ["---", "\x1b[36mCell\x1b[39m In[1]", "E: bad"]


@given(
    source=st.text(alphabet="ab #\n\t ", max_size=30),
    keys=st.lists(st.sampled_from(["mystnb", "execution", "tolerance", "vscode"]), unique=True),
)
def test_normalising_twice_changes_nothing(source, keys):
    cell = code("a", source, metadata={key: {} for key in keys})
    once = notebooks.normalise(new_notebook(cells=[cell]))
    assert notebooks.as_text(notebooks.normalise(once)) == notebooks.as_text(once)


def test_the_hook_rewrites_once_and_says_so(book, capsys):
    path = chapter(book, "1-1-first", *noisy().cells)
    assert notebooks.main(["normalise", str(path)], book) == 1
    assert "normalised" in capsys.readouterr().out
    stored = path.read_bytes()
    assert notebooks.main(["normalise", str(path)], book) == 0
    assert path.read_bytes() == stored


def test_what_is_no_notebook_is_named(book, capsys):
    path = book / "1-part" / "1-1-first.ipynb"
    path.write_text("{")
    assert notebooks.main(["normalise", str(path)], book) == 2
    chapter(book, "1-1-first", code("same", "1"), code("other", "2"))
    path.write_text(path.read_text().replace("other", "same"))
    assert notebooks.main(["normalise", str(path)], book) == 2
    said = capsys.readouterr().err
    assert "is not a notebook" in said and "`same` stands twice" in said


def test_an_interrupted_write_leaves_the_old_file(book, monkeypatch):
    path = chapter(book, "1-1-first", *noisy().cells)
    before = path.read_bytes()
    monkeypatch.setattr(notebooks.os, "replace", lambda *_: (_ for _ in ()).throw(OSError()))
    with pytest.raises(OSError):
        notebooks.store(noisy(), path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if "draft" in p.name] == []


# Running


def test_two_runs_store_the_same_bytes(book, capsys):
    kernel = {"name": "somebody-elses", "display_name": "?", "language": "python"}
    planned = code("planned", "1 / 0", metadata={"tags": ["raises-exception"]})
    path = chapter(book, "1-1-first", code("draw", RUNS), planned, kernelspec=kernel)
    assert notebooks.main(["execute", "1-1"], book) == 0
    stored = path.read_bytes()
    draw, planned = notebooks.read(path).cells
    assert draw.outputs[0].text == f"0 {sys.executable} True\n"
    assert "image/png" in draw.outputs[1].data
    assert planned.outputs[0].ename == "ZeroDivisionError"
    assert (draw.execution_count, planned.execution_count) == (1, 2)
    assert notebooks.main(["execute", "1-1"], book) == 0
    assert path.read_bytes() == stored
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == [
        "stored",
        "unchanged",
    ]


def test_a_chapter_that_fails_is_not_stored(book, capsys):
    path = chapter(book, "1-1-first", code("fine", "1"), code("breaks", "int('x')"))
    before = path.read_bytes()
    assert notebooks.main(["execute", "1-1"], book) == 1
    assert path.read_bytes() == before
    said = capsys.readouterr().err
    assert "1-1-first.ipynb, cell `breaks`: ValueError: invalid literal for int()" in said
    assert "\x1b" not in said
