"""Graders of chapter 5.3.1, Recommendation."""

import math

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.3.1-a", "a share of the first places, over what could be found there")
def lucky_recall(answer):
    for n, n_hidden, k in [(1500, 3, 10), (40, 12, 10), (7, 2, 2), (20, 1, 20)]:
        right = k / n * n_hidden / min(k, n_hidden)
        same_number(answer(n, n_hidden, k), right, name="the expected recall")


@grader("5.3.1-b", "three of six; and both gains over the best that two could have")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the cosine and the NDCG",
    )
    same_number(answer[0], 3 / math.sqrt(4 * 9), name="the cosine")
    right = (1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    same_number(answer[1], right, name="the NDCG", rtol=2e-3)


@grader("5.3.1-c", "both, over at least one")
def jaccard(answer):
    generator = torch.Generator().manual_seed(0)
    for n, m in [(12, 4), (5, 7), (30, 1)]:
        table = (torch.rand(n, m, generator=generator) < 0.4).double()
        table[0] = 1
        both = (table[:, :, None] * table[:, None]).sum(0)
        one = torch.maximum(table[:, :, None], table[:, None]).sum(0)
        same_tensor(answer(table), both / one, name="the Jaccard index")


@grader("5.3.1-d", "places, not scores, are added up, row by row")
def fuse(answer):
    generator = torch.Generator().manual_seed(0)
    for n, m in [(1, 5), (4, 9)]:
        pair = torch.rand(2, n, m, generator=generator, dtype=torch.float64)
        pair[1] *= 100
        right = torch.zeros(n, m, dtype=torch.float64)
        for scores in pair:
            place = 1 + (scores[:, None] > scores[:, :, None]).sum(2)
            right += 1 / (60 + place.double())
        same_tensor(answer(*pair).double(), right, name="the fused score", rtol=1e-6)
