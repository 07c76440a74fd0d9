"""Graders of chapter 4.3, A small language model, end to end."""

import math

import torch

from utils.exercises import expect, grader, same_number, same_tensor
from utils.text import Tokenizer, train_bpe


@grader("4.3-a", "the merges and the length, as a tokenizer finds them")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], list),
        "two things are asked for: a list of two strings, and a number",
    )
    tokenizer = train_bpe(["aaabdaaabac"], 258)
    right = [token.decode() for token in tokenizer.tokens[256:]]
    expect(len(answer[0]) == 2, "two merges make two new tokens")
    for n, (given, wanted) in enumerate(zip(answer[0], right), 1):
        expect(given == wanted, f"new token {n} is another one")
    same_number(answer[1], len(tokenizer.encode("aaabdaaabac")), name="the number of tokens")


@grader("4.3-b", "the same bits per byte")
def equally_good(answer):
    for nats, ratio in [(2.0, 1.0), (3.0, 2.0), (4.5, 0.5), (1.0, 3.3)]:
        bits = [nats / math.log(2), answer(nats, ratio) * ratio / math.log(2)]
        same_number(bits[1], bits[0], name="what a stretch of text costs in bits")


@grader("4.3-c", "the smallest sets, and nothing else")
def nucleus(answer):
    cases = [
        ([0.1, 0.4, 0.2, 0.3], 0.6, [0, 4, 0, 3]),
        ([0.1, 0.4, 0.2, 0.3], 0.75, [0, 4, 2, 3]),
        ([0.1, 0.4, 0.2, 0.3], 0.1, [0, 1, 0, 0]),
        ([0.5, 0.25, 0.25], 1.0, [2, 1, 1]),
        ([0.125, 0.125, 0.75], 0.75, [0, 0, 1]),
    ]
    for probs, p, weights in cases:
        right = torch.tensor(weights, dtype=torch.float64)
        given = torch.tensor(probs, dtype=torch.float64)
        same_tensor(answer(given, p), right / right.sum(), name="the probabilities")


@grader("4.3-d", "the same tokens as the tokenizer's")
def encode(answer):
    tokenizer = train_bpe(["low lower lowest newest newer widest"] * 2, 256 + 20)
    swapped = Tokenizer(((98, 99), (97, 98), (97, 256), (258, 258)))
    for one, words in ((tokenizer, ["lowest", "newer", "q", "wide"]), (swapped, ["abcabc", "ab"])):
        for word in words:
            got = answer(one.merges, list(word.encode()))
            expect(isinstance(got, list), "a list of ids is asked for")
            expect(got == one.encode(word), f"{word!r} has other tokens")
