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

import copy
import dis
import importlib
import pkgutil
import re
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, update_wrapper

import numpy as np
import torch

ID = re.compile(r"\d+(\.(\d+|[a-z]))*-[a-z]")
GRADERS: dict[str, "Grader"] = {}


class Wrong(Exception):
    """What is wrong with an answer, as the rest of a sentence that starts with its function."""


class NotAttempted(Exception):
    """The answer is still the empty cell."""


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
    return [module.name for module in pkgutil.iter_modules(__path__)]


def grade(id: str, answer: object) -> Result:
    """Mark an answer. Whatever the answer does wrong, the result says it in a sentence.

    Raises:
        ValueError: if there is no exercise `id`.
    """
    found = find(id)
    if _is_empty(answer):
        return Result(id, "not attempted", "not attempted yet.")
    tried = attempt(answer) if isinstance(answer, CALLABLES) else answer
    try:
        found.run(tried)
    except NotAttempted as reason:
        return Result(id, "not attempted", f"not attempted yet{reason}.")
    except Wrong as wrong:
        given = getattr(tried, "given", "")
        told = f" It was given {given}." if given else ""
        return Result(id, "wrong", f"not yet; {wrong}.{told}")
    except Exception as error:  # whatever a learner's code does, the notebook goes on
        return Result(id, "wrong", f"not yet; trying the answer ended in {_told(error)}.")
    return Result(id, "right", f"right: {found.title}.")


CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, partial)


class Attempt:
    """A learner's function, called with copies; its errors are told with what it was given."""

    def __init__(self, function: Callable) -> None:
        self.function, self.given = function, ""
        update_wrapper(self, function, updated=())

    def __call__(self, *args, **kwargs):
        self.given = describe(*args, **kwargs)
        try:
            result = self.function(*map(_copy, args), **{k: _copy(v) for k, v in kwargs.items()})
        except NotImplementedError as error:
            raise NotAttempted("") from error
        except Exception as error:
            raise Wrong(f"your code raised {_told(error)}") from error
        if result is None:
            raise NotAttempted(", for the function returns None (is a `return` missing?)")
        if result is Ellipsis or result is NotImplemented:
            raise NotAttempted("")
        return result


def attempt(answer: Callable) -> Attempt:
    """Wrap something callable, so that its errors become sentences."""
    return answer if isinstance(answer, Attempt) else Attempt(answer)


def expect(holds: bool, otherwise: str) -> None:
    """Go on if it holds; else the answer is wrong, and `otherwise` says so in a half sentence."""
    if not bool(holds):
        raise Wrong(otherwise.rstrip("."))


def same_number(got: object, right: float, rtol: float = 1e-6, name: str = "the result") -> None:
    """The answer is one number, whole where the right one is."""
    value = _scalar(got)
    expect(value is not None, f"{name} is not a number but {describe(got)}")
    if isinstance(right, int) and not isinstance(value, int):
        raise Wrong(f"{name} is the fraction-carrying {value!r}, where a whole number is meant")
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
    a, b = (x.detach().cpu().to(torch.float64) for x in (got, right))
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


def _slips(a: torch.Tensor, b: torch.Tensor):
    """Usual mistakes: a hint, and the answer as it would be without the mistake."""
    yield " (the sign is wrong)", -a
    scale = a.flatten() @ b.flatten() / (a.flatten() @ a.flatten()).clamp_min(1e-300)
    yield " (all by the same factor)", a * scale
    yield " (all by the same amount)", a - (a - b).mean()
    if a.ndim >= 2:
        yield " (it looks transposed)", a.transpose(-1, -2)
        yield " (it looks flipped)", a.flip(-1, -2)
    if a.ndim >= 1:
        yield " (its order looks reversed)", a.flip(0)


def refuses(answer: Callable, error: type[Exception], *args, **kwargs) -> None:
    """The answer raises `error` when called with this input."""
    try:
        result = attempt(answer)(*args, **kwargs)
    except Wrong as wrong:
        cause = wrong.__cause__
        if isinstance(cause, error):
            return
        given = describe(*args, **kwargs)
        kind = error.__name__
        raise Wrong(f"{kind} was to be raised and {_told(cause)} came, given {given}") from cause
    raise Wrong(
        f"{error.__name__} was to be raised and {describe(result)} was returned, "
        f"given {describe(*args, **kwargs)}"
    )


def describe(*args: object, **kwargs: object) -> str:
    """Inputs in words: small things by value, tensors by shape."""
    parts = [_described(a) for a in args] + [f"{k} = {_described(v)}" for k, v in kwargs.items()]
    return ", ".join(parts) or "nothing"


def _described(value: object) -> str:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        kind = "tensor" if isinstance(value, torch.Tensor) else "array"
        return (
            f"a {kind} of shape {tuple(value.shape)}" if value.ndim else f"a {kind} of one number"
        )
    if isinstance(value, (bool, int, float, complex, str, type(None))):
        return repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    if isinstance(value, (tuple, list)) and len(value) <= 4:
        inner = ", ".join(map(_described, value))
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return f"a {type(value).__name__}"


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} ({text[:160]})" if text else type(error).__name__


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")


def _scalar(value: object) -> int | float | None:
    """A Python number, from anything that is one number and no truth value."""
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        value = value.item() if getattr(value, "size", 1) == 1 or value.numel() == 1 else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _copy(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return value if value.requires_grad else value.clone()
    if isinstance(value, (np.ndarray, list, dict, set)):
        return copy.deepcopy(value)
    return value


def _is_empty(answer: object) -> bool:
    """Whether the answer is as the empty cell left it: nothing, `...`, or a body of them."""
    if answer is None or answer is Ellipsis or answer is NotImplemented:
        return True
    if isinstance(answer, (tuple, list)) and any(_is_empty(part) for part in answer):
        return True
    if isinstance(answer, type):
        plain = {
            "__module__",
            "__qualname__",
            "__doc__",
            "__firstlineno__",
            "__static_attributes__",
        }
        methods = [
            v for k, v in vars(answer).items() if k not in plain and not k.endswith("dict__")
        ]
        return all(isinstance(m, types.FunctionType) and _is_empty(m) for m in methods)
    if isinstance(answer, types.FunctionType):
        return _does_nothing(answer)
    return False


def _does_nothing(function: types.FunctionType) -> bool:
    """Whether the body is `...`, `pass` or a docstring: it does no more than return nothing."""
    steps = [s for s in dis.get_instructions(function) if s.opname not in BOOKKEEPING]
    returned = steps[0].argval if steps[0].opname in ("LOAD_CONST", "RETURN_CONST") else steps
    n_steps = 1 if steps[0].opname == "RETURN_CONST" else 2
    return len(steps) == n_steps and returned in (None, Ellipsis)


BOOKKEEPING = ("RESUME", "NOP", "COPY_FREE_VARS", "MAKE_CELL", "CACHE")
