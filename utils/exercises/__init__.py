"""Exercises that mark themselves: a grader for each, in a module for each chapter.

The graders of section 3.2.1 stand in `utils/exercises/s3_2_1.py`, which is imported when the first
of them is asked for:

    @grader("3.2.1-a", "the output size of a convolution")
    def output_size(answer):
        for case in CASES:
            same_number(answer(**case), right_size(**case))

A grader calls the answer and compares what comes out by `same_number`, `same_tensor`, `same_shape`,
`refuses` and `expect`, which say in words what is wrong and never what is right; the first that
is not content ends it. Feed it what typical wrong answers get wrong: unequal sides, even kernels,
strides and dilations above 1, batches of more than one.

Function answers arrive wrapped: an error inside becomes a sentence with the input that caused it,
and inputs are copied before each call, so that an answer cannot change them. Any other answer (a
class, a module, a value) arrives as it is; call it through `attempt(answer)` for the same care.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from utils.exercises.answers import (
    CALLABLES,
    NotAttempted,
    Wrong,
    attempt,
    describe,
    is_empty,
    told,
)

ID = re.compile(r"\d+(\.(\d+|[a-z]))*-[a-z]")
GRADERS: dict[str, "Grader"] = {}


@dataclass(frozen=True)
class Grader:
    id: str
    title: str
    run: Callable[[object], None]


@dataclass(frozen=True)
class Result:
    """The outcome of an exercise, true if the answer is right; its line is printed, not shown."""

    id: str
    outcome: str  # "right", "wrong" or "not attempted"
    says: str

    @property
    def line(self) -> str:
        mark = {"right": "✓ ", "wrong": "✗ "}.get(self.outcome, "")
        return f"{mark}Exercise {self.id}: {self.says}"

    def __bool__(self) -> bool:
        return self.outcome == "right"

    def _ipython_display_(self) -> None:
        """Show nothing in a notebook, where the line has been printed already."""


def grader(id: str, title: str) -> Callable[[Callable], Callable]:
    """Register the decorated function as the grader of exercise `id`.

    Raises:
        ValueError: if the id is not like "3.2.1-a", or another function has it.
    """
    if not ID.fullmatch(id):
        raise ValueError(f"An exercise's id is its section and a letter, 3.2.1-a; this is {id!r}.")

    def register(run: Callable) -> Callable:
        other = GRADERS.get(id)
        if other and (other.run.__module__, other.run.__qualname__) != (
            run.__module__,
            run.__qualname__,
        ):
            raise ValueError(f"Exercise {id} has a grader already: {other.run.__qualname__}.")
        GRADERS[id] = Grader(id, title, run)
        return run

    return register


def find(id: str) -> Grader:
    """The grader of an exercise, importing its chapter's module.

    Raises:
        ValueError: if there is none, naming the nearest exercise there is.
    """
    if id not in GRADERS and isinstance(id, str) and ID.fullmatch(id):
        name = "s" + id.rpartition("-")[0].replace(".", "_")
        if name in _chapters():
            importlib.import_module(f"{__name__}.{name}")
    if id not in GRADERS:
        from utils.check.reporting import nearest

        raise ValueError(f"There is no exercise {id!r}.{nearest(id, all_ids())}")
    return GRADERS[id]


def all_ids() -> list[str]:
    """The ids of all exercises of the book."""
    for name in _chapters():
        importlib.import_module(f"{__name__}.{name}")
    return sorted(GRADERS)


def _chapters() -> list[str]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return [name for name in names if re.fullmatch(r"s\d+(_\w+)*", name)]


def grade(id: str, answer: object) -> Result:
    """Mark an answer. Whatever the answer does wrong, the result says it in a sentence.

    Raises:
        ValueError: if there is no exercise `id`.
    """
    found = find(id)
    if is_empty(answer):
        return Result(id, "not attempted", "not attempted yet.")
    tried = attempt(answer) if isinstance(answer, CALLABLES) else answer
    try:
        found.run(tried)
    except NotAttempted as reason:
        return Result(id, "not attempted", f"not attempted yet{reason}.")
    except Wrong as wrong:
        given = wrong.given or getattr(tried, "given", "")
        return Result(
            id, "wrong", f"not yet; {wrong}." + (f" It was given {given}." if given else "")
        )
    except Exception as error:  # whatever a learner's code does, the notebook goes on
        return Result(id, "wrong", f"not yet; trying the answer ended in {told(error)}.")
    return Result(id, "right", f"right: {found.title}.")


def expect(holds: bool, otherwise: str) -> None:
    """Go on if it holds; else the answer is wrong, and `otherwise` says so in a half sentence."""
    if not bool(holds):
        raise Wrong(otherwise.rstrip("."))


def same_number(got: object, right: float, rtol: float = 1e-6, name: str = "the result") -> None:
    """The answer is one number, whole where the right one is."""
    value = _scalar(got)
    expect(value is not None, f"{name} is not a number but {describe(got)}")
    if isinstance(right, int) and not isinstance(value, int):
        raise Wrong(f"{name} is the float {value!r}, where a whole number is meant")
    expect(value == value, f"{name} is NaN")
    if abs(value - right) > (0 if isinstance(right, int) else rtol * abs(right)):
        opposite = right != 0 and abs(value + right) <= rtol * abs(right)
        size = (
            "has the wrong sign" if opposite else f"is too {'large' if value > right else 'small'}"
        )
        raise Wrong(f"{name}, {value:.6g}, {size}")


def same_shape(got: object, right: tuple[int, ...], name: str = "the result") -> None:
    """The answer has the right shape, a shape itself or a tensor."""
    shape = tuple(got.shape) if isinstance(got, (torch.Tensor, np.ndarray)) else got
    is_shape = isinstance(shape, (tuple, list, torch.Size))
    expect(is_shape, f"{name} is no tensor and no shape but {describe(got)}")
    shape, right = tuple(shape), tuple(right)
    expect(
        len(shape) == len(right),
        f"{name} has {_count(len(shape), 'dimension')} instead of {len(right)}",
    )
    expect(
        sorted(map(str, shape)) != sorted(map(str, right)) or shape == right,
        f"{name} has its dimensions in another order: {shape}",
    )
    wrong = [i for i, (a, b) in enumerate(zip(shape, right)) if a != b]
    if wrong:
        where = " and ".join(map(str, wrong))
        raise Wrong(f"{name} has shape {shape}, whose size is wrong in dimension {where}")


def same_tensor(
    got: object,
    right: torch.Tensor,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    name: str = "the result",
) -> None:
    """The answer is a tensor of the right shape and values; common slips are named."""
    if isinstance(got, np.ndarray):
        got = torch.from_numpy(np.ascontiguousarray(got))
    expect(isinstance(got, torch.Tensor), f"{name} is not a tensor but {describe(got)}")
    same_shape(got, right.shape, name)
    expect(got.is_complex() == right.is_complex(), f"{name} has dtype {got.dtype}")
    a, b = (
        x.detach().cpu().to(torch.promote_types(right.dtype, torch.float64)) for x in (got, right)
    )
    expect(
        bool(torch.isfinite(a).all() or not torch.isfinite(b).all()),
        f"{name} holds NaN or infinity",
    )

    def near(x: torch.Tensor, y: torch.Tensor) -> bool:
        return x.shape == y.shape and torch.allclose(x, y, rtol=rtol, atol=atol)

    if near(a, b):
        return
    n = int((~torch.isclose(a, b, rtol=rtol, atol=atol)).sum())
    slip = next((words for words, mended in _slips(a, b) if near(mended, b)), "")
    where = "every entry" if n == b.numel() else f"{n:,} of {b.numel():,} entries"
    raise Wrong(f"{where} of {name} differs from what it should be{slip}")


def _slips(a: torch.Tensor, b: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """Usual mistakes: a hint, and the answer as it would be without the mistake."""
    yield " (the sign is wrong)", -a
    if a.numel() > 1:
        yield " (all by the same factor)", a * ((a * b).sum() / (a * a).sum())
        yield " (all by the same amount)", a - (a - b).mean()
        yield " (its order looks reversed)", a.flip(0)
    if a.ndim >= 2:
        yield " (it looks transposed)", a.transpose(-1, -2)
        yield " (it looks flipped)", a.flip(-1, -2)


def refuses(answer: Callable, error: type[Exception], *args, **kwargs) -> None:
    """The answer raises `error` when called with this input."""
    given, kind = describe(*args, **kwargs), error.__name__
    try:
        result = attempt(answer)(*args, **kwargs)
    except Wrong as wrong:
        if isinstance(wrong.__cause__, error):
            return
        raise Wrong(f"{kind} should be raised; {wrong}", given) from wrong.__cause__
    raise Wrong(f"{kind} should be raised and {describe(result)} was returned", given)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")


def _scalar(value: object) -> int | float | None:
    """A Python number, from anything that is one number and no truth value."""
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        is_one = (value.numel() if isinstance(value, torch.Tensor) else value.size) == 1
        value = value.item() if is_one else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
