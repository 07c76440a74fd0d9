"""The claims ledger: every statement of the source document, and the verdict a chapter reached.

    python -m tools.ledger           write book/back/ledger.md
    python -m tools.ledger --check   say whether it is up to date, and exit 1 if not

The statements come from `book/claims.yml`, the verdicts from the stored outputs of the notebooks.
The rules that tie them together are functions over a list of notebooks, each giving one sentence
for each fault; `tests/book/test_ledger.py` asks them of the book and of faulty notebooks.
"""

import argparse
import ast
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from utils.check.claims import MIME, VERDICTS, badge, inline_parts

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = "book/claims.yml"
LEDGER = "book/back/ledger.md"
FIELDS = {"section", "statement", "original"}
TARGET = re.compile(r"^\((claim-[\w-]+)\)=\s*$", re.M)


@dataclass(frozen=True)
class Notebook:
    """What the ledger reads of a notebook."""

    path: str
    metadata: dict
    cells: list[dict]

    @property
    def title(self) -> str:
        sources = (source(cell) for cell in self.cells if cell["cell_type"] == "markdown")
        headings = (re.search(r"^# (.+)$", text, re.M) for text in sources)
        return next((h[1].strip() for h in headings if h), Path(self.path).stem)


@dataclass(frozen=True)
class Verdict:
    """A verdict found in a notebook's stored outputs, and the cell that gave it."""

    id: str
    verdict: str
    because: str
    notebook: Notebook
    cell: int


def source(cell: dict) -> str:
    return "".join(cell["source"])


def read_claims(path: Path) -> dict[str, dict[str, str]]:
    """The statements by id, in order.

    Raises:
        ValueError: if an id stands twice, or a statement lacks a field.
    """
    tree = yaml.compose(path.read_text(encoding="utf-8"))
    ids = [key.value for key, _ in tree.value] if tree else []
    twice = [id for id, n in Counter(ids).items() if n > 1]
    if twice:
        raise ValueError(f"{CLAIMS} has these ids twice: {', '.join(twice)}.")
    claims = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for id, claim in claims.items():
        named = isinstance(id, str) and isinstance(claim, dict) and set(claim) <= FIELDS
        fields = [claim.get("section"), claim.get("statement")] if named else []
        if not fields or not all(isinstance(f, str) and f.strip() for f in fields):
            raise ValueError(f"{CLAIMS}: claim {id!r} needs a section and a statement, as text.")
    return claims


