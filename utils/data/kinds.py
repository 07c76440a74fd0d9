"""What the data sets come as: small frozen records of tensors or strings, and their hash."""

import hashlib
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor


class _Shown:
    """Shows shapes and counts instead of contents."""

    def __repr__(self) -> str:
        parts = (f"{field.name}: {_summary(getattr(self, field.name))}" for field in fields(self))
        return f"{type(self).__name__}({', '.join(parts)})"


@dataclass(frozen=True, eq=False, repr=False)
class Images(_Shown):
    """Pictures with a class each.

    Shapes:
        x: (N, C, H, W) float32, 0 (black, or no ink) to 1.
        y: (N,) int64, a position in `names`.
    """

    x: Tensor
    y: Tensor
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Table(_Shown):
    """Rows of measurements with a target each.

    Shapes:
        x: (N, F) float32, one column per name in `features`, in the units they are named with.
        y: (N,) int64 classes, positions in `names`; or float32, and `names` is empty.
        target: what `y` is.
    """

    x: Tensor
    y: Tensor
    features: tuple[str, ...]
    target: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Series(_Shown):
    """A quantity over time, at equal steps.

    Shapes:
        t: (N,) float64, in years; a week or a month is a fraction of one.
        values: (N,) float32, in `unit`; NaN where nothing was measured.
        period: steps in one season or cycle (of the sunspots, on average).
    """

    t: np.ndarray
    values: Tensor
    unit: str
    period: int


@dataclass(frozen=True, eq=False, repr=False)
class Scenes(_Shown):
    """Pictures composed of digits, with boxes and captions; K is the most digits in one.

    Shapes:
        x: (N, 1, S, S) float32, share of ink, 0 to 1.
        boxes: (N, K, 4) float32, left, top, right, bottom of the ink in pixels, right and bottom
            exclusive, from left to right by their middles; zeros beyond a picture's own digits.
        labels: (N, K) int64, the digit in each box; -1 beyond a picture's own digits.
        captions: N strings, words separated by single spaces.
    """

    x: Tensor
    boxes: Tensor
    labels: Tensor
    captions: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Portraits(_Shown):
    """Pictures of people in two groups; P people, what they are like, how each was taken.

    Shapes:
        x: (N, 1, H, W) float32, 0 (black) to 1.
        y: (N,) int64, the person, from 0 to P - 1.
        group: (P,) int64, 0 for A and 1 for B.
        traits: (P, 20) float32, those of `portraits.TRAITS`.
        taken: (N, 14) float32, those of `portraits.NUISANCES`.
    """

    x: Tensor
    y: Tensor
    group: Tensor
    traits: Tensor
    taken: Tensor


@dataclass(frozen=True, eq=False, repr=False)
class Sequences(_Shown):
    """Sequences of tokens with a class each.

    Shapes:
        x: (N, T) int64 and y: (N,) int64, positions in `names`.
    """

    x: Tensor
    y: Tensor
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Source(_Shown):
    """Source files: `names` such as `sympy/core/add.py`, in order, and their `texts`."""

    names: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Docs(_Shown):
    """Docstrings without code, tables and mark-up.

    `names` (`sympy/core/add.py:Add.flatten`) and `texts` belong together; `bodies` and
    `summaries` are the pairs for which a text opens with a line of its own, without doubles.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]
    bodies: tuple[str, ...]
    summaries: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Imports(_Shown):
    """Which file imports which module.

    Shapes:
        pairs: (N, 2) int64, a position in `files` and one in `modules`, sorted, each pair once.
    """

    files: tuple[str, ...]
    modules: tuple[str, ...]
    pairs: Tensor


@dataclass(frozen=True, eq=False, repr=False)
class Translations(_Shown):
    """`source` and `target` texts in the two `languages`, position by position."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    languages: tuple[str, str]


@dataclass(frozen=True, eq=False, repr=False)
class Sentences(_Shown):
    """Texts with a class each.

    Shapes:
        texts: N strings; y: (N,) int64, a position in `names`.
    """

    texts: tuple[str, ...]
    y: Tensor
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Opinions(_Shown):
    """Texts with a class and a grammatical construction each.

    Shapes:
        texts: N strings; y: (N,) int64, a position in `names`; constructions: N strings.
    """

    texts: tuple[str, ...]
    y: Tensor
    names: tuple[str, ...]
    constructions: tuple[str, ...]


def fingerprint(*parts) -> str:
    """SHA-256 over the contents, in order: the same on every machine, whatever its byte order.

    Each part is hashed with its type, shape or length, so that moving bytes from one part to
    the next changes the result.
    """
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest, part) -> None:
    if isinstance(part, torch.Tensor):
        part = part.numpy()
    if isinstance(part, np.ndarray):
        little = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<"))
        digest.update(f"{little.dtype.str}{part.shape}".encode())
        digest.update(little)
    elif isinstance(part, str | bytes):
        content = part.encode() if isinstance(part, str) else part
        digest.update(f"s{len(content)}:".encode() + content)
    elif isinstance(part, tuple | list):
        digest.update(f"({len(part)}".encode())
        for item in part:
            _feed(digest, item)
    elif hasattr(part, "__dataclass_fields__"):
        _feed(digest, tuple(getattr(part, field.name) for field in fields(part)))
    else:
        digest.update(repr(part).encode())


def _summary(value) -> str:
    if isinstance(value, Tensor | np.ndarray):
        return f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, tuple):
        return f"{len(value)}"
    return repr(value)
