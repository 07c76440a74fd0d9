"""Checks that allow no difference: `equal` values, and the error that something `raises`."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from utils.check.reporting import count, failed, named, passed


def equal(what: str, actual: object, expected: object) -> None:
    """Check that two integers, shapes, strings, tensors, or trees of them are exactly the same.

    A tuple, a list and a `torch.Size` count as one kind of sequence; `True` is not 1, 1 is not 1.0,
    and NaN equals nothing.

    Raises:
        CheckFailed: naming the first place that differs, with both values.
    """
    what = named(what)
    left, right = _plain(actual), _plain(expected)
    difference = _first_difference(left, right, "")
    if difference:
        raise failed(what, difference)
    text = repr(_as_tuples(right)) if _is_short(right) else ""
    n = count(_n_leaves(right), "value")
    passed(what, f"both are {text}" if 0 < len(text) <= 60 else f"{n}, the same on both sides")


def raises(
    what: str,
    error: type[Exception] | tuple[type[Exception], ...],
    f: Callable[[], object],
    says: str | None = None,
) -> None:
    """Check that `f()` raises `error`, with `says` somewhere in its message.

    Raises:
        CheckFailed: if nothing is raised, or something else, or it says something else.
        TypeError: if `error` is not an exception class or `f` cannot be called.
    """
    what = named(what)
    wanted = error if isinstance(error, tuple) else (error,)
    if not wanted or not all(isinstance(e, type) and issubclass(e, Exception) for e in wanted):
        raise TypeError(f"`error` is an exception class such as ValueError; this is {error!r}.")
    if not callable(f):
        raise TypeError(f"`f` is a function to call, such as lambda: net(x); this is {f!r:.60}.")
    names = " or ".join(e.__name__ for e in wanted)
    try:
        f()
    except Exception as raised:
        kind, message = type(raised).__name__, str(raised).strip()
        first = (message.splitlines() or ["no message"])[0]
        if not isinstance(raised, wanted):
            raise failed(what, f"{names} was expected and {kind} came: {first}") from raised
        if says is not None and says not in message:
            raise failed(
                what, f"{kind} came without the words “{says}”; it says: {message}"
            ) from raised
        passed(what, f"{kind}, “{says if says is not None else first[:120]}”")
        return
    raise failed(what, f"{names} was expected and nothing was raised.")


def _plain(value: object) -> object:
    """Tensors, arrays and NumPy numbers as Python lists and numbers."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().tolist()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def _is_short(value: object) -> bool:
    """Whether a value reads the same at every run: no set, no object with an address."""
    if isinstance(value, list):
        return len(value) <= 20 and all(map(_is_short, value))
    return value is None or isinstance(value, (bool, int, float, complex, str))


def _n_leaves(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value
    is_tree = isinstance(value, (dict, list, set, frozenset))
    return sum(map(_n_leaves, parts)) if is_tree else 1


def _as_tuples(value: object) -> object:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _first_difference(a: object, e: object, place: str) -> str | None:
    at = f" at {place}" if place else ""
    if isinstance(a, dict) and isinstance(e, dict):
        if a.keys() != e.keys():
            odd = sorted(map(repr, a.keys() ^ e.keys()))
            return f"these keys stand on one side only{at}: {', '.join(odd)}."
        places = ((a[k], e[k], f"{place}[{k!r}]") for k in e)
        return next((d for p in places if (d := _first_difference(*p))), None)
    if isinstance(a, list) and isinstance(e, list):
        if len(a) != len(e):
            came, wanted = _as_tuples(a), _as_tuples(e)
            return f"{came!r:.80} came{at} and {wanted!r:.80} was expected: another length."
        places = ((x, y, f"{place}[{i}]") for i, (x, y) in enumerate(zip(a, e)))
        return next((d for p in places if (d := _first_difference(*p))), None)
    if type(a) is type(e) and a == e:
        return None
    if isinstance(a, str) and isinstance(e, str):
        i = next((i for i, (x, y) in enumerate(zip(a, e)) if x != y), min(len(a), len(e)))
        came, wanted = a[i : i + 20], e[i : i + 20]
        return f"from character {i} on {came!r} came{at} and {wanted!r} was expected."
    came, wanted = _as_tuples(a), _as_tuples(e)
    kinds = f" ({type(a).__name__} and {type(e).__name__})" if type(a) is not type(e) else ""
    return f"{came!r:.80} came{at} and {wanted!r:.80} was expected{kinds}."
