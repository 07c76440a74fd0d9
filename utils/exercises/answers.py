"""Answers to exercises: whether there is one, calling it with care, and describing inputs."""

import dis
import types
from collections.abc import Callable
from functools import partial, update_wrapper

import numpy as np
import torch


class Wrong(Exception):
    """What is wrong with an answer, as half a sentence, and the input that showed it, if known."""

    def __init__(self, says: str, given: str = "") -> None:
        super().__init__(says)
        self.given = given


class NotAttempted(Exception):
    """The answer is still the empty cell."""


CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, partial)


class Attempt:
    """A learner's function, called with copies; its errors are told with what it was given."""

    def __init__(self, function: Callable) -> None:
        self.function, self.given, self.has_returned = function, "", False
        update_wrapper(self, function, updated=())

    def __call__(self, *args, **kwargs):
        self.given = describe(*args, **kwargs)
        try:
            result = self.function(*copied(args), **copied(kwargs))
        except NotImplementedError as error:
            raise NotAttempted("") from error
        except Exception as error:
            raise Wrong(f"your code raised {told(error)}", self.given) from error
        if result is None and self.has_returned:
            raise Wrong("it returned None", self.given)
        if result is None:
            raise NotAttempted(", for it returns None (is a `return` missing?)")
        if result is Ellipsis or result is NotImplemented:
            raise NotAttempted("")
        self.has_returned = True
        return result


def attempt(answer: Callable) -> Attempt:
    """Wrap something callable, so that its errors become sentences."""
    return answer if isinstance(answer, Attempt) else Attempt(answer)


def is_empty(answer: object) -> bool:
    """Whether the answer is as the empty cell left it: nothing, `...`, or a body of them."""
    if answer is None or answer is Ellipsis or answer is NotImplemented:
        return True
    if isinstance(answer, (tuple, list)):
        return any(map(is_empty, answer))
    if isinstance(answer, type):
        methods = [v for v in vars(answer).values() if isinstance(v, types.FunctionType)]
        others = [k for k, v in vars(answer).items() if v not in methods and not k.startswith("__")]
        return not others and all(map(is_empty, methods))
    return isinstance(answer, types.FunctionType) and _does_nothing(answer)


def _does_nothing(function: types.FunctionType) -> bool:
    """Whether the body is `...`, `pass` or a docstring: it does no more than return nothing."""
    steps = [s for s in dis.get_instructions(function) if s.opname not in BOOKKEEPING]
    returned = steps[0].argval if steps[0].opname in ("LOAD_CONST", "RETURN_CONST") else steps
    n_steps = 1 if steps[0].opname == "RETURN_CONST" else 2
    return len(steps) == n_steps and returned in (None, Ellipsis)


BOOKKEEPING = ("RESUME", "NOP", "COPY_FREE_VARS", "MAKE_CELL", "CACHE")


def copied(value: object) -> object:
    """A copy that an answer may change; tensors that autograd watches are passed on."""
    if isinstance(value, torch.Tensor):
        return value if value.requires_grad else value.clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(map(copied, value))
    return {k: copied(v) for k, v in value.items()} if type(value) is dict else value


def describe(*args: object, **kwargs: object) -> str:
    """Inputs in words: small things by value, tensors by shape."""
    parts = [_described(a) for a in args] + [f"{k} = {_described(v)}" for k, v in kwargs.items()]
    return ", ".join(parts) or "nothing"


def _described(value: object) -> str:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        kind = "a tensor" if isinstance(value, torch.Tensor) else "an array"
        return f"{kind} of shape {tuple(value.shape)}" if value.ndim else f"{kind} of one number"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float, complex, str, type(None))):
        return repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    if isinstance(value, (tuple, list)) and len(value) <= 4:
        inner = ", ".join(map(_described, value))
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return f"a {type(value).__name__}"


def told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} ({text[:160]})" if text else type(error).__name__
