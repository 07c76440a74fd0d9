"""Graders of chapter 5.1.3, Sentiment analysis."""

import math
from itertools import product

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.1.3-a", "only the parity of what turns the sense round counts")
def is_for(answer):
    for doubts, thoughts, negators, is_good in product(range(4), range(3), range(3), (True, False)):
        got = answer(doubts, thoughts, negators, is_good)
        expect(isinstance(got, bool), "the answer is no truth value")
        case = f"{doubts} doubts, {thoughts} other verbs, {negators} negators, good: {is_good}"
        expect(
            got == (is_good ^ ((doubts + negators) % 2 == 1)), f"it is the other sense for {case}"
        )


@grader("5.1.3-b", "each count plus one, over sums of eight")
def ratios(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for, for “good”, “bad” and “plot”",
    )
    for got, right, word in zip(answer, (math.log(2), -math.log(3), 0.0), ("good", "bad", "plot")):
        same_number(got, right, name=f"the ratio of “{word}”")


@grader("5.1.3-c", "word by word, and the share of verdicts that change")
def swap_test(answer):
    swap = {"north": "south", "south": "north"}
    texts = ["north good", "south good", "northern good", "no side at all", "north south good"]
    verdicts = {
        "north": lambda text: "north" in text.split(),
        "first": lambda text: text.startswith("north"),
        "never": lambda text: False,
        "letter": lambda text: "u" in text,
    }
    for verdict in verdicts.values():
        swapped = [" ".join(swap.get(word, word) for word in text.split()) for text in texts]
        right = sum(verdict(a) != verdict(b) for a, b in zip(texts, swapped)) / len(texts)
        same_number(answer(verdict, texts, swap), right, name="the share")


@grader("5.1.3-d", "the largest of each number over the words that count")
def largest_state(answer):
    generator = torch.Generator().manual_seed(0)
    for B, T, C in [(3, 5, 2), (4, 4, 3), (1, 6, 1)]:
        states = -torch.rand(B, T, C, dtype=torch.float64, generator=generator)
        states[:, T // 2 :] += 1.5  # padding would win
        n_words = torch.arange(B) % (T - 1) + 1
        right = torch.stack([row[:n].amax(0) for row, n in zip(states, n_words.tolist())])
        same_tensor(answer(states, n_words), right, name="the largest states")
