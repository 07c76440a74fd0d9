"""What the rules look at: the book, its chapters, the Markdown of its pages, the code of its cells.

A `Book` is a folder with `_toc.yml`, `book/` and `utils/`, so a test can make a small one.
"""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

FENCE = re.compile(r"^\s*(?P<marks>`{3,}|~{3,}|:{3,})\s*(?P<info>.*)$")
ROLE_OR_CODE = re.compile(r"(\{[\w:-]+\}`[^`]*`)|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)")
LITERAL = ("{code", "{raw}", "{math}", "{literalinclude}")


@dataclass(frozen=True)
class Chapter:
    """A notebook of the book."""

    path: Path
    book: "Book"

    @cached_property
    def notebook(self) -> NotebookNode:
        """As it is stored: reading with validation would mend what the rules look for."""
        return nbformat.v4.reads(self.path.read_text(encoding="utf-8"))

    @property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def prose(self) -> list[NotebookNode]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    def at(self, cell: NotebookNode) -> str:
        return f"{self.path.name}, cell `{cell.get('id', '?')}`"


@dataclass(frozen=True)
class Book:
    """The book whose `_toc.yml` lies in the folder `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "book"

    def files(self, pattern: str) -> list[Path]:
        found = self.folder.rglob(pattern)
        hidden = ("_", ".")
        return sorted(
            path
            for path in found
            if not any(part.startswith(hidden) for part in path.relative_to(self.folder).parts)
        )

    @cached_property
    def chapters(self) -> list[Chapter]:
        return [Chapter(path, self) for path in self.files("*.ipynb")]

    @cached_property
    def toc(self) -> list[str]:
        """The pages in reading order, without their endings, as `_toc.yml` names them."""
        contents = yaml.safe_load((self.root / "_toc.yml").read_text(encoding="utf-8"))
        return list(_named_files(contents))

    @cached_property
    def markdown(self) -> list[tuple[Path, str, str]]:
        """Every piece of Markdown: its page, where it stands in words, its text."""
        texts = [(p, p.name, p.read_text(encoding="utf-8")) for p in self.files("*.md")]
        for chapter in self.chapters:
            texts += [(chapter.path, chapter.at(cell), cell.source) for cell in chapter.prose]
        return texts

    @cached_property
    def packaged(self) -> dict[str, list[str]]:
        """The public functions and classes of `utils` by name, as `definitions` gives them."""
        found: dict[str, list[str]] = {}
        for path in sorted((self.root / "utils").rglob("*.py")):
            if "exercises" not in path.parts:
                for node in definitions(ast.parse(path.read_text(encoding="utf-8"))):
                    if not node.name.startswith("_"):
                        found.setdefault(node.name, []).append(ast.dump(node))
        return found


def _named_files(entry) -> Iterator[str]:
    if isinstance(entry, list):
        for one in entry:
            yield from _named_files(one)
    elif isinstance(entry, dict):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value
            elif key in ("parts", "chapters", "sections", "subtrees", "entries"):
                yield from _named_files(value)


# Code -------------------------------------------------------------------------------------


def tree(cell: NotebookNode) -> ast.Module:
    """The syntax tree of a code cell; one that is meant to be a syntax error has an empty tree."""
    try:
        return ast.parse(TransformerManager().transform_cell(cell.source))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def definitions(module: ast.Module) -> list[ast.FunctionDef | ast.ClassDef]:
    """The functions and classes at the top of a module, without docstrings and annotations."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = [copy.deepcopy(node) for node in module.body if isinstance(node, kinds)]
    for outer in found:
        for node in ast.walk(outer):
            if isinstance(node, kinds) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
            if isinstance(node, ast.arg):
                node.annotation = None
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.returns = None
    return found


def lines_of_code(source: str) -> int:
    lines = [line.strip() for line in source.splitlines()]
    return sum(1 for line in lines if line and not line.startswith("#"))


# Markdown ---------------------------------------------------------------------------------


def without_code(text: str) -> str:
    """Markdown without code: fenced blocks and inline code go; directives and roles stay."""
    kept = [line for line, infos in _with_fences(text) if not any(map(_is_literal, infos))]
    return ROLE_OR_CODE.sub(lambda found: found[1] or "", "\n".join(kept))


def _is_literal(info: str) -> bool:
    return not info.startswith("{") or info.startswith(LITERAL)


def words(text: str) -> int:
    """Words of running text: no directives, code, tables, formulas, addresses or targets."""
    kept = [line for line, infos in _with_fences(text) if not infos]
    running = "\n".join(line for line in kept if not line.lstrip().startswith(("|", ":::", "```")))
    for pattern, instead in [
        (r"\$\$.*?\$\$(?:\s*\([\w-]+\))?", " "),
        (r"\$[^$\n]+\$", " "),
        (r"^\([\w-]+\)=$", " "),
        (r"<[^>\n]+>", " "),
        (r"\]\([^)]*\)", "]"),
        (r"\{[\w:]+\}`[^`]*`", "reference"),
    ]:
        running = re.sub(pattern, instead, running, flags=re.DOTALL | re.MULTILINE)
    return len(re.findall(r"[^\W\d_][\w'’-]*", running))


def _with_fences(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each line with the infos of the fences that it stands in, its own opening line included."""
    open_fences: list[tuple[str, str]] = []
    for line in text.splitlines():
        fence = FENCE.match(line)
        closes = (
            fence
            and open_fences
            and not fence["info"].strip()
            and fence["marks"].startswith(open_fences[-1][0])
        )
        if closes:
            yield line, [info for _, info in open_fences]
            open_fences.pop()
            continue
        if fence and (not open_fences or not _is_literal(open_fences[-1][1])):
            info = fence["info"].strip()
            if fence["marks"][0] == ":" and not info.startswith("{"):
                info = "{" + info  # `:::note` opens a directive as well
            open_fences.append((fence["marks"], info))
        yield line, [info for _, info in open_fences]
