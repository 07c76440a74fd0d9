"""Each rule finds the fault that it is for, and nothing wrong in a sound book.

A small sound book is built, one fault is planted in it, and the rule must name it.
"""

from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.book import rules
from tests.book.pages import Book, words
from tools import notebooks

FUNCTION = '''def grow(x: int, times: int = 2) -> int:
    """Grow {how}."""
    for _ in range(times):
        y = x + 1
        x = y * 2
    return x
'''
TOC = ["book/intro", "book/3-part/index", "book/3-part/3-1-first", "book/3-part/3-2-second"]


def prose(name, source):
    return new_markdown_cell(source, id=name)


def code(name, source, *outputs, **metadata):
    cell = new_code_cell(source, outputs=list(outputs), metadata=metadata)
    cell["id"] = name
    return cell


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def picture():
    data = {"image/png": "aGk=", "text/plain": "<Figure size 640x480 with 1 Axes>"}
    return new_output("display_data", data=data)


def figure(name):
    return {
        "figure": {"caption": "The curve falls.", "name": f"fig-{name}"},
        "image": {"alt": "A curve that falls from 2 to 1 within ten steps."},
    }


def chapter(number, *cells):
    name = f"chapter-{number.replace('.', '-')}"
    opening = [
        prose("title", f"# Chapter {number}\n\n(target-{name})=\n\nSee [the part](index.md)."),
        code("set-up", "from utils import runtime\n\nruntime.seed_everything(0)"),
        prose("idea", f"## Idea\n\n{{numref}}`fig-{name}`, {{cite:p}}`first2020`, {{term}}`loss`."),
        code("curve", "draw()\nplt.show()", picture(), mystnb=figure(name)),
        prose("closing", "## Summary\n\nWe read `a [link](nowhere.md)` and go on."),
    ]
    metadata = {"source_section": number, "claims": [], "prerequisites": []}
    return new_notebook(cells=[*opening, *cells], metadata=metadata)


def sound():
    """The parts of a small book without a fault; `first` and `second` are its chapters."""
    first = chapter(
        "3.1",
        code("grow", FUNCTION.format(how="in the chapter")),
        code("loss", "print(loss)", printed("loss 0.5 of 12\n"), tolerance={"rtol": 0.01}),
        prose("planned", "An error follows; ![a picture of a small dog](../figures/dog.png)"),
        code("fails", "1 / 0", error(), tags=["raises-exception"]),
        code("solve", 'check.equal("x", x, 1)', printed("✓ x: both are 1\n"), verifies=["eq-one"]),
        code("code-1", "x_1 = 1"),
        prose("more", "Go on.\n\n$$\nx = 1\n$$ (eq-one)\n\nAs {eq}`eq-one` says."),
        code("timed", "timer()", printed("12 ms\n"), **ignored("time")),
        prose("verified", "## What was verified\n\n{eq}`eq-one`."),
        prose("solved", "See [](#cell-timed), [](3-2-second.ipynb#idea) and {doc}`index`."),
    )
    many = [part for n in range(40) for part in (code(f"n-{n}", "1"), prose(f"p-{n}", "Word."))]
    second = chapter("3.2", *many[:60])
    second.metadata.prerequisites = ["3-1-first"]
    files = {
        "book/intro.md": "# Intro\n\n```{figure} figures/dog.png\n:alt: A dog on a small bed.\n```",
        "book/3-part/index.md": "# Part\n\n```{glossary}\nloss\n损失\n  What falls.\n```\n",
        "book/figures/dog.png": "",
        "book/references.bib": "@article{first2020,\n  title = {First}}\n",
        "utils/growing.py": FUNCTION.format(how="in the package"),
    }
    return SimpleNamespace(
        files=files, toc=list(TOC), first=first, second=second, names={}, raw=False
    )


def error():
    return new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=[])


def ignored(reason):
    return {"tags": ["nbval-ignore-output"], "ignored_because": reason}


