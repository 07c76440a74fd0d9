"""The ledger follows the notebooks: one verdict for each claim that a chapter announces, a link
target before it, and a page that is up to date. The rules are shown able to fail on faulty ones.
"""

import copy
import json
import re

import pytest

from tools import ledger
from tools.ledger import LEDGER, ROOT, Notebook, problems, read_claims, read_notebooks
from utils.check import Claim
from utils.check.claims import MIME, VERDICTS

BOOK = read_notebooks(ROOT / "book")
CLAIMS = read_claims(ROOT / ledger.CLAIMS)
SOURCE = ROOT.parent / "shared" / "source"
BECAUSE = "The sum is right, its `name` is not."


# ---- the book


def test_every_announced_claim_has_one_verdict_and_a_link():
    assert problems(BOOK, CLAIMS) == []


def test_the_ledger_is_fresh():
    assert ledger.main(["--check"]) is None


def test_every_claim_has_a_section_a_sentence_and_an_anchor():
    page = (ROOT / LEDGER).read_text(encoding="utf-8")
    for id, claim in CLAIMS.items():
        assert re.fullmatch(r"\d(\.(\d|[a-z]))+", id)
        assert id.startswith(claim["section"].split(".")[0])
        assert claim["statement"].endswith(".") and len(claim["statement"].split()) >= 5
        assert len(claim.get("original", "")) <= 40
        assert page.count(f"(ledger-{id.replace('.', '-')})=\n") == 1
    assert {id[0] for id in CLAIMS} == set("12345678")


def test_the_claims_are_those_of_the_source():
    if not SOURCE.exists():
        pytest.skip("the source document lies outside the repository")
    listed = (SOURCE / "CLAIMS.md").read_text(encoding="utf-8")
    assert list(CLAIMS) == list(dict.fromkeys(re.findall(r"`(\d(?:\.(?:\d|[a-z]))+)`", listed)))
    document = (SOURCE / "document.zh.md").read_text(encoding="utf-8")
    assert [id for id, c in CLAIMS.items() if c.get("original", "") not in document] == []


# ---- the rules, on notebooks made for them


def prose(text):
    return {"cell_type": "markdown", "source": text}


def verdict(id, word="imprecise", because=BECAUSE):
    data = Claim(id, word, because)._repr_mimebundle_()
    code = f"check.claim(\n    {id!r},\n    {word!r},\n    {because!r},\n)"
    return {"cell_type": "code", "source": code, "outputs": [{"data": data}]}


def chapter(*ids, path="book/3-principles/3-2-1-convolution.ipynb"):
    cells = [prose("# Convolution\n\nText."), {"cell_type": "code", "source": "1", "outputs": []}]
    for id in ids:
        cells += [prose(f"({ledger.target_of(id)})=\n**Verdict.**"), verdict(id)]
    return Notebook(path, {"claims": list(ids)}, cells)


GOOD = [chapter("3.2.1", "3.2.a"), chapter("4.1", path="book/4-practice/4-1-convnet.ipynb")]


@pytest.mark.parametrize("notebooks", [[], GOOD[:1], GOOD, [Notebook("book/a.ipynb", {}, [])]])
def test_sound_notebooks_have_no_problem(notebooks):
    assert problems(notebooks, CLAIMS) == []


def no_verdict(books):
    books[0].cells[-1]["outputs"] = []


def no_cell(books):
    del books[0].cells[-1]


def two_in_one(books):
    books[0].cells.append(verdict("3.2.a"))


def two_in_one_cell(books):
    books[0].cells[-1]["outputs"] *= 2


def two_in_the_book(books):
    books[1].metadata["claims"].append("3.2.a")
    books[1].cells.extend([prose("(claim-3-2-a)="), verdict("3.2.a")])


def not_announced(books):
    books[0].metadata["claims"].remove("3.2.a")


def no_metadata(books):
    del books[0].metadata["claims"]


def stale_target(books):
    books[0].cells[-2]["source"] = "(claim-3-2-b)=\n**Verdict.**"


def no_target(books):
    books[0].cells[-2]["source"] = "**Verdict.**"


def target_twice(books):
    books[1].cells.insert(0, prose("(claim-3-2-a)=\nAgain."))


def target_too_early(books):
    books[0].cells.insert(-1, prose("Something between."))


def target_without_verdict(books):
    books[0].cells.append(prose("(claim-3-1-a)=\nTo come."))


def target_in_the_other_chapter(books):
    books[1].cells.append(books[0].cells.pop(-2))


def unknown_id(books):
    books[0].metadata["claims"].append("3.9.9")
    books[0].cells.extend([prose("(claim-3-9-9)="), verdict("3.9.9")])


def unknown_word(books):
    books[0].cells[-1] = verdict("3.2.a", word="true")


def changed_verdict(books):
    cell = books[0].cells[-1]
    cell["source"] = cell["source"].replace("imprecise", "wrong")


def changed_reason(books):
    cell = books[0].cells[-1]
    cell["source"] = cell["source"].replace("right", "wrong")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (no_verdict, "claim 3.2.a is announced and has no verdict"),
        (no_cell, "claim 3.2.a is announced and has no verdict"),
        (two_in_one, "has 2 verdicts"),
        (two_in_one_cell, "has 2 verdicts"),
        (two_in_the_book, "has 2 verdicts"),
        (not_announced, "the verdict on 3.2.a lacks its id"),
        (no_metadata, "the verdict on 3.2.1 lacks its id"),
        (stale_target, "`(claim-3-2-a)=` belongs once"),
        (no_target, "is missing"),
        (target_twice, "stands 2 times"),
        (target_too_early, "stands elsewhere"),
        (target_in_the_other_chapter, "stands elsewhere"),
        (target_without_verdict, "`(claim-3-1-a)=` has no verdict after it"),
        (unknown_id, "book/claims.yml has no claim 3.9.9"),
        (unknown_word, "unknown verdict 'true'"),
        (changed_verdict, "is not what its cell says now"),
        (changed_reason, "is not what its cell says now"),
    ],
)
def test_a_planted_fault_is_named(fault, says):
    books = copy.deepcopy(GOOD)
    fault(books)
    found = problems(books, CLAIMS)
    assert any(says in sentence for sentence in found), found
    assert all(sentence.startswith("book/") for sentence in found)


