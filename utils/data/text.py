"""Text that comes with the environment: source code, its docstrings, its imports.

Files are those that the packages' own lists of contents name, as posix paths from the package
on, in order; so neither the machine, nor the folder, nor a stray file changes a byte.
"""

import ast
import gc
import hashlib
import inspect
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import metadata
from importlib.util import decode_source
from typing import NamedTuple

import torch

from utils.data.kinds import Docs, Imports, Source

PACKAGES = ("sympy", "networkx", "mpmath", "docutils", "sphinx", "babel", "jinja2", "joblib")
"""Pure-Python packages of the environment, pinned; other machines have the same files."""

DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
SHORTEST_BODY, LONGEST_SUMMARY = 8, 30  # words


def source(
    packages: Sequence[str] = ("sympy",), *, budget: int | None = None, tests: bool = False
) -> Source:
    """The Python source of some packages, file by file; `budget` limits it to so many bytes.

    A budget takes whole files in an order fixed by the hash of their names, each that still
    fits: a sample of all of the code. Folders of tests are left out unless `tests`.

    Units: the budget in bytes of UTF-8.

    Raises:
        ValueError: a package that is not one of `PACKAGES`, none at all, or too small a budget.
        FileNotFoundError: if a package, or one of its files, is missing.

    Source: sympy, networkx, mpmath, Jinja2 and joblib, BSD licence; docutils, public domain;
        Sphinx and Babel, BSD licence.
    """
    files = dict(item for name in _known(packages) for item in _files(name, tests))
    if budget is not None:
        files = _sample(files, budget)
    names = tuple(sorted(files))
    return Source(names, tuple(files[name] for name in names))


def docs(packages: Sequence[str] = PACKAGES, *, budget: int | None = None) -> Docs:
    """The docstrings of some packages as prose, and the pairs of body and summary line in them.

    Code, tables, headings, field lists and mark-up are left out; what remains are paragraphs,
    separated by an empty line. A pair has a body of 8 words or more and a first line that
    stands alone and ends with a full stop.

    Units: the budget in bytes of source, as of `source`.

    Raises:
        ValueError, FileNotFoundError: as `source`.

    Source: as `source`, read with `ast`, nothing imported.
    """
    files = source(packages, budget=budget)
    names, texts = [], []
    for file, code in zip(files.names, files.texts):
        for path, docstring in _read(code).docstrings:
            text = _prose(docstring)
            if text:
                names.append(f"{file}:{path}" if path else file)
                texts.append(text)
    pairs = dict.fromkeys(pair for text in texts if (pair := _pair(text)))
    bodies, summaries = zip(*pairs) if pairs else ((), ())
    return Docs(tuple(names), tuple(texts), bodies, summaries)


def imports(packages: Sequence[str] = PACKAGES) -> Imports:
    """Which source file imports which module: implicit feedback, with files as users.

    Relative names are resolved. `from a import b` counts as `a.b` where that is a module of the
    packages, else as `a`. Imports inside functions count; files that import nothing are left out.

    Shapes:
        pairs: (N, 2), see `Imports`.

    Raises:
        ValueError, FileNotFoundError: as `source`.

    Source: as `source`, read with `ast`, nothing imported.
    """
    files = source(packages)
    known = {_module(file) for file in files.names}
    found = {
        (file, module)
        for file, code in zip(files.names, files.texts)
        for statement in _read(code).imports
        for module in _modules(statement, file, known)
    }
    users = tuple(sorted({file for file, _ in found}))
    items = tuple(sorted({module for _, module in found}))
    row = {file: at for at, file in enumerate(users)}
    column = {module: at for at, module in enumerate(items)}
    pairs = sorted((row[file], column[module]) for file, module in found)
    return Imports(users, items, torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2))


def _known(packages) -> tuple[str, ...]:
    if isinstance(packages, str):
        packages = (packages,)
    if not packages:
        raise ValueError(f"Name at least one package of {', '.join(PACKAGES)}.")
    for name in packages:
        if name not in PACKAGES:
            raise ValueError(f"No package {name!r} here; there are {', '.join(PACKAGES)}.")
    return tuple(packages)


