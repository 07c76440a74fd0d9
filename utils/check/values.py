"""Checks of values: `close` to a tolerance, `equal` exactly, `within` bounds, `raises` an error.

Leaves out derivatives (`gradients`) and formulas (`symbols`).
"""

import math
import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from utils.check.reporting import count, failed, named, passed, short, tolerance

DEFAULTS = {
    "float64": (1e-7, 1e-12),
    "float32": (1e-5, 1e-6),
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
}
"""Relative and absolute tolerance by dtype: about the square root of its precision for float64,
some hundred roundings for float32, one to ten roundings for the half-precision ones."""

KINDS = {"b": "boolean", "i": "integer", "u": "integer", "f": "floating", "c": "complex"}
RANKS = {"boolean": -1, "integer": 0, "floating": 1, "complex": 2}


class Array(NamedTuple):
    """A tensor, array, number or list of numbers, ready to be compared."""

    values: np.ndarray
    dtype: str
    is_plain: bool  # made of Python numbers, whose 1 may stand for 1.0

    @property
    def kind(self) -> str:
        return KINDS[self.values.dtype.kind]


class Pair(NamedTuple):
    place: str
    actual: Array
    expected: Array


def close(
    what: str,
    actual: object,
    expected: object,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
) -> None:
    """Check that every entry has |actual - expected| <= atol + rtol * |expected|.

    Takes tensors, arrays, numbers, and lists, tuples and dictionaries of them. Without
    tolerances, those of the coarser dtype in `DEFAULTS` apply, and integers must be equal; with
    one of the two given, the other is 0.

    Shapes: the same on both sides; a single Python number as `expected` stands for every entry.
    Raises:
        CheckFailed: on another shape or kind of dtype, a NaN (unless on both sides and
            `equal_nan`), another infinity, too large a difference, or nothing to compare.
    """
    what = named(what)
    pairs = list(_pairs(what, actual, expected, ""))
    n = sum(pair.actual.values.size for pair in pairs)
    if n == 0:
        raise failed(what, "nothing was compared, for both sides are empty.")
    rtol, atol = _tolerances(pairs, rtol, atol)
    n_wrong, worst, error = 0, None, -1.0
    for pair in pairs:
        wrong, errors = _errors(pair, rtol, atol, equal_nan)
        n_wrong += int(wrong.sum())
        if wrong.any() and errors[wrong].max() > error:
            error = float(errors[wrong].max())
            worst = pair, np.unravel_index(np.argmax(np.where(wrong, errors, -1)), wrong.shape)
    if worst is not None:
        many = f"{n_wrong:,} of {count(n, 'number')} {'differs' if n_wrong == 1 else 'differ'}"
        beyond = f" by more than {_to(rtol, atol)}" if rtol or atol else ""
        raise failed(what, f"{many}{beyond}; {_offence(*worst, error)}")
    agree = "are equal" if n > 1 else "is equal"
    if rtol or atol:
        agree = f"{'agree' if n > 1 else 'agrees'} to {_to(rtol, atol)}"
    passed(what, f"{count(n, 'number')} {agree}")


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
    text = repr(_as_tuples(right))
    passed(what, f"both are {text}" if len(text) <= 60 else "both are the same")


