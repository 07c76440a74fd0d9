"""Graders of chapter 2.7, Combining the concepts."""

import itertools
import math
import random
from collections.abc import Callable

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("2.7-a", "probability, nats and perplexity belong together")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three numbers are asked for: p, the loss in nats, the perplexity",
    )
    p = 0.5 * 0.25
    for given, right, name in zip(
        answer, (p, -math.log(p), p ** (-1 / 3)), ("p", "the loss", "the perplexity")
    ):
        same_number(given, right, rtol=1e-3, name=name)


@grader("2.7-b", "the entropy of every world tried, as its sentences are counted")
def entropy_of(answer):
    for p, names, corners, relations in [(0.5, 20, 4, 2), (0.25, 3, 2, 1), (0.9, 2, 5, 3)]:
        one, two = names * corners, names**2 * relations
        chances = [p / one] * one + [(1 - p) / two] * two  # one for each sentence
        right = -sum(chance * math.log(chance) for chance in chances)
        same_number(answer(p, names, corners, relations), right, name="the entropy")


@grader("2.7-c", "what is read and what is written, shifted by one word")
def forced(answer):
    for rows in ([[3, 1, 2]], [[5], [1, 2, 3, 4]], [[2, 2], [7, 8], [9]]):
        T = max(map(len, rows)) + 1
        read, written = torch.zeros(len(rows), T).long(), torch.full((len(rows), T), -1)
        for n, row in enumerate(rows):
            for t, word in enumerate(row):
                read[n, t + 1], written[n, t] = word, word
            written[n, len(row)] = 0
        got = answer([[*row] for row in rows])
        expect(
            isinstance(got, (tuple, list)) and len(got) == 2,
            "two tensors are asked for: what is read, what is written",
        )
        same_tensor(got[0], read, name="what is read")
        same_tensor(got[1], written, name="what is written")


@grader("2.7-d", "the same sentences as a search by the book, narrow and wide, in 12 languages")
def beam_search(answer):
    for seed in range(12):
        next_logs = _language(seed)
        for width in (1, 2, 3, 200):
            right = _beam(next_logs, width, 4)
            if right is None:
                continue
            got = answer(next_logs, width, 4)
            expect(isinstance(got, list), f"a list of words is asked for, not {type(got).__name__}")
            expect(0 not in got, "the end still stands in the sentence")
            expect(
                list(got) == right,
                f"with a beam of {width} another sentence is found than should be",
            )


def _language(seed: int) -> Callable[[list[int]], list[float]]:
    """Three words and the end, with random probabilities after every beginning."""
    generator, table = random.Random(seed), {}
    for length in range(4):
        for row in itertools.product((1, 2, 3), repeat=length):
            weights = [generator.random() ** 3 + 0.01 for _ in range(4)]
            if length == 3:
                weights = [1.0, 1e-6, 1e-6, 1e-6]  # the fourth word is the end
            table[row] = [math.log(weight / sum(weights)) for weight in weights]
    return lambda row: list(table[tuple(row)])


def _beam(next_logs: Callable, width: int, length: int) -> list[int] | None:
    """The winner; None where nothing was finished or two sentences are equally good."""
    going, done = {(): 0.0}, {}
    for _ in range(length):
        longer = {
            (*row, word): total + log
            for row, total in going.items()
            for word, log in enumerate(next_logs([*row]))
        }
        kept = sorted(longer, key=longer.get, reverse=True)[:width]
        done |= {row: longer[row] for row in kept if row[-1] == 0}
        going = {row: longer[row] for row in kept if row[-1] != 0}
    return list(max(done, key=done.get))[:-1] if done else None
