"""Exercises mark themselves: three outcomes, one line, no error, and never the answer.

The exercises here are small ones made up for the tests; those of the book, with wrong answers
planted, are in `tests/book/test_exercises.py`.
"""

from functools import partial

import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from utils import check, exercises
from utils.exercises import expect, grader, refuses, same_number, same_shape, same_tensor
from utils.exercises.answers import attempt, describe, is_empty


@pytest.fixture(autouse=True)
def sizes(monkeypatch):
    """Two made-up exercises, gone after the test."""
    monkeypatch.setattr(exercises, "GRADERS", {})

    @grader("99.1-a", "the output size of a convolution")
    def output_size(answer):
        for size, kernel, stride in [(7, 4, 1), (9, 2, 3)]:
            same_number(answer(size, kernel=kernel, stride=stride), (size - kernel) // stride + 1)
        refuses(answer, ValueError, 3, kernel=5, stride=1)

    @grader("99.1-b", "a matrix product")
    def product(answer):
        a, b = torch.arange(6.0).view(2, 3) + 1, torch.arange(12.0).view(3, 4)
        same_tensor(answer(a, b), a @ b)
        expect(torch.equal(a, torch.arange(6.0).view(2, 3) + 1), "the input has changed")


def right_size(size, kernel, stride):
    if kernel > size:
        raise ValueError("the kernel is larger than the image")
    return (size - kernel) // stride + 1


def mark(capsys, answer, id="99.1-a"):
    """The result and its line, of which there is exactly one."""
    result = check.exercise(id, answer)
    printed = capsys.readouterr().out
    assert printed == result.line + "\n" and "\n" not in result.line
    return result, printed.strip()


def unattempted(size, kernel, stride):
    """Return the size.

    Shapes: none.
    """
    ...


def only_docstring():
    """Nothing."""


def dots(size, kernel, stride):
    result = ...
    return result


def todo(size, kernel, stride):
    raise NotImplementedError


class EmptyNet(torch.nn.Module):
    """To do."""

    def forward(self, x): ...


@pytest.mark.parametrize(
    "answer",
    [
        None,
        ...,
        NotImplemented,
        (3, ...),
        unattempted,
        only_docstring,
        lambda x: ...,
        lambda x: None,
        EmptyNet,
        dots,
        todo,
    ],
)
def test_the_empty_cell_is_not_attempted(capsys, answer):
    result, line = mark(capsys, answer)
    assert not result and result.outcome == "not attempted"
    assert line == "Exercise 99.1-a: not attempted yet."


def test_work_without_a_return_is_told_so(capsys):
    def forgotten(size, kernel, stride):
        result = size - kernel
        result += 1

    assert mark(capsys, forgotten)[1] == (
        "Exercise 99.1-a: not attempted yet, for it returns None (is a `return` missing?)."
    )

    def sometimes(size, kernel, stride):
        return right_size(size, kernel, stride) if stride == 1 else None

    assert mark(capsys, sometimes)[1] == (
        "✗ Exercise 99.1-a: not yet; it returned None. It was given 9, kernel = 2, stride = 3."
    )


@pytest.mark.parametrize("answer", [3, "text", right_size, lambda: 1, EmptyNet(), [1, 2], print])
def test_what_holds_something_is_an_attempt(answer):
    assert not is_empty(answer)


def test_a_right_answer_gets_a_clear_yes(capsys):
    for answer in (right_size, partial(right_size), lambda *a, **k: np.int64(right_size(*a, **k))):
        result, line = mark(capsys, answer)
        assert result and result.outcome == "right"
        assert line == "✓ Exercise 99.1-a: right: the output size of a convolution."


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda size, kernel, stride: size - kernel, "the result, 3, is too small"),
        (lambda size, kernel, stride: size, "the result, 7, is too large"),
        (lambda size, kernel, stride: -right_size(size, kernel, stride), "has the wrong sign"),
        (lambda size, kernel, stride: (size - kernel) / stride + 1, "is the float 4.0"),
        (lambda size, kernel, stride: True, "is not a number but True"),
        (lambda size, kernel, stride: [1], "is not a number but [1]"),
        (lambda size, kernel, stride: torch.ones(2), "not a number but a tensor of shape (2,)"),
        (lambda size, kernel, stride: size // 0, "raised ZeroDivisionError"),
        (lambda size, kernel: 1, "raised TypeError"),
        (lambda size, kernel, stride: undefined_name, "raised NameError"),  # noqa: F821
        (lambda size, kernel, stride: [][size], "raised IndexError (list index out of range)"),
    ],
)
def test_a_wrong_answer_is_told_what_came_out_of_which_input(capsys, answer, says):
    result, line = mark(capsys, answer)
    assert not result and result.outcome == "wrong"
    assert line.startswith("✗ Exercise 99.1-a: not yet; ") and says in line
    assert line.endswith("It was given 7, kernel = 4, stride = 1.")


