"""What other chapters measured: numbers on the pages of the book, read and never computed again.

The last chapters answer questions from the results of those before. They read the stored outputs,
so that an answer follows its evidence: a chapter that is run anew with another result changes the
answer too, and the comparison of notebooks says so.

Explained in: 8.1
"""

import difflib
import json
import re
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent / "book"
NUMBER = re.compile(
    r"(?<![\w.])[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\w]|\.\d)"
)


def printed(chapter: str, cell: str, book: Path = BOOK) -> str:
    """The text that a cell of a chapter printed, as it is stored: `printed("3.2.2", "noise-run")`.

    Raises:
        ValueError: no such chapter or cell (the nearest is named), or a cell that printed nothing.
    """
    number = chapter.replace(".", "-")
    paths = {re.match(r"[\d-]*\d", path.name)[0]: path for path in book.glob("*/[0-9]*.ipynb")}
    if number not in paths:
        raise ValueError(f"There is no chapter {chapter!r}{_nearest(number, paths)}.")
    cells = json.loads(paths[number].read_text(encoding="utf-8"))["cells"]
    outputs = {one["id"]: one["outputs"] for one in cells if one["cell_type"] == "code"}
    if cell not in outputs:
        raise ValueError(f"Chapter {chapter} has no cell {cell!r}{_nearest(cell, outputs)}.")
    text = "".join("".join(output.get("text", "")) for output in outputs[cell])
    if not text.strip():
        raise ValueError(f"Cell {cell!r} of chapter {chapter} has no stored text: run the chapter.")
    return text


def measured(chapter: str, cell: str, after: str, book: Path = BOOK) -> tuple[float, ...]:
    """The numbers that a cell printed on one line, after the words `after`.

    Shapes:
        one float for each number to the end of the line; 1,234 counts as one, and names such as
        `conv2d` or `3.2.1` as none.

    Raises:
        ValueError: as `printed`; or if not exactly one line has these words, with a number after.
    """
    lines = [line for line in printed(chapter, cell, book).splitlines() if after in line]
    if len(lines) != 1:
        raise ValueError(
            f"Cell {cell!r} of chapter {chapter} printed {len(lines)} lines with {after!r}; "
            "name words that stand on one."
        )
    found = NUMBER.findall(lines[0].partition(after)[2])
    if not found:
        raise ValueError(f"Cell {cell!r} of chapter {chapter} has no number after {after!r}.")
    return tuple(float(number.replace(",", "").replace("−", "-")) for number in found)


def _nearest(name: str, known) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0)
    return f"; the nearest is {near[0]!r}" if near else ""
