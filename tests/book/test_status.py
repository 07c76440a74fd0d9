"""The strip of the landing page counts what the notebooks hold (that it shows it: `test_site`)."""

from collections import Counter

import pytest

from tests.book.test_ledger import CLAIMS, chapter, prose, verdict
from tools.status import status


def code(source, text="", count=1, **metadata):
    outputs = [{"output_type": "stream", "text": [text]}] if text else []
    cell = {"cell_type": "code", "source": source, "outputs": outputs}
    return {**cell, "execution_count": count, "metadata": metadata}


def made(*cells):
    notebook = chapter("3.2.1")
    notebook.cells[:] = cells
    return notebook


FORMULA = prose("```{math}\n:label: eq-size\nx\n```")
CHECKED = code("check.close(a, b)", "✓ a = b\nsum 3\n✓ c = d\n", verifies=["eq-size"])


def test_checks_cells_formulas_and_exercises_are_counted():
    exercise = code('check.exercise("3.2.1-a", f)', "✓ Exercise 3.2.1-a: right: so it is.\n")
    asked = code('check.exercise("3.2.1-a", ...)', "Exercise 3.2.1-a: not attempted yet.\n")
    found = status([made(FORMULA, CHECKED, asked, exercise), made(code("1", count=None))], CLAIMS)
    assert (found.chapters, found.cells, found.checks) == (2, 3, 2)
    assert (found.formulas, found.exercises, found.statements) == (1, 1, len(CLAIMS))


@pytest.mark.parametrize("cells", [[FORMULA], [CHECKED], [prose("no formula")]])
def test_a_formula_counts_with_its_check_and_not_without(cells):
    assert status([made(*cells)], CLAIMS).formulas == 0


def test_verdicts_are_counted_by_their_word_and_unknown_statements_are_not():
    cells = [{**verdict(id), **code("")} | verdict(id) for id in ("3.2.1", "3.2.a", "9.9")]
    found = status([made(*cells), made(code("") | verdict("4.1", "holds when"))], CLAIMS)
    assert found.verdicts == Counter({"imprecise": 2, "holds when": 1})