def read_notebooks(book: Path) -> list[Notebook]:
    """Every notebook of the book, sorted by path.

    Raises:
        ValueError: naming the file that is no notebook.
    """
    notebooks = []
    for path in sorted(book.rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            metadata, cells = content["metadata"], content["cells"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name} is no notebook: {error}.") from error
        notebooks.append(Notebook(path.relative_to(book.parent).as_posix(), metadata, cells))
    return notebooks


def verdicts(notebooks: list[Notebook]) -> list[Verdict]:
    """Every verdict in the stored outputs, in the order of the book."""
    found = []
    for notebook in notebooks:
        for i, cell in enumerate(notebook.cells):
            for output in cell.get("outputs", []):
                record = output.get("data", {}).get(MIME)
                if record:
                    fields = record["id"], record["verdict"], record["because"]
                    found.append(Verdict(*fields, notebook, i))
    return found


def unsettled(notebooks: list[Notebook]) -> Iterator[str]:
    """A claim that a notebook's metadata names has exactly one verdict in the whole book."""
    found = Counter(v.id for v in verdicts(notebooks))
    for notebook in notebooks:
        for id in notebook.metadata.get("claims", []):
            if found[id] != 1:
                n = f"{found[id]} verdicts" if found[id] else "no verdict"
                yield f"{notebook.path}: claim {id} is announced and has {n} in the stored outputs."


def unannounced(notebooks: list[Notebook]) -> Iterator[str]:
    """A verdict stands in a notebook whose metadata name the claim."""
    for v in verdicts(notebooks):
        if v.id not in v.notebook.metadata.get("claims", []):
            yield f"{v.notebook.path}: the verdict on {v.id} lacks its id in the metadata `claims`."


def unknown(notebooks: list[Notebook], claims: dict) -> Iterator[str]:
    """Claims named in metadata and verdicts exist in the list; verdicts are one of the five."""
    for notebook in notebooks:
        for id in notebook.metadata.get("claims", []):
            if id not in claims:
                yield f"{notebook.path}: {CLAIMS} has no claim {id}."
    for v in verdicts(notebooks):
        if v.id not in claims:
            yield f"{v.notebook.path}: {CLAIMS} has no claim {v.id}, which has a verdict."
        if v.verdict not in VERDICTS:
            yield f"{v.notebook.path}: claim {v.id} has the unknown verdict {v.verdict!r}."


def edited(notebooks: list[Notebook]) -> Iterator[str]:
    """A stored verdict is the one its cell states: the cell was run after its last change."""
    for v in verdicts(notebooks):
        stated = _stated(source(v.notebook.cells[v.cell]))
        if stated and (v.id, v.verdict, v.because) not in stated:
            yield f"{v.notebook.path}: the stored verdict on {v.id} is not what its cell says now."


def _stated(code: str) -> list[tuple[str, ...]]:
    """The arguments of the calls of `claim` in a cell, where they are plain strings."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a magic command, for instance
        return []
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    claims = [c for c in calls if ast.unparse(c.func).split(".")[-1] == "claim"]
    arguments = [[*c.args, *(k.value for k in c.keywords)] for c in claims]
    return [
        tuple(" ".join(a.value.split()) for a in each)
        for each in arguments
        if all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in each)
    ]


def misplaced(notebooks: list[Notebook]) -> Iterator[str]:
    """A verdict's link target stands once in the book, in the Markdown cell before it."""
    places = [
        (target, notebook.path, i)
        for notebook in notebooks
        for i, cell in enumerate(notebook.cells)
        if cell["cell_type"] == "markdown"
        for target in TARGET.findall(source(cell))
    ]
    found = verdicts(notebooks)
    for v in found:
        here = [place[1:] for place in places if place[0] == target_of(v.id)]
        if here != [(v.notebook.path, v.cell - 1)]:
            how = f"stands {len(here)} times" if len(here) != 1 else "stands elsewhere"
            yield (
                f"{v.notebook.path}: `({target_of(v.id)})=` belongs once in the Markdown cell just "
                f"before the verdict on {v.id}, and {how if here else 'is missing'}."
            )
    wanted = {target_of(v.id) for v in found}
    for target, path, _ in places:
        if target not in wanted:
            yield f"{path}: the link target `({target})=` has no verdict after it."


def problems(notebooks: list[Notebook], claims: dict) -> list[str]:
    """One sentence for each fault in the book's verdicts."""
    rules = unsettled(notebooks), unannounced(notebooks), misplaced(notebooks), edited(notebooks)
    return [*itertools.chain(*rules, unknown(notebooks, claims))]


def target_of(id: str) -> str:
    return "claim-" + id.replace(".", "-")


def page(notebooks: list[Notebook], claims: dict, parts: dict[str, str]) -> str:
    """The ledger as MyST Markdown: what was found, counted, then each statement with its verdict.

    Raises:
        ValueError: if a claim has two verdicts, of which none can be chosen.
    """
    by_id = {}
    for v in verdicts(notebooks):
        if v.id in by_id:
            both = f"{by_id[v.id].notebook.path} and {v.notebook.path}"
            raise ValueError(f"Claim {v.id} has two verdicts, in {both}; keep one.")
        by_id[v.id] = v
    known = [v for id, v in by_id.items() if id in claims]
    blocks = [HEADER, *_summary(known, len(claims))]
    for part, ids in itertools.groupby(claims, key=lambda id: id.partition(".")[0]):
        blocks.append(f"## {part} {parts.get(part, '')}".rstrip())
        for id in ids:
            blocks += _entry(id, claims[id], by_id.get(id))
    return "\n\n".join(blocks) + "\n"


HEADER = """\
% Generated by `python -m tools.ledger` from book/claims.yml and the notebooks' stored outputs.
% Change those, not this page.

# Claims ledger

What the source document says, statement by statement in our words, and what came out when it was \
executed. Each verdict links to the check that shows it."""


def _summary(found: list[Verdict], n_claims: int) -> list[str]:
    n = Counter(v.verdict for v in found)
    rows = [f"{badge(word)}\n: {n[word]} · {MEANING[word]}" for word in VERDICTS]
    left = n_claims - len(found)
    told = f"Of {n_claims} statements {len(found)} {_have(len(found))} been examined so far"
    some = f"{told}, and {left} {_have(left)} not."
    return [some if left else f"All {n_claims} statements have been examined.", *rows]


MEANING = {
    "holds": "true as it stands",
    "holds when": "true under a condition, which is named",
    "imprecise": "what is meant is true, what is written is not quite it",
    "wrong": "false, and the right statement is given",
    "opinion": "not for a computation to decide; the evidence on both sides is shown",
}


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _entry(id: str, claim: dict[str, str], v: Verdict | None) -> list[str]:
    shown = badge(v.verdict) if v else '<span class="unexamined">not examined yet</span>'
    told = markdown(claim["statement"])
    if claim.get("original"):
        told += f' <span lang="zh-Hans">“{markdown(claim["original"])}”</span>'
    lines = [f"**{id}** {shown}", f": {told}"]
    if v:
        link = f"[{markdown(v.notebook.title)}](#{target_of(id)})"
        lines += ["", f": {markdown(v.because)} → {link}"]
    return [f"(ledger-{id.replace('.', '-')})=", "\n".join(lines)]


def markdown(text: str) -> str:
    """Plain text with `code` and *emphasis* as Markdown, with every other mark escaped."""
    wraps = {"code": "`{}`", "emphasis": "*{}*", "text": "{}"}
    return "".join(
        wraps[kind].format(
            part if kind == "code" else re.sub(r"([\\*_\[\]<>$`#{}|~^@&])", r"\\\1", part)
        )
        for kind, part in inline_parts(text)
    )


def part_titles(book: Path) -> dict[str, str]:
    """The title of each part, from the heading of its opening page."""
    titles = {}
    for path in sorted(book.glob("[0-9]*-*/index.md")):
        heading = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.M)
        titles[path.parent.name.partition("-")[0]] = heading[1].strip() if heading else ""
    return titles


def fresh_page(root: Path = ROOT) -> str:
    """The page as it should be now."""
    notebooks, claims = read_notebooks(root / "book"), read_claims(root / CLAIMS)
    return page(notebooks, claims, part_titles(root / "book"))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> str | None:
    """Write or check the page; a sentence means that something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.ledger", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    options = parser.parse_args(arguments)
    try:
        text = fresh_page(root)
    except (OSError, ValueError) as error:
        return f"The ledger stopped: {error}"
    path = root / LEDGER
    stored = path.read_text(encoding="utf-8") if path.exists() else None
    if stored == text:
        return None
    if options.check:
        return f"{LEDGER} is {'stale' if stored else 'missing'}: run `python -m tools.ledger`."
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"Wrote {LEDGER}.")
    return None


if __name__ == "__main__":
    sys.exit(main())
