"""Graders of chapter 5.1.2, Summarisation."""

from itertools import pairwise

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.1.2-a", "what surplus words cost")
def padded_score(answer):
    for n, k in [(8, 0), (8, 8), (5, 20), (1, 3)]:
        same_number(answer(n, k), 2 * n / (2 * n + k), name="ROUGE-1")


@grader("5.1.2-b", "words, pairs, and order")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: ROUGE-1, ROUGE-2 and ROUGE-L",
    )
    a, b = "a graph of nodes".split(), "nodes of a graph".split()
    pairs = [set(pairwise(words)) for words in (a, b)]
    right = (2 * len({*a} & {*b}) / 8, 2 * len(pairs[0] & pairs[1]) / 6, 2 * 2 / 8)
    for got, value, name in zip(answer, right, ("ROUGE-1", "ROUGE-2", "ROUGE-L")):
        same_number(got, value, name=name)


@grader("5.1.2-c", "pairs of words that are the writer's own")
def new_pairs(answer):
    cases = [
        ("return the graph", "the graph of a tree"),
        ("a b a b a b", "b a c"),
        ("the the the", "the end"),
        ("one", "one two"),
        ("", "one two"),
        ("x y z", "x y z"),
    ]
    for text, body in cases:
        words, known = text.split(), body.split()
        found = {*pairwise(known)}
        pairs = [*pairwise(words)]
        right = sum(pair not in found for pair in pairs) / len(pairs) if pairs else 0.0
        same_number(answer(words, known), right, name="the share")


@grader("5.1.2-d", "the share of each token that was copied")
def copied_share(answer):
    generator = torch.Generator().manual_seed(0)
    for V, S, g in [(5, 3, 0.5), (9, 12, 0.9), (4, 1, 0.1)]:
        p = torch.rand(V, dtype=torch.float64, generator=generator).softmax(0)
        a = torch.rand(S, dtype=torch.float64, generator=generator).softmax(0)
        source = torch.randint(V - 1, (S,), generator=generator)
        copied = torch.zeros(V, dtype=torch.float64)
        for place, weight in zip(source.tolist(), a):
            copied[place] += (1 - g) * weight
        same_tensor(answer(p, a, source, g), copied / (copied + g * p), name="the shares")
