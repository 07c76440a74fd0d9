"""Answers to the exercises of chapter 5.3.1."""

import math


def lucky(n, n_hidden, k):
    return k * n_hidden / n / min(k, n_hidden)


def divided_by_all_hidden(n, n_hidden, k):
    return k / n


def expected_hits(n, n_hidden, k):
    return k * n_hidden / n


def jaccard(T):
    G = T.T @ T
    return G / (G.diagonal()[:, None] + G.diagonal() - G)


def counted_twice(T):
    G = T.T @ T
    return G / (G.diagonal()[:, None] + G.diagonal())


def cosine(T):
    G = T.T @ T
    return G / (G.diagonal()[:, None] * G.diagonal()).sqrt()


def of_rows(T):
    return jaccard(T.T)


def places(scores):
    return scores.argsort(dim=1, descending=True).argsort(dim=1)


def fuse(first, second):
    return 1 / (61.0 + places(first)) + 1 / (61.0 + places(second))


def counted_from_zero(first, second):
    return 1 / (60.0 + places(first)) + 1 / (60.0 + places(second))


def worst_first(first, second):
    return fuse(-first, -second)


def items_in_place_of_places(first, second):
    return sum(1 / (61.0 + s.argsort(dim=1, descending=True)) for s in (first, second))


def scores_added(first, second):
    return first + second


RIGHT = {
    "5.3.1-a": lucky,
    "5.3.1-b": (0.5, 1.5 / (1 + 1 / math.log2(3))),
    "5.3.1-c": jaccard,
    "5.3.1-d": fuse,
}

WRONG = {
    "5.3.1-a": [
        ("divided by all hidden ones, of which k cannot hold more than k", divided_by_all_hidden),
        ("the hits, not their share", expected_hits),
    ],
    "5.3.1-b": [
        ("the counts are not rooted", (3 / 36, 1.5 / (1 + 1 / math.log2(3)))),
        ("the gain is not normalised", (0.5, 1.5)),
        ("normalised by three places", (0.5, 1.5 / (1.5 + 1 / math.log2(3)))),
        ("only one number", 0.5),
    ],
    "5.3.1-c": [
        ("both are counted twice", counted_twice),
        ("the cosine", cosine),
        ("of rows", of_rows),
    ],
    "5.3.1-d": [
        ("places from zero", counted_from_zero),
        ("the worst first", worst_first),
        ("one argsort only", items_in_place_of_places),
        ("scores of different scale added", scores_added),
    ],
}