def within(what: str, value: object, low: float | None = None, high: float | None = None) -> None:
    """Check that low <= value <= high, for a number or for every entry of a tensor or list.

    The line shows the bounds and not the value, which may differ between processors.

    Raises:
        CheckFailed: naming the value farthest outside, or a NaN.
        ValueError: without any bound, or with bounds that are not finite or not in order.
    """
    what = named(what)
    bounds = [_bound(low, "low"), _bound(high, "high")]
    if bounds == [None, None]:
        raise ValueError("`within` needs `low`, `high` or both: without them nothing could fail.")
    if None not in bounds and bounds[0] > bounds[1]:
        raise ValueError(f"`low` = {low} lies above `high` = {high}; swap them.")
    array = _array(what, value, "the value")
    if array.kind not in ("integer", "floating"):
        raise failed(what, f"{array.kind} values have no order to compare in.")
    values = array.values.astype(np.float64)
    if values.size == 0:
        raise failed(what, "nothing was compared, for the value is empty.")
    low_, high_ = (-math.inf if bounds[0] is None else bounds[0], bounds[1])
    high_ = math.inf if high_ is None else high_
    outside = np.maximum(low_ - values, values - high_)
    outside = np.where(np.isnan(values), np.inf, outside)
    asked = _range_text(*bounds)
    if outside.max() > 0:
        index = np.unravel_index(outside.argmax(), values.shape)
        at = f" at {_index(index)}" if values.ndim else ""
        raise failed(what, f"{short(values[index])}{at} is not {asked}.")
    passed(what, asked if values.size == 1 else f"{count(values.size, 'number')}, all {asked}")


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


def _pairs(what: str, actual: object, expected: object, place: str) -> Iterator[Pair]:
    """Walk both trees together down to arrays of equal shape and kind."""
    at = f" at {place}" if place else ""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            odd = sorted(map(repr, actual.keys() ^ expected.keys()))
            raise failed(what, f"these keys stand on one side only{at}: {', '.join(odd)}.")
        for key in expected:
            yield from _pairs(what, actual[key], expected[key], f"{place}[{key!r}]")
    elif _is_list(actual) and _is_list(expected) and not (_is_flat(actual) and _is_flat(expected)):
        if len(actual) != len(expected):
            raise failed(what, f"{len(actual)} items came{at}, {len(expected)} were expected.")
        for i, (left, right) in enumerate(zip(actual, expected)):
            yield from _pairs(what, left, right, f"{place}[{i}]")
    else:
        yield _leaf(what, actual, expected, place)


def _leaf(what: str, actual: object, expected: object, place: str) -> Pair:
    at = f" at {place}" if place else ""
    left, right = (
        _array(what, actual, "what came" + at),
        _array(what, expected, "the expected" + at),
    )
    if right.is_plain and right.values.ndim == 0 and left.values.ndim > 0:
        right = right._replace(values=np.broadcast_to(right.values, left.values.shape))
    if left.values.shape != right.values.shape:
        shapes = f"{left.values.shape} came{at} and {right.values.shape} was expected"
        raise failed(what, f"the shapes differ: {shapes}.")
    if left.kind != right.kind and not (_may_rise(left, right) or _may_rise(right, left)):
        kinds = f"{left.kind} ({left.dtype}) came{at} and {right.kind} ({right.dtype}) was expected"
        raise failed(what, f"the kinds of number differ: {kinds}.")
    return Pair(place, left, right)


def _may_rise(plain: Array, other: Array) -> bool:
    """Whether a Python number may stand for the other side's kind, as 1 for 1.0."""
    return plain.is_plain and -1 < RANKS[plain.kind] < RANKS[other.kind]


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def _is_flat(value: object) -> bool:
    """Whether a list holds Python numbers alone, at any depth."""
    return all(_is_flat(v) if _is_list(v) else isinstance(v, numbers.Number) for v in value)


def _array(what: str, value: object, side: str) -> Array:
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu().to_dense().resolve_conj().resolve_neg()
        name = str(tensor.dtype).removeprefix("torch.")
        if tensor.is_floating_point() and tensor.element_size() < 4:
            tensor = tensor.float()
        return Array(tensor.numpy(), name, False)
    if _is_list(value) and not _is_flat(value):
        try:
            parts = [_array(what, v, side).values for v in value]
            values = np.stack(parts)
        except ValueError:
            raise failed(what, f"{side} is a list of unlike shapes.") from None
        return Array(values, values.dtype.name, False)
    try:
        values = np.asarray(value)
        if values.dtype == object:
            is_complex = any(isinstance(v, complex) for v in values.flat)
            if not all(isinstance(v, numbers.Number) for v in values.flat):
                raise TypeError
            values = values.astype(complex if is_complex else float)
        KINDS[values.dtype.kind]
    except (TypeError, ValueError, KeyError):
        kind = type(value).__name__
        raise failed(what, f"{side} is not made of numbers but is a {kind}.") from None
    is_plain = isinstance(value, numbers.Number) or isinstance(value, Sequence)
    return Array(values, values.dtype.name, is_plain)


