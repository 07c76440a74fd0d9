"""Every exercise accepts a right answer and rejects the planted wrong ones, without an error."""

import importlib
import pkgutil

import pytest

from tests.book import wrong_answers
from tools.notebooks import chapters, read
from utils import exercises

MODULES = [
    importlib.import_module(f"{wrong_answers.__name__}.{module.name}")
    for module in pkgutil.iter_modules(wrong_answers.__path__)
]
RIGHT = {id: answer for module in MODULES for id, answer in module.RIGHT.items()}
WRONG = {id: answers for module in MODULES for id, answers in module.WRONG.items()}
PLANTED = [(id, *planted) for id, answers in WRONG.items() for planted in answers]


@pytest.mark.parametrize("id", RIGHT)
def test_a_right_answer_is_accepted(id):
    assert exercises.grade(id, RIGHT[id]).outcome == "right"


@pytest.mark.parametrize(
    ("id", "mistake", "answer"), PLANTED, ids=[f"{p[0]}: {p[1]}" for p in PLANTED]
)
def test_a_wrong_answer_is_rejected_in_words(id, mistake, answer):
    result = exercises.grade(id, answer)
    assert result.outcome == "wrong", mistake
    assert result.line.startswith(f"✗ Exercise {id}: not yet; ")


def test_every_exercise_has_a_right_and_two_wrong_answers():
    ids = set(exercises.all_ids())
    assert set(RIGHT) == ids
    assert {id for id, answers in WRONG.items() if len(answers) >= 2} == ids


def test_every_exercise_stands_in_its_chapter_attempted_by_the_solution_alone():
    """The notebook marks each exercise twice: the empty cell, then the hidden solution."""
    for id in exercises.all_ids():
        path = chapters()[id.rpartition("-")[0].replace(".", "-")]
        cells = [c for c in read(path).cells if f'check.exercise("{id}"' in c.source]
        printed = ["".join(output.get("text", "") for output in cell.outputs) for cell in cells]
        assert len(cells) == 2, f"{path.name} marks exercise {id} {len(cells)} times, not twice."
        assert "not attempted yet" in printed[0]
        assert printed[1].startswith(f"✓ Exercise {id}") and "solution" in cells[1].metadata.tags