def _files(package: str, tests: bool) -> Iterator[tuple[str, str]]:
    """Names and texts of a package's Python files, from its list of contents."""
    try:
        listed = metadata.files(package)
    except metadata.PackageNotFoundError:
        listed = None
    if not listed:
        raise FileNotFoundError(f"{package} is not installed here; `make setup` installs it.")
    for path in listed:
        inside = path.parts[0].lower() == package and path.suffix == ".py"
        if inside and (tests or not {"tests", "test", "testing"} & set(path.parts[:-1])):
            try:
                yield path.as_posix(), decode_source(path.locate().read_bytes())
            except FileNotFoundError:
                raise FileNotFoundError(
                    f"{path.as_posix()} is missing; reinstall {package} in the environment."
                ) from None


def _sample(files: dict[str, str], budget: int) -> dict[str, str]:
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(f"A budget is a whole number of bytes from 1; not {budget!r}.")
    chosen, left = {}, budget
    for name in sorted(files, key=lambda name: hashlib.sha256(name.encode()).digest()):
        length = len(files[name].encode())
        if 0 < length <= left:
            chosen[name], left = files[name], left - length
    if not chosen:
        raise ValueError(f"No file fits into a budget of {budget} bytes.")
    return chosen


class _Reading(NamedTuple):
    """What is kept of a file's syntax tree."""

    docstrings: tuple[tuple[str, str], ...]  # qualified name and text
    imports: tuple[ast.Import | ast.ImportFrom, ...]


@cache
def _read(code: str) -> _Reading:
    """Docstrings and imports of one file, in its order; kept, since parsing takes the time."""
    collecting = gc.isenabled()
    gc.disable()  # a tree has no cycles, and looking for them takes most of the time
    try:
        docstrings, found = [], []
        waiting: list[tuple[str, ast.AST]] = [("", ast.parse(code))]
        while waiting:
            path, node = waiting.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(node)
            elif isinstance(node, (ast.Module, *DEFINITIONS)):
                path = f"{path}.{getattr(node, 'name', '')}".strip(".")
                if docstring := ast.get_docstring(node, clean=False):
                    docstrings.append((path, inspect.cleandoc(docstring)))
            waiting.extend((path, inner) for inner in reversed(_statements(node)))
        return _Reading(tuple(docstrings), tuple(found))
    finally:
        if collecting:
            gc.enable()


def _statements(node: ast.AST) -> list[ast.AST]:
    """The statements right inside one; imports and definitions lie nowhere else."""
    return [inner for block in BLOCKS for inner in getattr(node, block, ()) or ()]


ROLE = re.compile(r":[\w:+-]+:`~?\.?([^`<]+?)(?: *<[^`>]*>)?`")
CODE = re.compile(r"``(.+?)``")
LINK = re.compile(r"`([^`<]+?)(?: *<[^`>]*>)?`_*")
BOLD = re.compile(r"(?<!\w)\*\*?(\w[^*]*)\*\*?")
NOT_PROSE = re.compile(
    r">>>|\.\. |:\w[^:]*:|[-=~*^+#|]{3}|\||[-*+] |\d+[.)] |\[\d+\]|@|[\w, *]+ : |\w+: |\$\$"
)


def _prose(docstring: str) -> str:
    """The paragraphs that start with a letter at the margin and end as a sentence does."""
    paragraphs = []
    for block in re.split(r"\n\s*\n", docstring):
        lines = block.rstrip().split("\n")
        if any(line.startswith((" ", "\t")) or NOT_PROSE.match(line) for line in lines):
            continue
        text = " ".join(" ".join(lines).split())
        for mark in (ROLE, CODE, LINK, BOLD):
            text = mark.sub(r"\1", text)
        if text[:1].isalpha() and text.endswith((".", "!", "?")):
            paragraphs.append(text)
    return "\n\n".join(paragraphs)


def _pair(text: str) -> tuple[str, str] | None:
    """(body, summary) where the first paragraph is one short sentence and more follows."""
    summary, _, body = text.partition("\n\n")
    one = summary.endswith(".") and not re.search(r"[.!?] [A-Z]", summary)
    short = len(summary.split()) <= LONGEST_SUMMARY
    return (body, summary) if one and short and len(body.split()) >= SHORTEST_BODY else None


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _modules(statement: ast.Import | ast.ImportFrom, file: str, known: set[str]) -> list[str]:
    """The modules that a statement in this file imports, by their full names."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    folder = file.split("/")[:-1]  # one dot means it, two the one above, ...
    above = folder[: len(folder) - statement.level + 1] if statement.level else []
    base = ".".join([*above, *filter(None, [statement.module])])
    inner = [f"{base}.{alias.name}" for alias in statement.names]
    return [name if name in known else base for name in inner]
