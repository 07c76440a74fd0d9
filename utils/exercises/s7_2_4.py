"""Graders of chapter 7.2.4, Faster decoding."""

from collections import Counter
from fractions import Fraction

import numpy as np

from utils.decoding import all_paths
from utils.exercises import expect, grader, same_number


@grader("7.2.4-a", "what is kept, and what is missing")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two things are asked for: α, and the residual as a list",
    )
    alpha, residual = answer
    expect(
        isinstance(residual, (list, tuple)) and len(residual) == 3, "three words have a residual"
    )
    p, q = (0.5, 0.25, 0.25), (0.25, 0.25, 0.5)
    right = sum(map(min, p, q))
    same_number(alpha, right, name="α")
    for n, (got, one, other) in enumerate(zip(residual, p, q), 1):
        same_number(got, max(0, one - other) / (1 - right), name=f"residual {n}")


@grader("7.2.4-b", "as far as it pays")
def best_guesses(answer):
    for alpha, c in [(0.8, 0.2), (0.6, 0.2), (0.2, 0.3), (0.95, 0.01), (0.5, 0.05)]:
        gains = [sum(alpha**j for j in range(k + 1)) / (c * k + 1) for k in range(51)]
        same_number(answer(alpha, c), gains.index(max(gains)), name=f"k for α = {alpha}, c = {c}")


CASES = [((5, 6, 1), (2, 3, 7)), ((0, 6, 6), (8, 2, 2)), ((4, 4, 4), (4, 4, 4))]


@grader("7.2.4-c", "the target's distribution, exactly")
def write_one(answer):
    for one, other in CASES:
        p, q = (np.array([Fraction(n, 12) for n in row]) for row in (one, other))

        def program(choose, p=p, q=q):
            return answer(p, q, choose(q), choose)

        found = Counter()
        for x, weight in all_paths(program):
            expect(x in (0, 1, 2), "what is written is one of the words 0, 1 and 2")
            found[int(x)] += weight
        for x in range(3):
            expect(
                found[x] == p[x],
                f"word {x} is written with another probability than the target's, "
                f"for p = {[str(n) for n in p]} and q = {[str(n) for n in q]}",
            )


@grader("7.2.4-d", "one guess of two")
def first_of(answer):
    sure, table = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    guess = answer(lambda row: sure if row[-1] == 1 else None, lambda row: table)
    expect(callable(guess), "a guess is a function of a row")
    for row, right in (([0, 1], sure), ([1, 0], table), ([1], sure)):
        got = guess(row)
        expect(got is not None, "where the first has no guess, the second is asked")
        expect(np.array_equal(got, right), "the first guess is taken wherever there is one")
