"""Graders of chapter 8.1, Large models and traditional ones."""

import math

from utils.exercises import expect, grader, same_number


@grader("8.1-a", "both curves meet there, at that error")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the examples and the error",
    )
    same_number(answer[0], 625.0, name="the number of examples")
    same_number(answer[1], 0.16, name="the error")


@grader("8.1-b", "a power of the length of the text")
def entries_after(answer):
    for n, n1, k1, n2, k2 in [(8000, 1000, 700, 2000, 1300), (5e6, 1e5, 8e4, 7e5, 4e5)]:
        b = math.log(k2 / k1) / math.log(n2 / n1)
        same_number(answer(n, n1, k1, n2, k2), k1 * (n / n1) ** b, name="the number of entries")


@grader("8.1-c", "each end moves towards the ratio")
def verdict_with(answer):
    for ratio, low, high, k in [
        (1.1, 0.9, 1.4, 1),
        (1.1, 0.9, 1.4, 9),
        (1.1, 0.5, 1.2, 4),
        (0.8, 0.5, 1.1, 4),
        (0.8, 0.5, 1.6, 2),
        (1.5, 1.2, 1.9, 1),
    ]:
        ends = [ratio * (end / ratio) ** (1 / math.sqrt(k)) for end in (low, high)]
        right = "network" if ends[1] < 1 else "traditional" if ends[0] > 1 else "even"
        given = answer(ratio, low, high, k)
        expect(
            given in ("network", "traditional", "even"),
            f"the verdict is one of three words, and {given!r} is none of them",
        )
        expect(
            given == right,
            f"for a ratio of {ratio} from {low} to {high} and {k} times the data the verdict "
            "is another",
        )
