"""Run, store and name the notebooks of the book.

    python -m tools.notebooks list                   every chapter's number and file
    python -m tools.notebooks path 3-2-1             the file of one chapter
    python -m tools.notebooks execute 3-2-1 4-1      run chapters from top to bottom and store them
    python -m tools.notebooks execute --all          run and store all of them
    python -m tools.notebooks normalise FILE ...     take the noise out of files (pre-commit does)

A notebook is stored in one form only, so two runs on one machine give the same bytes, and a
difference in git is a difference on the page. What fails is not written.
"""

import argparse
import difflib
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import ipykernel.kernelspec
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CELL_SECONDS = 600

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"name": "python", "pygments_lexer": "ipython3"}
NOTEBOOK_NOISE = {"widgets", "vscode", "colab", "accelerator", "gpuClass", "toc", "varInspector"}
CELL_NOISE = {
    "ExecuteTime",
    "collapsed",
    "colab",
    "colab_type",
    "editable",
    "execution",
    "id",
    "outputId",
    "pycharm",
    "scrolled",
    "slideshow",
    "trusted",
    "vscode",
}
OUTPUT_NOISE = {"needs_background"}

NUMBERED = re.compile(r"(\d+(?:-\d+)*)-(?=[a-z])")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class ChapterFailed(RuntimeError):
    """A chapter that did not run to its end."""


# Names ------------------------------------------------------------------------------------


def number_of(path: Path) -> str | None:
    """`3-2-1` for `3-2-1-convolution.ipynb`, None for a file without a number."""
    match = NUMBERED.match(path.name)
    return match.group(1) if match else None


def chapters(book: Path = BOOK) -> dict[str, Path]:
    """Every notebook of the book by its number, in the order of the numbers."""
    found = {}
    for path in book.rglob("*.ipynb"):
        number = number_of(path)
        if number and ".ipynb_checkpoints" not in path.parts:
            found[number] = path
    return dict(sorted(found.items(), key=lambda pair: [int(n) for n in pair[0].split("-")]))


def path_of(number: str, book: Path = BOOK) -> Path:
    """The file of chapter `number`, written `3-2-1` or `3.2.1`.

    Raises:
        ValueError: if there is no such chapter; it names the nearest one and lists all.
    """
    known = chapters(book)
    wanted = number.replace(".", "-")
    if wanted in known:
        return known[wanted]
    if not known:
        raise ValueError(f"There is no chapter {number!r}: no numbered notebook stands in {book}.")
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0)[0]
    raise ValueError(
        f"There is no chapter {number!r}; the nearest is {near!r}, and these exist: "
        f"{', '.join(known)}."
    )


# One form ---------------------------------------------------------------------------------


