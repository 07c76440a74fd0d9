"""The rules of the book. Each takes a chapter, or the whole book, and returns what is wrong.

A rule's sentences name file and cell. `test_rules.py` shows for each rule a fault that it finds.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from nbformat import NotebookNode

from tests.book.pages import (
    Book,
    Chapter,
    definitions,
    lines_of_code,
    tree,
    without_code,
    words,
)
from tests.nbval_numbers import NUMBER, is_float, tolerance_of
from tools import notebooks

STRUCTURE: list[Callable[[Chapter], list[str]]] = []
OUTPUTS: list[Callable[[Chapter], list[str]]] = []
CODE: list[Callable[[Chapter], list[str]]] = []
WHOLE_BOOK: list[Callable[[Book], list[str]]] = []

MOST_CELLS = 70
MOST_LINES_OF_CODE = 25
MOST_LINES = 30
MOST_LINES_OF_A_SHOWN_PLOT = 10
MOST_CODE_CELLS_IN_A_ROW = 3
MOST_WORDS_IN_A_CELL = 150
MOST_WORDS = 4500
MOST_SECTIONS = 8
CLOSING = {
    "In practice",
    "What was verified",
    "Questions readers ask",
    "Summary",
    "Exercises",
    "Further reading",
    "Next",
}
MOST_IGNORED = 0.03
SHORTEST_ALT = 20
COPIED_STATEMENTS = 4

METADATA = {"kernelspec", "language_info", "source_section", "claims", "prerequisites", "mystnb"}
CELL_METADATA = {"tags", "tolerance", "mystnb", "jupyter", "ignored_because", "verifies"}
TAGS = {
    "hide-input",
    "hide-output",
    "hide-cell",
    "raises-exception",
    "nbval-ignore-output",
    "exercise",
    "solution",
}
MEASURES = {
    "time": r"\d\s*(ns|µs|μs|us|ms|s|min|h|seconds?|minutes?|hours?)\b|times as (long|fast)",
    "speed": r"(/\s*s\b|per second|[×x]|times)",
    "memory": r"\d\s*([kKMG]i?B|bytes?)\b",
}
FORBIDDEN = {
    r"sys\.path": "changes `sys.path`; `utils` can be imported from every folder",
    r"^\s*[!%]\s*(pip|conda|mamba|uv|apt)|-m[\"', ]+pip\b": "installs something",
    r"warnings\.(filterwarnings|simplefilter|catch_warnings)": "silences warnings; mend the cause",
    r"[\"'](/(home|Users|root|tmp|mnt|content|usr|var)/|~/|[A-Z]:\\\\)": "has an absolute path",
    r"rcParams|figsize": "sets a figure's style or size; `plots.figure(size=...)` does",
    r"#\s*(NBVAL|PYTEST_VALIDATE)_": "steers the check by a comment; use a tag",
    r";\s*\Z": "ends with a semicolon, which the check ignores: end with `plt.show()`",
}
LABEL = re.compile(r"^\s*:label:\s*(\S+)|\$\$\s*\(([\w:-]+)\)", re.MULTILINE)
CHECK = re.compile(r"\bcheck\.(close|equal|gradient|raises|symbolic|within)\(")
HEADING = re.compile(r"^(#{1,6}) (.*?)\s*$", re.MULTILINE)
PATHS = re.compile(
    r"(?<![\w.:/<~)\]}])/(?:[\w.@+-]+/)+[\w.@+-]+|~/[\w.]+|\b[A-Z]:\\\w+|site-packages|\.venv\b"
)
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
HOST = re.compile(r"\blocalhost\b|\b127\.0\.0\.1\b|\b[\w-]+\.(?:local|internal|lan)\b")


def demand(wrong: list[str]) -> None:
    """Fail with the sentences of a rule, and nothing else."""
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def rule(group: list):
    """Put a rule into its group."""

    def add(function):
        group.append(function)
        return function

    return add


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def texts(cell: NotebookNode) -> list[str]:
    """Every text that a code cell's stored outputs show."""
    found = []
    for output in cell.outputs:
        found += [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
        data = output.get("data", {})
        found += [str(data[kind]) for kind in data if not kind.startswith("image/p")]
    return [notebooks.ANSI.sub("", text) for text in found if text]


def pictures(cell: NotebookNode) -> bool:
    kinds = [kind for output in cell.get("outputs", []) for kind in output.get("data", {})]
    return any(kind.startswith("image/") for kind in kinds)


# Structure --------------------------------------------------------------------------------


@rule(STRUCTURE)
def file_name_is_the_section(chapter):
    name, number = chapter.path.name, notebooks.number_of(chapter.path)
    if not number or not re.fullmatch(r"[\d-]+[a-z][a-z0-9]*(-[a-z0-9]+)*\.ipynb", name):
        return [f"{name}: a chapter's file is named like `3-2-1-convolution.ipynb`."]
    wrong = []
    stated = chapter.notebook.metadata.get("source_section")
    if stated != number.replace("-", "."):
        wrong.append(f"{name}: the metadata say section {stated!r}, the file name says otherwise.")
    if chapter.path.parent.name.split("-")[0] != number.split("-")[0]:
        wrong.append(f"{name}: stands in the folder of another part, {chapter.path.parent.name}.")
    return wrong


@rule(STRUCTURE)
def metadata_are_sound(chapter):
    metadata, name = chapter.notebook.metadata, chapter.path.name
    wrong = [f"{name}: unknown metadata {key!r}." for key in sorted(set(metadata) - METADATA)]
    for key in ("claims", "prerequisites"):
        value = metadata.get(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            wrong.append(f"{name}: the metadata need a list of strings `{key}`.")
    for cell in chapter.notebook.cells:
        unknown = sorted(set(cell.metadata) - CELL_METADATA)
        wrong += [f"{chapter.at(cell)}: unknown metadata {key!r}." for key in unknown]
    return wrong


@rule(STRUCTURE)
def prerequisites_exist(chapter):
    stems = [path.stem for ending in ("*.ipynb", "*.md") for path in chapter.book.files(ending)]
    known = {*stems, *(stem.lstrip("0123456789-") for stem in stems)}
    needed = chapter.notebook.metadata.get("prerequisites", [])
    return [
        f"{chapter.path.name}: its prerequisite {slug!r} is no page of the book."
        for slug in needed
        if slug not in known
    ]


@rule(STRUCTURE)
def stored_in_the_one_form(chapter):
    stored = chapter.path.read_bytes().decode()
    if stored == notebooks.as_text(notebooks.normalise(chapter.notebook)):
        return []
    return [
        f"{chapter.path.name}: is not stored in its one form; "
        f"`python -m tools.notebooks normalise` mends it."
    ]


@rule(STRUCTURE)
def ids_are_slugs_and_unique(chapter):
    wrong, seen = [], set()
    for cell in chapter.notebook.cells:
        name = cell.get("id", "")
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or re.fullmatch(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*\d)[0-9a-f]{8}", name
        ):
            wrong.append(f"{chapter.at(cell)}: an id is words with hyphens, as `conv-loop`.")
        if name in seen:
            wrong.append(f"{chapter.at(cell)}: this id stands twice.")
        seen.add(name)
    return wrong


@rule(STRUCTURE)
def tags_are_known(chapter):
    return [
        f"{chapter.at(cell)}: unknown tag {tag!r}; the known ones are {', '.join(sorted(TAGS))}."
        for cell in chapter.notebook.cells
        for tag in tags(cell)
        if tag not in TAGS
    ]


@rule(STRUCTURE)
def solutions_are_hidden(chapter):
    """On the site by the tag `hide-cell`, in JupyterLab by the metadata that it obeys."""
    return [
        f"{chapter.at(cell)}: a solution in sight; it needs the tag `hide-cell` and "
        '`"jupyter": {"source_hidden": true}`.'
        for cell in chapter.notebook.cells
        if "solution" in tags(cell)
        and not (
            "hide-cell" in tags(cell) and cell.metadata.get("jupyter", {}).get("source_hidden")
        )
    ]


@rule(STRUCTURE)
def headings_go_down_in_steps(chapter):
    wrong, level, titles, sections = [], 0, 0, 0
    for cell in chapter.prose:
        for marks, title in HEADING.findall(without_code(cell.source)):
            if len(marks) > level + 1:
                wrong.append(f"{chapter.at(cell)}: a heading skips a level.")
            level = len(marks)
            titles += level == 1
            sections += level == 2 and title not in CLOSING
    if titles != 1 or not chapter.notebook.cells[0].source.startswith("# "):
        wrong.append(f"{chapter.path.name}: a chapter opens with its title, its only `#` heading.")
    if sections > MOST_SECTIONS:
        wrong.append(
            f"{chapter.path.name}: has {sections} sections before its closing ones; "
            f"at most {MOST_SECTIONS}."
        )
    return wrong


@rule(STRUCTURE)
def cells_keep_to_the_budget(chapter):
    wrong, run, total = [], 0, 0
    counted = cells_without_exercises(chapter)
    if counted > MOST_CELLS:
        wrong.append(
            f"{chapter.path.name}: has {counted} cells without its exercises; at most {MOST_CELLS}."
        )
    for cell in chapter.notebook.cells:
        run = run + 1 if cell.cell_type == "code" else 0
        if run == MOST_CODE_CELLS_IN_A_ROW + 1:
            wrong.append(f"{chapter.at(cell)}: the fourth code cell in a row without prose.")
    for cell in chapter.prose:
        count = words(cell.source)
        total += count
        if count > MOST_WORDS_IN_A_CELL:
            wrong.append(f"{chapter.at(cell)}: {count} words; at most {MOST_WORDS_IN_A_CELL}.")
    if total > MOST_WORDS:
        wrong.append(f"{chapter.path.name}: has {total} words; at most {MOST_WORDS}.")
    return wrong


def cells_without_exercises(chapter: Chapter) -> int:
    counted, section = 0, ""
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            titles = [title for marks, title in HEADING.findall(cell.source) if marks == "##"]
            section = titles[-1] if titles else section
        counted += section != "Exercises"
    return counted


# Outputs ----------------------------------------------------------------------------------


@rule(OUTPUTS)
def executed_in_order(chapter):
    for due, cell in enumerate(chapter.code, start=1):
        if cell.execution_count != due:
            return [
                f"{chapter.at(cell)}: is not from one clean run, count {cell.execution_count} "
                f"for {due}; `make chapter N={notebooks.number_of(chapter.path)}` mends it."
            ]
    return []


@rule(OUTPUTS)
def nothing_on_stderr(chapter):
    return [
        f"{chapter.at(cell)}: wrote to stderr: {output.text.strip().splitlines()[-1]}"
        for cell in chapter.code
        for output in cell.outputs
        if output.get("name") == "stderr"
    ]


@rule(OUTPUTS)
def nothing_of_the_machine(chapter):
    return [
        f"{chapter.at(cell)}: shows {found[0]!r}, which is another on every machine."
        for cell in chapter.code
        for text in texts(cell)
        for found in [PATHS.search(text) or ADDRESS.search(text) or HOST.search(text)]
        if found
    ]


@rule(OUTPUTS)
def errors_are_planned(chapter):
    wrong = []
    for cell in chapter.code:
        failed = any(output.output_type == "error" for output in cell.outputs)
        planned = "raises-exception" in tags(cell)
        if failed and not planned:
            wrong.append(f"{chapter.at(cell)}: stored an error and has no tag `raises-exception`.")
        if planned and not failed:
            wrong.append(f"{chapter.at(cell)}: is tagged `raises-exception` and raised nothing.")
    return wrong


@rule(OUTPUTS)
def figures_are_described(chapter):
    wrong = []
    for cell in filter(pictures, chapter.code):
        described = cell.metadata.get("mystnb", {})
        figure, alt = described.get("figure", {}), described.get("image", {}).get("alt", "")
        if not figure.get("caption") or not figure.get("name"):
            wrong.append(f"{chapter.at(cell)}: the figure needs `mystnb.figure` caption and name.")
        if len(alt) < SHORTEST_ALT:
            wrong.append(f"{chapter.at(cell)}: the figure needs `mystnb.image.alt`, a sentence.")
        elif alt.strip(" .") == figure.get("caption", "").strip(" ."):
            wrong.append(f"{chapter.at(cell)}: the alternative text only repeats the caption.")
    return wrong


@rule(OUTPUTS)
def long_plots_are_folded(chapter):
    return [
        f"{chapter.at(cell)}: {lines_of_code(cell.source)} lines that draw: tag it `hide-input`."
        for cell in filter(pictures, chapter.code)
        if lines_of_code(cell.source) > MOST_LINES_OF_A_SHOWN_PLOT
        and not {"hide-input", "hide-cell"} & set(tags(cell))
    ]


@rule(OUTPUTS)
def tolerances_are_sound_and_used(chapter):
    wrong = []
    for cell in chapter.notebook.cells:
        if "tolerance" not in cell.metadata:
            continue
        try:
            tolerance_of(cell.metadata)
        except ValueError as error:
            wrong.append(f"{chapter.at(cell)}: {error}")
        shown = texts(cell) if cell.cell_type == "code" else []
        if not any(is_float(number) for text in shown for number in NUMBER.finditer(text)):
            wrong.append(f"{chapter.at(cell)}: declares a tolerance and shows no float.")
    return wrong


@rule(OUTPUTS)
def labelled_formulas_are_verified(chapter):
    """A code cell that checks a formula says so (`"verifies": ["eq-size"]`) and has passed, and
    "What was verified" names the formula."""
    wrong, verified = [], set()
    labels = [a or b for cell in chapter.prose for a, b in LABEL.findall(cell.source)]
    for cell in chapter.code:
        named = cell.metadata.get("verifies", [])
        wrong += [
            f"{chapter.at(cell)}: verifies `{name}`, and no formula here has that label."
            for name in named
            if name not in labels
        ]
        passed = any(text.startswith("✓") or "\n✓" in text for text in texts(cell))
        if named and not (passed and CHECK.search(cell.source)):
            wrong.append(f"{chapter.at(cell)}: says what it verifies, and no check passes there.")
        verified.update(named)
    table = section(chapter, "What was verified")
    for name in labels:
        if name not in verified:
            wrong.append(f"{chapter.path.name}: no code cell verifies the formula `{name}`.")
        if f"{{eq}}`{name}`" not in table:
            wrong.append(f"{chapter.path.name}: `What was verified` leaves out `{name}`.")
    return wrong


def section(chapter: Chapter, heading: str) -> str:
    """The prose under a heading of the second level."""
    found, inside = [], False
    for cell in chapter.prose:
        for line in cell.source.splitlines():
            if line.startswith("## "):
                inside = line == f"## {heading}"
            elif inside:
                found.append(line)
    return "\n".join(found)


@rule(OUTPUTS)
def ignored_outputs_are_measurements(chapter):
    wrong = []
    for cell in chapter.code:
        reason = cell.metadata.get("ignored_because")
        ignored = "nbval-ignore-output" in tags(cell)
        if ignored != (reason is not None):
            wrong.append(
                f"{chapter.at(cell)}: the tag `nbval-ignore-output` and the metadata "
                f"`ignored_because` come together or not at all."
            )
        elif ignored and reason not in MEASURES:
            wrong.append(f"{chapter.at(cell)}: may be ignored because of {' or '.join(MEASURES)}.")
        elif ignored and not re.search(MEASURES[reason], "\n".join(texts(cell))):
            wrong.append(f"{chapter.at(cell)}: is ignored for a {reason} that it does not show.")
    return wrong


# Code -------------------------------------------------------------------------------------


@rule(CODE)
def code_cells_are_short(chapter):
    return [
        f"{chapter.at(cell)}: {lines_of_code(cell.source)} lines of code; "
        f"at most {MOST_LINES_OF_CODE}, and {MOST_LINES} with comments and blank lines."
        for cell in chapter.code
        if lines_of_code(cell.source) > MOST_LINES_OF_CODE
        or len(cell.source.splitlines()) > MOST_LINES
    ]


@rule(CODE)
def nothing_forbidden(chapter):
    return [
        f"{chapter.at(cell)}: {sentence}."
        for cell in chapter.code
        for pattern, sentence in FORBIDDEN.items()
        if re.search(pattern, cell.source, re.MULTILINE)
    ]


@rule(CODE)
def seeded_once(chapter):
    """The first code cell seeds; a seed elsewhere is named in a comment or in the prose before."""
    wrong, before = [], ""
    first = chapter.code[0] if chapter.code else None
    if first and "seed_everything(" not in first.source:
        wrong.append(f"{chapter.at(first)}: the first code cell calls `seed_everything(0)`.")
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            before = cell.source
        elif cell is not first and re.search(r"seed(_everything)?\(", cell.source):
            comments = " ".join(re.findall(r"#.*", cell.source))
            if "seed" not in f"{before} {comments}".lower():
                wrong.append(f"{chapter.at(cell)}: seeds again; say why in prose or a comment.")
    return wrong


@rule(CODE)
def shown_code_is_packaged_code(chapter):
    packaged = chapter.book.packaged
    return [
        f"{chapter.at(cell)}: `{node.name}` is also in `utils`, and the two differ."
        for cell in chapter.code
        for node in definitions(tree(cell))
        if node.name in packaged and ast.dump(node) not in packaged[node.name]
    ]


# The whole book ---------------------------------------------------------------------------


@rule(WHOLE_BOOK)
def contents_and_files_agree(book):
    found = [*book.files("*.ipynb"), *book.files("*.md")]
    files = {path.relative_to(book.root).with_suffix("").as_posix(): path.name for path in found}
    counts = Counter(book.toc)
    return [
        *(
            f"{name}: is in _toc.yml and there is no such page."
            for name in counts
            if name not in files
        ),
        *(f"{files[name]}: is not in _toc.yml." for name in files if name not in counts),
        *(f"{name}: stands twice in _toc.yml." for name in counts if counts[name] > 1),
    ]


@rule(WHOLE_BOOK)
def chapters_follow_their_numbers(book):
    """A part's opening page comes first, then its sections, each after the one numbered before."""
    wrong, last = [], ()
    for name in book.toc:
        *folders, page = name.split("/")
        stated = re.match(r"\d+(-\d+)*(?=-|$)", folders[-1] if page == "index" else page)
        number = tuple(int(n) for n in stated[0].split("-")) if stated else ()
        if number and number <= last:
            wrong.append(f"{page}.ipynb: stands in _toc.yml after a page with a later number.")
        last = number or last
    return wrong


@rule(WHOLE_BOOK)
def few_outputs_are_ignored(book):
    """Fewer than 3 in 100 of all code cells: counted over the book, whichever chapter has them."""
    cells = [cell for chapter in book.chapters for cell in chapter.code]
    ignored = [cell for cell in cells if "nbval-ignore-output" in tags(cell)]
    if len(ignored) < MOST_IGNORED * len(cells) or not ignored:
        return []
    return [
        f"{len(ignored)} of {len(cells)} code cells are not compared; it must be under "
        f"{MOST_IGNORED:.0%}."
    ]


@rule(WHOLE_BOOK)
def nothing_is_pasted(book):
    """A function of four statements or more stands in one chapter, under whatever name."""
    homes = defaultdict(list)
    for chapter in book.chapters:
        for cell in chapter.code:
            for node in definitions(tree(cell)):
                size = sum(isinstance(part, ast.stmt) for part in ast.walk(node)) - 1
                if size >= COPIED_STATEMENTS:
                    body = "\n".join(map(ast.dump, node.body))
                    homes[body].append((chapter, f"{chapter.at(cell)}: `{node.name}`"))
    return [
        f"{again} is pasted from {first}; put it into `utils` and import it."
        for (origin, first), *others in homes.values()
        for other, again in others
        if other is not origin
    ]


# Links ------------------------------------------------------------------------------------

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)>\s]+)")
IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)>\s]+)")
FILE_DIRECTIVE = re.compile(r"\{(?:figure|image|include|literalinclude)\}\s+(\S+)")
DOC = re.compile(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`")
ROLE = re.compile(r"\{(numref|eq|ref|prf:ref)\}`(?:[^`<]*<)?([^`>]+)>?`")
CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`")
TARGET = re.compile(
    r"^\s*\(([\w.:-]+)\)=|^\s*:(?:label|name):\s*(\S+)|\$\$\s*\(([\w:-]+)\)"
    r"|\\label\{([\w:-]+)\}|\{#([\w:-]+)|^(?:label|name): (\S+)",
    re.MULTILINE,
)
GENERATED = ("record-", "solutions-", "glossary", "genindex", "search")


def targets(book: Book) -> set[str]:
    """Every name that a reference can point to."""
    found = {name for _, _, text in book.markdown for hit in TARGET.findall(text) for name in hit}
    for chapter in book.chapters:
        for cell in chapter.notebook.cells:
            found.add(cell.metadata.get("mystnb", {}).get("figure", {}).get("name", ""))
            found.add(f"cell-{cell.get('id')}")
    for _, _, text in book.markdown:
        for _, heading in HEADING.findall(text):
            kept = re.sub(r"[^\w\- ]", "", heading.lower())
            found.add(kept.replace(" ", "-"))
    return found - {""}


@rule(WHOLE_BOOK)
def links_lead_somewhere(book):
    known = targets(book)
    wrong = []
    for page, where, text in book.markdown:
        text = without_code(text)
        links = [*LINK.findall(text), *(path for _, path in IMAGE.findall(text))]
        links += FILE_DIRECTIVE.findall(text)
        for name in DOC.findall(text):
            files = [f"{name}.md", f"{name}.ipynb"]
            exist = [file for file in files if leads_somewhere(book, page.parent, file, known)]
            links += exist or [name]
        wrong += [
            f"{where}: the link to {link!r} leads nowhere."
            for link in links
            if not leads_somewhere(book, page.parent, link, known)
        ]
    return wrong


def leads_somewhere(book: Book, folder: Path, link: str, known: set[str]) -> bool:
    """Whether a link's file exists and its place in that file has been named."""
    path, _, anchor = unquote(link).partition("#")
    if re.match(r"[a-z][a-z0-9+.-]*:", link):  # another site; the weekly check asks those
        return True
    if anchor and anchor not in known and not anchor.startswith(GENERATED):
        return False
    start = book.root if path.startswith("/") else folder
    return not path or path in known or (start / path.lstrip("/")).is_file()


@rule(WHOLE_BOOK)
def references_have_targets(book):
    known = targets(book)
    return [
        f"{where}: {{{role}}} points to {name!r}, which is nowhere defined."
        for _, where, text in book.markdown
        for role, name in ROLE.findall(without_code(text))
        if name not in known and not name.startswith(GENERATED)
    ]


@rule(WHOLE_BOOK)
def citations_are_in_the_bibliography(book):
    source = (book.folder / "references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^\s*@\w+\{([^,\s]+),", source, re.MULTILINE))
    return [
        f"{where}: cites {key.strip()!r}, which is not in references.bib."
        for _, where, text in book.markdown
        for keys in CITE.findall(without_code(text))
        for key in keys.split(",")
        if key.strip() not in known
    ]