def test_an_answer_that_accepts_bad_input_is_wrong(capsys):
    def careless(size, kernel, stride):
        return (size - kernel) // stride + 1

    assert (
        "ValueError should be raised and -1 was returned. It was given 3"
        in (mark(capsys, careless)[1])
    )

    def other(size, kernel, stride):
        assert kernel <= size, "too\nlarge"
        return (size - kernel) // stride + 1

    line = mark(capsys, other)[1]
    assert "ValueError should be raised; your code raised AssertionError (too large" in line


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda a, b: -(a @ b), "every entry of the result differs from what it should be (the si"),
        (lambda a, b: 3 * (a @ b), "(all by the same factor)"),
        (lambda a, b: a @ b + 2, "(all by the same amount)"),
        (lambda a, b: (a @ b).flip(0), "(its order looks reversed)"),
        (lambda a, b: (a @ b).flip(0, 1), "(it looks flipped)"),
        (lambda a, b: (a @ b).T, "has its dimensions in another order: (4, 2)"),
        (lambda a, b: (a @ b)[0], "has 1 dimension instead of 2"),
        (lambda a, b: (a @ b)[:, :3], "has shape (2, 3), whose size is wrong in dimension 1"),
        (lambda a, b: torch.full((2, 4), torch.nan), "holds NaN or infinity"),
        (lambda a, b: torch.zeros(2, 4), "8 of 8 entries"),
        (lambda a, b: [[1.0], [2.0]], "is not a tensor but [["),
        (lambda a, b: (a @ b).to(torch.complex64), "has dtype torch.complex64"),
        (lambda a, b: a @ b + torch.eye(2, 4), "2 of 8 entries"),
    ],
)
def test_a_wrong_tensor_is_described_and_the_right_one_is_not_shown(capsys, answer, says):
    line = mark(capsys, answer, "99.1-b")[1]
    assert says.replace("8 of 8 entries", "every entry") in line
    assert "32" not in line and "38" not in line  # the first entries of the right product


def test_a_right_tensor_may_be_an_array(capsys):
    assert mark(capsys, lambda a, b: (a @ b).numpy(), "99.1-b")[0]
    assert mark(capsys, lambda a, b: (a @ b).double(), "99.1-b")[0]


def test_an_answer_cannot_change_the_inputs(capsys):
    def greedy(a, b):
        result = a @ b
        a.zero_()
        return result

    assert mark(capsys, greedy, "99.1-b")[0]


def test_a_transposed_square_is_recognised():
    right = torch.arange(9.0).view(3, 3)
    with pytest.raises(exercises.Wrong, match="it looks transposed"):
        same_tensor(right.T, right)


def test_an_error_outside_the_call_is_a_sentence_too(capsys):
    @grader("99.1-c", "a pair")
    def pair(answer):
        first, _ = answer
        same_number(first, 1)

    assert mark(capsys, 5, "99.1-c")[1] == (
        "✗ Exercise 99.1-c: not yet; trying the answer ended in TypeError "
        "(cannot unpack non-iterable int object)."
    )


def test_a_class_is_called_with_the_same_care(capsys):
    @grader("99.1-d", "a network")
    def network(answer):
        net = answer()
        same_shape(attempt(net)(torch.zeros(2, 3)), (2, 1))

    class Broken(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(4, 1)

        def forward(self, x):
            return self.fc(x)

    line = mark(capsys, Broken, "99.1-d")[1]
    assert "your code raised RuntimeError (mat1 and mat2" in line
    assert line.endswith("It was given a tensor of shape (2, 3).")

    class Skeleton(Broken):
        def forward(self, x): ...

    assert mark(capsys, Skeleton, "99.1-d")[0].outcome == "not attempted"


def test_the_result_shows_nothing_in_a_notebook():
    result = exercises.grade("99.1-a", None)
    data, metadata = DisplayFormatter().format(result)
    assert (data, metadata) == ({}, {})
    assert "99.1-a" in repr(result)


@pytest.mark.parametrize("id", ["99.1-z", "99.1a", "", None, 3])
def test_an_unknown_exercise_is_named_with_the_nearest(monkeypatch, id):
    monkeypatch.setattr(exercises, "_chapters", list)
    with pytest.raises(ValueError, match="There is no exercise"):
        check.exercise(id, 1)
    with pytest.raises(ValueError, match=r"The nearest one is '99\.1-a'"):
        check.exercise("99.2-a", 1)


def test_a_grader_needs_an_id_of_its_own():
    with pytest.raises(ValueError, match="its section and a letter"):
        grader("99.1a", "x")
    with pytest.raises(ValueError, match=r"has a grader already: .*output_size"):

        @grader("99.1-a", "another")
        def another(answer): ...

    def twice():
        @grader("99.1-f", "again")
        def again(answer): ...

    twice()
    twice()  # a module that is loaded again
    assert exercises.find("99.1-f").title == "again"


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (np.float32(2.5), 2.5),
        (torch.tensor([2.5]), 2.5),
        (torch.tensor(3), 3),
        (2, 2.0),
        (2.5 + 1e-9, 2.5),
    ],
)
def test_same_number_takes_whatever_is_one_number(got, right):
    same_number(got, right)


@pytest.mark.parametrize("got", [float("nan"), np.ones(2), "2.5", 2.5001, None, 1j, -2.5, 1e400])
def test_same_number_takes_nothing_else(got):
    with pytest.raises(exercises.Wrong):
        same_number(got, 2.5)


def test_same_shape_takes_shapes_and_tensors():
    same_shape([2, 3], (2, 3))
    same_shape(torch.ones(2, 3).shape, (2, 3))
    for wrong in ((3, 2), (2, 3, 1), (2, 4), 6, None):
        with pytest.raises(exercises.Wrong):
            same_shape(wrong, (2, 3))


def test_inputs_are_described_by_value_or_by_shape():
    assert describe(3, torch.ones(2, 3), [1, 2], name="x", n=np.float64(2)) == (
        "3, a tensor of shape (2, 3), [1, 2], name = 'x', n = 2.0"
    )
    assert describe() == "nothing"
    assert describe(np.ones(3), torch.tensor(1), list(range(9)), {1: 2}) == (
        "an array of shape (3,), a tensor of one number, a list, a dict"
    )