def normalise(notebook: NotebookNode) -> NotebookNode:
    """A copy of `notebook` in the one form that is stored: no timing, no widget state, no noise.

    Cell ids, execution counts and pictures stay as they are.
    """
    kept = _without(notebook.metadata, NOTEBOOK_NOISE)
    metadata = {**kept, "kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO}
    cells = [_normal_cell(cell) for cell in notebook.cells if cell.source.strip()]
    return nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def as_text(notebook: NotebookNode) -> str:
    """The bytes of a notebook file: keys sorted, one space of indentation, one last newline."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def _normal_cell(cell: NotebookNode) -> dict:
    lines = [line.rstrip() for line in cell.source.strip("\n").splitlines()]
    normal = dict(
        cell, source="\n".join(lines).strip("\n"), metadata=_without(cell.metadata, CELL_NOISE)
    )
    if cell.cell_type == "code":
        normal["outputs"] = [_normal_output(output) for output in cell.outputs]
    return normal


def _normal_output(output: NotebookNode) -> dict:
    normal = dict(output)
    if "metadata" in output:
        normal["metadata"] = _without(output.metadata, OUTPUT_NOISE)
    if output.output_type == "error":
        normal["traceback"] = _own_frames(output.traceback)
    return normal


def _own_frames(traceback: Sequence[str]) -> list[str]:
    """Of a traceback, what the reader wrote: frames inside packages name folders of one machine."""
    return [part for part in traceback if not _is_package_frame(part)]


def _is_package_frame(part: str) -> bool:
    return ANSI.sub("", part).lstrip().startswith("File ") and ".py" in part


def _without(metadata: dict, noise: set[str]) -> dict:
    return {key: metadata[key] for key in sorted(metadata) if key not in noise}


def read(path: Path) -> NotebookNode:
    """The notebook at `path`, as it is stored.

    Raises:
        ValueError: if it is no notebook of the present format, or two of its cells share an id.
    """
    try:
        notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
        ids = [cell.id for cell in notebook.cells]
    except (ValueError, KeyError, AttributeError):
        raise ValueError(
            f"{path.name} is not a notebook whose cells have ids (format 4.5); save it once more "
            f"in JupyterLab."
        ) from None
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise ValueError(f"{path.name}: the cell id `{twice[0]}` stands twice; rename one.")
    return notebook


def store(notebook: NotebookNode, path: Path) -> bool:
    """Write the normal form of `notebook` to `path` if that changes the file; say whether it did.

    The file is replaced in one step, so an interruption leaves the old one whole.
    """
    text = as_text(normalise(notebook)).encode()
    if path.exists() and path.read_bytes() == text:
        return False
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(text)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return True


# Running ----------------------------------------------------------------------------------


class ThisPython(KernelSpecManager):
    """Answers every kernel name with the interpreter that runs this program."""

    def get_kernel_spec(self, kernel_name: str):
        return self.kernel_spec_class(
            resource_dir=ipykernel.kernelspec.RESOURCES, **ipykernel.kernelspec.get_kernel_dict()
        )


class ThisPythonManager(AsyncKernelManager):
    """Starts kernels of this interpreter, whatever kernels the user has installed."""

    @default("kernel_spec_manager")
    def _this_python(self) -> ThisPython:
        return ThisPython(parent=self)


def execute(path: Path) -> NotebookNode:
    """Run the notebook at `path` in a fresh kernel, in its own folder, and return it normalised.

    Raises:
        ChapterFailed: at the first cell that raises an error without the tag `raises-exception`,
            takes more than ten minutes, or ends its kernel.
    """
    notebook = normalise(read(path))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    running = "none yet"

    def note(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = cell.id

    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisPythonManager,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        timeout=CELL_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        on_cell_start=note,
    )
    try:
        client.execute(env={**os.environ, "LARGE_MODELS_PROGRESS": "0"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterFailed(f"{path.name}, cell `{running}`: {_reason(error)}") from None
    return normalise(notebook)


def _reason(error: Exception) -> str:
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}\n\n{ANSI.sub('', error.traceback).strip()}"
    if isinstance(error, CellTimeoutError):
        return f"it ran for more than {CELL_SECONDS} s and was stopped."
    return "its kernel died; often that is too little memory."


def execute_and_store(numbers: Iterable[str], book: Path = BOOK) -> list[str]:
    """Run and store chapters, print the seconds of each, and return the messages of those that
    failed."""
    failed = []
    for path in [path_of(number, book) for number in numbers]:
        start = time.perf_counter()
        try:
            outcome = "stored" if store(execute(path), path) else "unchanged"
        except ChapterFailed as error:
            outcome = "FAILED, not stored"
            failed.append(str(error))
        seconds = time.perf_counter() - start
        print(f"{number_of(path):<8} {seconds:6.1f} s  {outcome}", flush=True)
    return failed


def regenerate_ledger() -> None:
    """The ledger page is made from the stored outputs, so it follows every run."""
    if importlib.util.find_spec("tools.ledger"):
        subprocess.run([sys.executable, "-m", "tools.ledger"], cwd=ROOT, check=True)


# Commands ---------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None, book: Path = BOOK) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    commands.add_parser("path").add_argument("number")
    run = commands.add_parser("execute")
    run.add_argument("numbers", nargs="*")
    run.add_argument("--all", action="store_true")
    commands.add_parser("normalise").add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    try:
        return globals()[f"_{options.command}"](options, book)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2


def _list(options: argparse.Namespace, book: Path) -> int:
    for number, path in chapters(book).items():
        print(f"{number:<8} {path.relative_to(book.parent).as_posix()}")
    return 0


def _path(options: argparse.Namespace, book: Path) -> int:
    print(path_of(options.number, book).relative_to(book.parent).as_posix())
    return 0


def _execute(options: argparse.Namespace, book: Path) -> int:
    if options.all == bool(options.numbers):
        raise ValueError("Name the chapters to run, as in `execute 3-2-1 4-1`, or say `--all`.")
    failed = execute_and_store(options.numbers or list(chapters(book)), book)
    for message in failed:
        print(f"\n{message}", file=sys.stderr)
    if not failed and book == BOOK:
        regenerate_ledger()
    return 1 if failed else 0


def _normalise(options: argparse.Namespace, book: Path) -> int:
    changed = [path for path in options.files if store(read(path), path)]
    for path in changed:
        print(f"normalised {path}")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