@rule(WHOLE_BOOK)
def terms_are_in_the_glossary(book):
    known = set()
    for _, _, text in book.markdown:
        for block in re.findall(r"^(?:```|:::)\{glossary\}\n(.*?)^(?:```|:::)$", text, re.M | re.S):
            lines = [line for line in block.splitlines() if re.match(r"[^\s:]", line)]
            known |= {line.split(" : ")[0].strip().lower() for line in lines}
    return [
        f"{where}: the term {term!r} is not in the glossary."
        for _, where, text in book.markdown
        for term in TERM.findall(without_code(text))
        if term.strip().lower() not in known
    ]


@rule(WHOLE_BOOK)
def pictures_in_prose_are_described(book):
    wrong = []
    for _, where, text in book.markdown:
        text = without_code(text)
        wrong += [
            f"{where}: the picture {path!r} needs alternative text, a sentence."
            for alt, path in IMAGE.findall(text)
            if len(alt) < SHORTEST_ALT
        ]
        for options in re.findall(r"\{(?:figure|image)\} .*\n((?::.*\n?)*)", text):
            alt = re.search(r"^:alt:\s*(.*)$", options, re.MULTILINE)
            if not alt or len(alt[1]) < SHORTEST_ALT:
                wrong.append(f"{where}: a picture needs `:alt:`, a sentence.")
    return wrong