def _tolerances(pairs: list[Pair], rtol: float | None, atol: float | None) -> tuple[float, float]:
    if rtol is not None or atol is not None:
        return tolerance(rtol or 0, "rtol"), tolerance(atol or 0, "atol")
    sides = [side for pair in pairs for side in (pair.actual, pair.expected)]
    inexact = [s for s in sides if s.kind in ("floating", "complex")]
    if not inexact:
        return 0.0, 0.0
    names = {
        s.dtype.replace("complex128", "float64").replace("complex64", "float32")
        for s in inexact
        if not s.is_plain
    } or {"float64"}
    return max(DEFAULTS.get(name, DEFAULTS["bfloat16"]) for name in names)


def _errors(pair: Pair, rtol: float, atol: float, equal_nan: bool) -> tuple[np.ndarray, np.ndarray]:
    """Which entries are wrong, and by how much; NaN and infinity count as infinitely wrong."""
    a, e = pair.actual.values, pair.expected.values
    if {pair.actual.kind, pair.expected.kind} <= {"boolean", "integer"} and not (rtol or atol):
        wrong = np.asarray(a != e)
        return wrong, np.abs(a.astype(np.float64) - e.astype(np.float64))
    wide = np.complex128 if "complex" in (pair.actual.kind, pair.expected.kind) else np.float64
    a, e = a.astype(wide), e.astype(wide)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(a - e)
        same = (a == e) | (errors <= atol + rtol * np.abs(e)) & np.isfinite(e)
    if equal_nan:
        same |= np.isnan(a) & np.isnan(e)
    return np.asarray(~same), np.where(np.isfinite(errors), errors, np.inf)


def _to(rtol: float, atol: float) -> str:
    parts = [f"a relative {short(rtol)}"] * (rtol > 0) + [f"an absolute {short(atol)}"] * (atol > 0)
    return " and ".join(parts)


def _index(index: tuple[int, ...]) -> str:
    return "[" + ", ".join(str(int(i)) for i in index) + "]"


def _offence(pair: Pair, index: tuple[int, ...], error: float) -> str:
    a, e = pair.actual.values[index], pair.expected.values[index]
    place = pair.place + (_index(index) if index else "")
    at = f" at {place}" if place else ""
    values = f"{_digits(a)} came and {_digits(e)} was expected"
    if np.isnan(a) and np.isnan(e):
        return f"both sides are NaN{at} (`equal_nan=True` allows that)."
    if not math.isfinite(error):
        return f"{values}{at}."
    hint = (
        " Where 0 is expected only `atol` allows a difference." if e == 0 and error < 1e-6 else ""
    )
    return f"the largest error is {short(error)}{at}: {values}.{hint}"


def _digits(value: np.generic) -> str:
    """Enough digits to see the difference."""
    item = value.item()
    return f"{item:.10g}" if isinstance(item, (float, complex)) else str(item)


def _bound(value: float | None, name: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` is a number; this is {value!r}.") from None
    if not math.isfinite(number):
        raise ValueError(f"`{name}` = {number} bounds nothing; leave it out.")
    return number


def _range_text(low: float | None, high: float | None) -> str:
    if high is None:
        return f"at least {short(low)}"
    if low is None:
        return f"at most {short(high)}"
    return f"between {short(low)} and {short(high)}"


def _plain(value: object) -> object:
    """Tensors, arrays and NumPy numbers as Python lists and numbers."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().tolist()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    return [_plain(v) for v in value] if _is_list(value) else value


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
