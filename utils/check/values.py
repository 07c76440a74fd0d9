"""Checks of numbers: `close` to a tolerance and `within` bounds.

Leaves out what is compared exactly (`exact`), derivatives (`gradients`) and formulas (`symbols`).
"""

import math
import numbers
import re
from collections.abc import Iterator, Mapping, Sequence
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
        many = "the number differs" if n == 1 else many
        beyond = f" by more than {_to(rtol, atol)}" if rtol or atol else ""
        raise failed(what, f"{many}{beyond}; {_offence(*worst, error)}")
    agree = "are equal" if n > 1 else "is equal"
    if rtol or atol:
        agree = f"{'agree' if n > 1 else 'agrees'} to {_to(rtol, atol)}"
    passed(what, f"{count(n, 'number')} {agree}")


def within(what: str, value: object, low: float | None = None, high: float | None = None) -> None:
    """Check that low <= value <= high, for a number or for every entry of a tensor or list.

    The line shows the bounds and not the value, which may differ between processors.

    Raises:
        CheckFailed: naming the value farthest outside; NaN and infinity are always outside.
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
    lowest, highest = (b if b is not None else w for b, w in zip(bounds, (-math.inf, math.inf)))
    inside = (values >= lowest) & (values <= highest) & np.isfinite(values)
    asked = _range_text(*bounds)
    if not inside.all():
        finite = np.isfinite(values)
        distances = np.maximum(lowest - values[finite], values[finite] - highest)
        beyond = np.full(values.shape, math.inf)
        beyond[finite] = distances
        index = np.unravel_index(beyond.argmax(), values.shape)
        at = f" at {_index(index)}" if values.ndim else ""
        raise failed(what, f"{short(values[index])}{at} is not {asked}.")
    passed(what, asked if values.size == 1 else f"{count(values.size, 'number')}, all {asked}")


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
        ragged = _is_list(value) and _is_flat(value)
        why = "has rows of unlike lengths" if ragged else f"is not made of numbers but is a {kind}"
        raise failed(what, f"{side} {why}.") from None
    is_plain = isinstance(value, numbers.Number) or isinstance(value, Sequence)
    return Array(values, values.dtype.name, is_plain)


def _tolerances(pairs: list[Pair], rtol: float | None, atol: float | None) -> tuple[float, float]:
    if rtol is not None or atol is not None:
        return tolerance(rtol or 0, "rtol"), tolerance(atol or 0, "atol")
    sides = [side for pair in pairs for side in (pair.actual, pair.expected)]
    inexact = [s for s in sides if s.kind in ("floating", "complex")]
    if not inexact:
        return 0.0, 0.0
    return max(DEFAULTS[_precision(side)] for side in inexact)


def _precision(side: Array) -> str:
    """The entry of `DEFAULTS` for a dtype; a complex number is as precise as its parts."""
    bits = int(re.findall(r"\d+", side.dtype)[0]) // (2 if side.kind == "complex" else 1)
    name = side.dtype if side.dtype == "bfloat16" else f"float{min(bits, 64)}"
    return "float64" if side.is_plain else name if name in DEFAULTS else "bfloat16"


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
    return short(item, 10) if isinstance(item, float) else str(item)


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