def build(parts, root):
    files = {**parts.files, "_toc.yml": f"root: {parts.toc[0]}\nchapters:\n"}
    files["_toc.yml"] += "".join(f"  - file: {name}\n" for name in parts.toc[1:])
    for key, default in [
        ("first", "3-part/3-1-first"),
        ("second", "3-part/3-2-second"),
    ]:
        notebook = getattr(parts, key)
        counts = iter(range(1, 1000))
        for cell in notebook.cells:
            if cell.cell_type == "code" and "kept-count" not in cell.metadata:
                cell.execution_count = next(counts)
            cell.metadata.pop("kept-count", None)
        stored = nbformat.v4.writes(notebook) if parts.raw else None
        stored = stored or notebooks.as_text(notebooks.normalise(notebook))
        files[f"book/{parts.names.get(key, default)}.ipynb"] = stored
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Book(root)


def says(rule, book):
    if rule in rules.WHOLE_BOOK:
        return rule(book)
    return [sentence for chapter in book.chapters for sentence in rule(chapter)]


# Faults: the rule, what it must say, and how to plant the fault in the parts of the sound book.


def cell(parts, name):
    return next(cell for cell in parts.first.cells if cell.id == name)


def write(name, source):
    return lambda parts: cell(parts, name).update(source=source)


def output(name, *outputs):
    return lambda parts: cell(parts, name).update(outputs=list(outputs))


def mark(name, **metadata):
    return lambda parts: cell(parts, name).metadata.update(metadata)


def add(*cells):
    return lambda parts: parts.first.cells.extend(cells)


def unnormal(*cells):
    """Store the file as an editor might, with these cells at its end."""

    def plant(parts):
        parts.raw = True
        parts.first.cells.extend(cells)

    return plant


def state(**metadata):
    return lambda parts: parts.first.metadata.update(metadata)


def place(name):
    return lambda parts: parts.names.update(first=name)


def file(name, text):
    return lambda parts: parts.files.update({name: text})


def describe(**mystnb):
    return mark("curve", mystnb={**figure("chapter-3-1"), **mystnb})


