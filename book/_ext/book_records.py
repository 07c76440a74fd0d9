"""Pages made from what is recorded: `{records}` shows every long run of `book/results/`,
`{solutions}` finds every exercise and its solution in the notebooks, and `{status}` counts what
the book holds.
"""

import json
import re
from pathlib import Path

from book_numbers import number_of
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
READS = re.compile(r'records\.read\(f?"([^"]+)"\)')


class BookDirective(SphinxDirective):
    def markdown(self, text: str, parent: nodes.Element) -> nodes.Element:
        """Parse `text` as the page's own Markdown, into `parent`."""
        lines = StringList(text.splitlines(), self.get_location())
        self.state.nested_parse(lines, self.content_offset, parent)
        return parent

    def section(self, title: str, anchor: str) -> nodes.section:
        section = nodes.section("", nodes.title(title, title), ids=[anchor], names=[anchor])
        self.state.document.note_explicit_target(section)
        return section


class Records(BookDirective):
    """One section for each record: what ran, what came out, and how to repeat it."""

    def run(self) -> list[nodes.Node]:
        from utils import records  # here, since it imports torch: only this page waits for it

        found = records.all_records()
        chapters = list(map(str, ROOT.glob("book/[0-9]*/*.ipynb")))
        for path in [str(records.FOLDER / f"{record.name}.json") for record in found] + chapters:
            self.env.note_dependency(path)
        if not found:
            return self.markdown("No run has been recorded so far.", nodes.container()).children
        return [self.show(record) for record in found]

    def show(self, record) -> nodes.section:
        machine = ", ".join(f"{key} {value}" for key, value in record.machine.items())
        table = records_table(record)
        shown = table.count("\n") - 1
        text = f"{record.what}\n\n```{{dropdown}} The record, {shown} lines\n{table}\n```\n\n"
        text += self.chapters_reading(record.name)
        text += f"Repeat it with\n\n```bash\n{record.command}\n```\n\n"
        text += f"Recorded on {record.date}: {machine}."
        return self.markdown(text, self.section(record.name, f"record-{record.name}"))

    def chapters_reading(self, name: str) -> str:
        """`Shown in ...` with a link to each chapter that names the record, or nothing."""
        links = []
        for path in sorted(ROOT.glob("book/[0-9]*/*.ipynb")):
            named = READS.findall("\n".join(code_of(path)))
            patterns = [re.sub(r"\\{.*?\\}", r"[\\w-]+", re.escape(one)) for one in named]
            docname = path.relative_to(ROOT).with_suffix("").as_posix()
            if docname in self.env.found_docs and any(re.fullmatch(p, name) for p in patterns):
                title = f"{'.'.join(map(str, number_of(docname)))} {title_of(path)}"
                links.append(f"[{title}](../{path.parent.name}/{path.name})")
        return f"Shown in {', '.join(links)}.\n\n" if links else ""


def code_of(path: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def records_table(record) -> str:
    from utils import records

    rows = records.table(record).splitlines()[2:]
    shown_below = ("What", "Machine", "Date", "Command")
    rows = [row for row in rows if row.split("|")[1].strip() not in shown_below]
    return "\n".join(["| quantity | value |", "|---|---|", *rows])


class Solutions(BookDirective):
    """One line for each exercise of each notebook, with links to its cell and to its solution."""

    def run(self) -> list[nodes.Node]:
        shown = []
        for path in sorted(ROOT.glob("book/[0-9]*/*.ipynb")):
            docname = path.relative_to(ROOT).with_suffix("").as_posix()
            self.env.note_dependency(str(path))
            exercises = exercises_of(path)
            if exercises and docname in self.env.found_docs:
                title = f"{'.'.join(map(str, number_of(docname)))} {title_of(path)}"
                section = self.section(title, f"solutions-{path.stem}")
                section += self.lines(docname, exercises)
                shown.append(section)
        nothing = "No chapter has exercises so far."
        return shown or self.markdown(nothing, nodes.container()).children

    def lines(self, docname: str, exercises: dict[str, dict[str, str]]) -> nodes.bullet_list:
        page = self.env.app.builder.get_relative_uri(self.env.docname, docname)
        items = nodes.bullet_list()
        for name, cells in exercises.items():
            line = nodes.paragraph()
            for number, (kind, cell) in enumerate(sorted(cells.items())):
                line += nodes.Text(" · " if number else "")
                text = f"{kind.capitalize()} {name}"
                line += nodes.reference("", text, refuri=f"{page}#cell-{cell}", internal=True)
            items += nodes.list_item("", line)
        return items


def title_of(path: Path) -> str:
    """A notebook's heading of the first level."""
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    return re.search(r"^# (.+)$", "\n".join(sources), flags=re.MULTILINE)[1]


def exercises_of(path: Path) -> dict[str, dict[str, str]]:
    """A notebook's exercises by id, with the cells that hold them: {"3.2.1-a": {kind: cell id}}."""
    found: dict[str, dict[str, str]] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        tags = cell["metadata"].get("tags", [])
        kind = "solution" if "solution" in tags else "exercise"
        for name in re.findall(r'exercise\("([^"]+)"', "".join(cell["source"])):
            if cell["cell_type"] == "code":
                found.setdefault(name, {}).setdefault(kind, cell["id"])
    return found


class Status(BookDirective):
    """The strip of the landing page: how much is there, and how much of it was checked."""

    def run(self) -> list[nodes.Node]:
        from tools import ledger, status
        from utils.check.claims import VERDICTS, badge

        for path in [*ROOT.glob("book/[0-9]*/*.ipynb"), ROOT / ledger.CLAIMS]:
            self.env.note_dependency(str(path))
        claims = ledger.read_claims(ROOT / ledger.CLAIMS)
        found = status.status(ledger.read_notebooks(ROOT / "book"), claims)
        counts = [
            (found.chapters, "chapters"),
            (found.cells, "cells executed"),
            (found.checks, "checks passed"),
            (found.formulas, "formulas, each checked"),
            (found.exercises, "exercises that mark themselves"),
        ]
        boxes = "".join(f"<li><strong>{n:,}</strong> {what}</li>" for n, what in counts)
        words = " ".join(
            f'<span class="counted">{badge(word)} {found.verdicts[word]}</span>'
            for word in VERDICTS
        )
        left = found.statements - found.verdicts.total()
        rest = f' <span class="counted">{left} not examined yet</span>' if left else ""
        page = self.env.app.builder.get_relative_uri(self.env.docname, "book/back/ledger")
        told = f'<a href="{page}">{found.statements} statements of the document</a>: {words}{rest}'
        html = f'<ul class="status">{boxes}</ul><p class="status-verdicts">{told}</p>'
        return [nodes.raw("", html, format="html")]


def setup(app) -> dict:
    app.add_directive("records", Records)
    app.add_directive("status", Status)
    app.add_directive("solutions", Solutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