def test_a_verdict_that_is_computed_is_not_compared_with_its_cell():
    books = copy.deepcopy(GOOD)
    for code in ("%time check.claim(x)", "check.claim('3.2.a', 'imprecise', f'{n} of them.')"):
        books[0].cells[-1]["source"] = code
        assert problems(books, CLAIMS) == []


# ---- the page


@pytest.fixture
def house(tmp_path):
    """A small book on disk, with two claims and one notebook."""
    book = tmp_path / "book"
    (book / "3-principles").mkdir(parents=True)
    (book / "3-principles" / "index.md").write_text("# Principles\n", encoding="utf-8")
    claims = '"3.2.1":\n  section: "3.2.1"\n  statement: It is a_sum <b> of $products$.\n'
    claims += '  original: 卷积\n"3.2.2":\n  section: "3.2.2"\n  statement: It takes the maximum.\n'
    (book / "claims.yml").write_text(claims, encoding="utf-8")
    store(tmp_path, chapter("3.2.1"))
    return tmp_path


def store(root, notebook):
    content = {"metadata": notebook.metadata, "cells": notebook.cells}
    (root / notebook.path).write_text(json.dumps(content), encoding="utf-8")


def test_the_page_counts_and_links(house):
    assert ledger.main([], house) is None
    page = (house / LEDGER).read_text(encoding="utf-8")
    assert page.startswith("% Generated by `python -m tools.ledger`")
    assert "Of 2 statements 1 has been examined so far, and 1 has not." in page
    assert '<span class="verdict verdict-imprecise">imprecise</span>\n: 1 · ' in page
    assert '<span class="verdict verdict-wrong">wrong</span>\n: 0 · ' in page
    assert "## 3 Principles\n\n(ledger-3-2-1)=\n\n**3.2.1** <span" in page
    assert r": It is a\_sum \<b\> of \$products\$. " in page and "“卷积”" in page
    assert f": {BECAUSE} → [Convolution](#claim-3-2-1)\n" in page
    assert '(ledger-3-2-2)=\n\n**3.2.2** <span class="unexamined">not examined yet</span>' in page
    assert all(page.count(f">{word}</span>\n: ") >= 1 for word in VERDICTS)
    assert str(house) not in page


def test_a_stale_page_is_refused_in_one_sentence(house):
    assert "is missing: run `python -m tools.ledger`" in ledger.main(["--check"], house)
    assert not (house / LEDGER).exists()
    ledger.main([], house)
    assert ledger.main(["--check"], house) is None
    first = (house / LEDGER).read_bytes()
    store(house, chapter("3.2.1", "3.2.2"))
    assert "is stale: run `python -m tools.ledger`" in ledger.main(["--check"], house)
    assert (house / LEDGER).read_bytes() == first
    assert ledger.main([], house) is None and (house / LEDGER).read_bytes() != first
    assert "All 2 statements have been examined." in (house / LEDGER).read_text(encoding="utf-8")
    store(house, chapter("3.2.1"))
    ledger.main([], house)
    assert (house / LEDGER).read_bytes() == first


def test_the_page_is_right_without_any_notebook(house):
    (house / GOOD[0].path).unlink()
    assert ledger.main([], house) is None
    assert "Of 2 statements 0 have been examined so far, and 2 have not." in (
        house / LEDGER
    ).read_text(encoding="utf-8")


def test_what_cannot_be_read_stops_with_a_sentence(house):
    store(house, chapter("3.2.1", "3.2.1"))
    assert "Claim 3.2.1 has two verdicts" in ledger.main([], house)
    (house / GOOD[0].path).write_text("{", encoding="utf-8")
    assert "3-2-1-convolution.ipynb is no notebook" in ledger.main([], house)
    (house / GOOD[0].path).unlink()
    claims = house / "book" / "claims.yml"
    text = claims.read_text(encoding="utf-8")
    claims.write_text(text + text, encoding="utf-8")
    assert "has these ids twice: 3.2.1, 3.2.2" in ledger.main([], house)
    claims.write_text('"3.2.1":\n  section: "3.2.1"\n', encoding="utf-8")
    assert "claim '3.2.1' needs a section and a statement" in ledger.main([], house)
    claims.write_text("3.2:\n  section: a\n  statement: b\n", encoding="utf-8")
    assert "claim 3.2 needs" in ledger.main([], house)
    claims.unlink()
    assert ledger.main([], house).startswith("The ledger stopped: ")
    assert not (house / LEDGER).exists()


def test_checkpoint_copies_are_not_chapters(house):
    folder = house / "book" / "3-principles" / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / "3-2-1-convolution-checkpoint.ipynb").write_text("{", encoding="utf-8")
    assert len(read_notebooks(house / "book")) == 1


def test_the_record_is_read_from_stored_json(house):
    (found,) = ledger.verdicts(read_notebooks(house / "book"))
    assert (found.id, found.verdict, found.because) == ("3.2.1", "imprecise", BECAUSE)
    assert found.notebook.cells[found.cell]["outputs"][0]["data"][MIME]["id"] == "3.2.1"
