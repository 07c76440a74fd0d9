"""The line that every check prints when it passes and raises when it fails."""

import difflib
import math
from collections.abc import Iterable


class CheckFailed(AssertionError):
    """A check of a chapter did not hold; the message is the line a reader sees."""


def passed(what: str, finding: str) -> None:
    print(f"✓ {what}: {finding}")


def failed(what: str, finding: str) -> CheckFailed:
    """The error to raise; a check writes `raise failed(...)`."""
    return CheckFailed(f"✗ {what}: {finding}")


def named(what: str) -> str:
    """`what` itself, if it says something."""
    if not isinstance(what, str) or not what.strip():
        raise ValueError(f"A check starts with what it compares, in words; this is {what!r}.")
    return what.strip()


def count(n: int, noun: str) -> str:
    """`1 number`, `1,152 numbers`."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def short(number: float, digits: int = 6) -> str:
    """A number as a reader writes it: `1e-7` and not `1e-07`."""
    if not math.isfinite(number):
        return str(float(number)).replace("nan", "NaN").replace("inf", "infinity")
    mantissa, _, exponent = f"{number:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def tolerance(value: object, name: str) -> float:
    """`value` as a tolerance.

    Raises:
        ValueError: if it is negative, not finite, or a relative tolerance of 1 or more, which
            would accept zero in place of anything.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` is a tolerance, such as 1e-6; this is {value!r}.") from None
    if not 0 <= number < float("inf"):
        raise ValueError(f"`{name}` is finite and not negative; this is {value!r}.")
    if name == "rtol" and number >= 1:
        raise ValueError(f"`rtol` of {short(number)} would accept 0 in place of anything.")
    return number


def nearest(name: str, known: Iterable[str]) -> str:
    """` The nearest one is 'x'.`, or nothing if none is near; to end an error's sentence with."""
    found = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.4)
    return f" The nearest one is {found[0]!r}." if found else ""
