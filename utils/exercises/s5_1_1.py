"""Graders of chapter 5.1.1, Machine translation."""

import random
from decimal import Decimal

from utils.exercises import expect, grader, same_number


@grader("5.1.1-a", "precision, recall and chrF belong together")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three numbers are asked for: P, R and chrF",
    )
    P, R = (1 + 2 / 3) / 2, (4 / 5 + 2 / 4) / 2
    for given, right, name in zip(answer, (P, R, 500 * P * R / (4 * P + R)), ("P", "R", "chrF")):
        same_number(given, right, rtol=1e-3, name=name)


@grader("5.1.1-b", "the share that leaks in every collection tried")
def leaked_share(answer):
    for total, drawn, train, k in [
        (1000, 100, 0.9, 3),
        (212_947, 12_000, 0.5, 2),
        (90, 60, 0.6, 5),
    ]:
        right = 1 - (1 - drawn * train / total) ** (k - 1)
        same_number(answer(total, drawn, train, k), right, name="the share")


@grader("5.1.1-c", "the distances of 40 pairs of lists, empty ones among them")
def word_edits(answer):
    generator = random.Random(0)
    for n in range(40):
        first, second = (
            generator.choices(("open", "close", "the", "file"), k=generator.randrange(n % 7 + 1))
            for _ in range(2)
        )
        same_number(answer([*first], [*second]), _edits(first, second), name="the distance")


def _edits(first: list[str], second: list[str]) -> int:
    """By the recursion as it is written, from the ends."""
    if not first or not second:
        return len(first) + len(second)
    changed = _edits(first[:-1], second[:-1]) + (first[-1] != second[-1])
    return min(_edits(first[:-1], second) + 1, _edits(first, second[:-1]) + 1, changed)


@grader("5.1.1-d", "every number tried is written as CLDR writes it")
def number_by_rule(answer):
    cases = {"640 million": "6.4亿", "67.4 thousand": "6.74万", "1.2 million": "120万"}
    cases |= {"652 billion": "6520亿", "9.35 thousand": "9350", "10 thousand": "1万"}
    cases |= {"100 million": "1亿", "99.9 million": "9990万", "1 thousand": "1000"}
    cases |= {"6.35 million": "635万", "1.05 billion": "10.5亿", "30 billion": "300亿"}
    for text, right in cases.items():
        got = answer(text)
        expect(isinstance(got, str), f"a text is asked for, not {type(got).__name__}")
        expect("E" not in got.upper(), f"{text!r} came out with an exponent")
        unit = got.lstrip("0123456789.,")
        due = right.lstrip("0123456789.")
        expect(unit == due, f"the unit of {text!r} is not right")
        figures = got.removesuffix(unit)
        expect("," not in figures, f"{text!r} came out with a separator")
        same = figures and Decimal(figures) == Decimal(right.removesuffix(due))
        expect(bool(same), f"the figures of {text!r} are not right")
        expect(got == right, f"the figures of {text!r} have decimals that are not needed")
