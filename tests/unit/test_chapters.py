"""Numbers of other chapters are read from their stored outputs, exactly, or the reason is given."""

import json

import pytest

from utils.chapters import BOOK, measured, printed


@pytest.fixture
def book(tmp_path):
    def code(id, *texts):
        outputs = [{"output_type": "stream", "text": [text]} for text in texts]
        return {"cell_type": "code", "id": id, "outputs": outputs}

    text = "SVM 0.990 ± 0.003\nloss −1.5, conv2d 3.2.1 at 1,234,567 steps, 2e-3 s\nnone here\n"
    cells = [{"cell_type": "markdown", "id": "words"}, code("run", text, "twice\ntwice\n")]
    cells.append(code("quiet"))
    (tmp_path / "2-concepts").mkdir()
    path = tmp_path / "2-concepts" / "2-1-neural-networks.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return tmp_path


def test_the_text_is_what_was_stored(book):
    assert printed("2.1", "run", book) == printed("2-1", "run", book)
    assert printed("2.1", "run", book).endswith("none here\ntwice\ntwice\n")


def test_numbers_follow_the_words_on_their_line(book):
    assert measured("2.1", "run", "SVM", book) == (0.990, 0.003)
    assert measured("2.1", "run", "±", book) == (0.003,)
    assert measured("2.1", "run", "loss", book) == (-1.5, 1234567.0, 0.002)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("2.2", "run", "SVM"), "no chapter '2.2'; the nearest is '2-1'"),
        (("2.1", "rnu", "SVM"), "no cell 'rnu'; the nearest is 'run'"),
        (("2.1", "words", "SVM"), "no cell 'words'"),
        (("2.1", "quiet", "SVM"), "no stored text: run the chapter"),
        (("2.1", "run", "absent"), "printed 0 lines with 'absent'"),
        (("2.1", "run", "twice"), "printed 2 lines with 'twice'"),
        (("2.1", "run", "none here"), "no number after 'none here'"),
    ],
)
def test_what_is_not_there_is_named(book, asked, words):
    with pytest.raises(ValueError, match=words):
        measured(*asked, book)


def test_it_reads_the_book_itself():
    whole = measured("2.1", "digits-curve", "Gaussian SVM")
    assert len(whole) == 5 and all(0.5 < share < 1 for share in whole[:4]) and BOOK.is_dir()