LONG = "\n".join(f"x = {n}" for n in range(26))
SPREAD = "\n\n".join(f"x = {n}" for n in range(16))
FAULTS = [
    (rules.file_name_is_the_section, "named like", place("3-part/First")),
    (rules.file_name_is_the_section, "named like", place("3-part/3-1-First")),
    (rules.file_name_is_the_section, "folder of another", place("4-part/3-1-first")),
    (rules.file_name_is_the_section, "'3.7'", state(source_section="3.7")),
    (rules.metadata_are_sound, "`claims`", state(claims="3.1")),
    (rules.metadata_are_sound, "`prerequisites`", state(prerequisites=[3])),
    (rules.metadata_are_sound, "'author'", state(author="x")),
    (rules.metadata_are_sound, "`loss`: unknown", mark("loss", tolerances={"rtol": 0.1})),
    (rules.prerequisites_exist, "'3-9-never'", state(prerequisites=["3-9-never"])),
    (rules.stored_in_the_one_form, "normalise", unnormal()),
    (rules.ids_are_slugs_and_unique, "words with", lambda p: cell(p, "loss").update(id="3fa94c1e")),
    (rules.ids_are_slugs_and_unique, "words with", lambda p: cell(p, "loss").update(id="A_cell")),
    (rules.ids_are_slugs_and_unique, "stands twice", unnormal(prose("loss", "Again."))),
    (rules.solutions_are_hidden, "a solution in sight", mark("loss", tags=["solution"])),
    (
        rules.solutions_are_hidden,
        "a solution in sight",
        mark("loss", tags=["hide-cell", "solution"]),
    ),
    (rules.tags_are_known, "'hide_input'", mark("loss", tags=["hide_input"])),
    (rules.tags_are_known, "'nbval-skip'", mark("loss", tags=["nbval-skip"])),
    (rules.headings_go_down_in_steps, "skips a level", add(prose("deep", "#### Deep"))),
    (rules.headings_go_down_in_steps, "its only", add(prose("again", "# Again"))),
    (rules.headings_go_down_in_steps, "its only", write("title", "Title")),
    (rules.headings_go_down_in_steps, "9 sections", add(prose("many", "## A\n" * 8))),
    (rules.cells_keep_to_the_budget, "71 cells", add(*(prose(f"a-{n}", "A.") for n in range(56)))),
    (rules.cells_keep_to_the_budget, "fourth", add(*(code(f"a-{n}", "1") for n in range(4)))),
    (rules.cells_keep_to_the_budget, "151 words", add(prose("long", "word " * 151))),
    (rules.cells_keep_to_the_budget, "4", add(*(prose(f"w-{n}", "w " * 149) for n in range(31)))),
    (rules.executed_in_order, "clean run", mark("loss", **{"kept-count": True})),
    (rules.nothing_on_stderr, "Warning: old", output("loss", printed("Warning: old", "stderr"))),
    (rules.nothing_of_the_machine, "/home/ann", output("loss", printed("in /home/ann/x.py"))),
    (rules.nothing_of_the_machine, "C:", output("loss", printed("in C:\\Users\\ann"))),
    (rules.nothing_of_the_machine, "~/x", output("loss", printed("in ~/x"))),
    (rules.nothing_of_the_machine, "0x7f", output("loss", printed("<A at 0x7f03aa00>"))),
    (rules.nothing_of_the_machine, "localhost", output("loss", printed("http://localhost:80"))),
    (rules.errors_are_planned, "no tag", mark("fails", tags=[])),
    (rules.errors_are_planned, "raised nothing", output("fails")),
    (rules.figures_are_described, "caption and name", mark("curve", mystnb={})),
    (rules.figures_are_described, "alt", describe(image={})),
    (rules.figures_are_described, "alt", describe(image={"alt": "A curve."})),
    (
        rules.figures_are_described,
        "repeats",
        describe(
            figure={"caption": "A curve falls down to zero.", "name": "fig-a"},
            image={"alt": "A curve falls down to zero"},
        ),
    ),
    (rules.long_plots_are_folded, "hide-input", write("curve", LONG[:70])),
    (rules.tolerances_are_sound_and_used, "0.5", mark("loss", tolerance={"rtol": 2})),
    (rules.tolerances_are_sound_and_used, "no float", output("loss", printed("12 images"))),
    (rules.tolerances_are_sound_and_used, "no float", mark("idea", tolerance={"rtol": 0.1})),
    (rules.labelled_formulas_are_verified, "`eq-two`", mark("solve", verifies=["eq-two"])),
    (rules.labelled_formulas_are_verified, "no code cell verifies", mark("solve", verifies=[])),
    (rules.labelled_formulas_are_verified, "no check passes", output("solve", printed("x is 1"))),
    (rules.labelled_formulas_are_verified, "no check passes", write("solve", "print('✓ x')")),
    (rules.labelled_formulas_are_verified, "leaves out", write("verified", "It was verified.")),
    (
        rules.labelled_formulas_are_verified,
        "no code cell verifies the formula `eq-three`",
        add(prose("third", "```{math}\n:label: eq-three\nx = 3\n```")),
    ),
    (rules.ignored_outputs_are_measurements, "come together", mark("loss", ignored_because="time")),
    (rules.ignored_outputs_are_measurements, "come together", mark("timed", tags=[])),
    (rules.ignored_outputs_are_measurements, "because of", mark("timed", ignored_because="luck")),
    (rules.ignored_outputs_are_measurements, "not show", output("timed", printed("loss 0.5"))),
    (rules.code_cells_are_short, "26 lines", write("loss", LONG)),
    (rules.code_cells_are_short, "16 lines", write("loss", SPREAD)),
    (rules.nothing_forbidden, "sys.path", write("loss", "import sys\nsys.path.append('..')")),
    (rules.nothing_forbidden, "installs", write("loss", "%pip install x")),
    (rules.nothing_forbidden, "warnings", write("loss", "warnings.filterwarnings('ignore')")),
    (rules.nothing_forbidden, "absolute", write("loss", "open('/home/ann/x')")),
    (rules.nothing_forbidden, "style", write("loss", "plt.figure(figsize=(3, 4))")),
    (rules.nothing_forbidden, "comment", write("loss", "# NBVAL_SKIP\nloss")),
    (rules.nothing_forbidden, "semicolon", write("loss", "plt.plot(x);")),
    (rules.seeded_once, "seeds again", write("code-1", "torch.manual_seed(1)")),
    (rules.seeded_once, "first code cell", write("set-up", "import torch")),
    (
        rules.shown_code_is_packaged_code,
        "`grow`",
        file("utils/growing.py", FUNCTION.replace("x + 1", "x + 3")),
    ),
    (rules.contents_and_files_agree, "not in _toc", lambda parts: parts.toc.pop()),
    (
        rules.contents_and_files_agree,
        "no such page",
        lambda p: p.toc.append("book/3-part/3-3-none"),
    ),
    (rules.contents_and_files_agree, "twice", lambda parts: parts.toc.append(TOC[-1])),
    (rules.contents_and_files_agree, "lost.md", file("book/back/lost.md", "# Lost")),
    (rules.chapters_follow_their_numbers, "3-1-first", lambda p: p.toc.append(p.toc.pop(-2))),
    (rules.few_outputs_are_ignored, "under 3%", mark("loss", tags=["nbval-ignore-output"])),
    (
        rules.nothing_is_pasted,
        "`shrink`",
        lambda parts: parts.second.cells.append(
            code("shrink", FUNCTION.format(how="again").replace("grow", "shrink"))
        ),
    ),
    (rules.links_lead_somewhere, "'gone.md'", add(prose("link", "[x](gone.md)"))),
    (rules.links_lead_somewhere, "'gone.png'", add(prose("link", "![x](gone.png)"))),
    (rules.links_lead_somewhere, "'#nowhere'", add(prose("link", "[x](#nowhere)"))),
    (rules.links_lead_somewhere, "'index.md#no'", add(prose("link", "[x](index.md#no)"))),
    (rules.links_lead_somewhere, "'gone'", add(prose("link", "{doc}`text <gone>`"))),
    (rules.links_lead_somewhere, "'no.png'", add(prose("link", "```{figure} no.png\n```"))),
    (rules.references_have_targets, "'fig-none'", add(prose("r", "{numref}`Fig. %s <fig-none>`"))),
    (rules.references_have_targets, "'eq-none'", add(prose("r", "`x` {eq}`eq-none` `y`"))),
    (rules.citations_are_in_the_bibliography, "'a2', ", add(prose("c", "{cite}`first2020,a2`"))),
    (rules.terms_are_in_the_glossary, "'losses'", add(prose("t", "{term}`losses`"))),
    (rules.pictures_in_prose_are_described, "dog.png", add(prose("i", "![](../figures/dog.png)"))),
    (
        rules.pictures_in_prose_are_described,
        "`:alt:`",
        file("book/intro.md", "```{figure} figures/dog.png\n:name: dog\n```"),
    ),
]
ALL_RULES = [*rules.STRUCTURE, *rules.OUTPUTS, *rules.CODE, *rules.WHOLE_BOOK]


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.__name__)
def test_a_sound_book_breaks_no_rule(tmp_path, rule):
    assert says(rule, build(sound(), tmp_path)) == []


@pytest.mark.parametrize(
    "rule, sentence, plant",
    [pytest.param(*fault, id=f"{fault[0].__name__}-{n}") for n, fault in enumerate(FAULTS)],
)
def test_a_planted_fault_is_named(tmp_path, rule, sentence, plant):
    parts = sound()
    plant(parts)
    found = says(rule, build(parts, tmp_path))
    assert any(sentence in one for one in found), found


def test_every_rule_has_a_planted_fault():
    assert {rule for rule, *_ in FAULTS} == set(ALL_RULES)


@pytest.mark.parametrize(
    "text, count",
    [
        ("Two words", 2),
        ("$x + y$ is `code here` one", 4),
        ("```python\na b c\n```\nafter", 1),
        (":::{note}\ninside\n:::\nafter that", 2),
        ("| a | b |\n|---|---|\n\n[the link](to/some/file.md)", 2),
        ("$$\na + b\n$$ (eq-one)\n\n{eq}`eq-one` 卷积层 convolves", 3),
    ],
)
def test_words_are_those_of_running_text(text, count):
    assert words(text) == count
