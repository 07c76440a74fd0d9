"""Answers to the exercises of chapter 5.1.2."""

from itertools import pairwise

import torch


def padded(n, k):
    return 2 * n / (2 * n + k)


def precision_alone(n, k):
    return n / (n + k)


def recall_alone(n, k):
    return 1.0


def half_the_cost(n, k):
    return 2 * n / (2 * n + k / 2)


def new_pairs(words, body):
    known, pairs = {*pairwise(body)}, [*pairwise(words)]
    return sum(pair not in known for pair in pairs) / len(pairs) if pairs else 0.0


def new_words(words, body):
    return sum(word not in body for word in words) / len(words) if words else 0.0


def each_pair_once(words, body):
    pairs = {*pairwise(words)}
    return len(pairs - {*pairwise(body)}) / len(pairs) if pairs else 0.0


def old_pairs(words, body):
    return 1 - new_pairs(words, body)


def undefined_for_short_texts(words, body):
    pairs = [*pairwise(words)]
    return sum(pair not in {*pairwise(body)} for pair in pairs) / len(pairs)


def copied(p, a, source, g):
    mass = torch.zeros_like(p).index_add(0, source, (1 - g) * a)
    return mass / (mass + g * p)


def last_place_only(p, a, source, g):
    mass = torch.zeros_like(p)
    mass[source] = (1 - g) * a
    return mass / (mass + g * p)


def gate_turned_round(p, a, source, g):
    return copied(p, a, source, 1 - g)


def mass_in_place_of_share(p, a, source, g):
    return torch.zeros_like(p).index_add(0, source, (1 - g) * a)


RIGHT = {
    "5.1.2-a": padded,
    "5.1.2-b": (1, 1 / 3, 1 / 2),
    "5.1.2-c": new_pairs,
    "5.1.2-d": copied,
}

WRONG = {
    "5.1.2-a": [
        ("precision alone", precision_alone),
        ("recall alone", recall_alone),
        ("surplus words at half their cost", half_the_cost),
    ],
    "5.1.2-b": [
        ("pairs without regard to order", (1, 2 / 3, 1 / 2)),
        ("a subsequence without gaps or order", (1, 1 / 3, 1)),
        ("a match that is counted once of both sides", (1 / 2, 1 / 6, 1 / 4)),
        ("only one number", 1),
    ],
    "5.1.2-c": [
        ("words in place of pairs", new_words),
        ("each pair counted once", each_pair_once),
        ("the pairs that are not new", old_pairs),
        ("no answer for a text without pairs", undefined_for_short_texts),
    ],
    "5.1.2-d": [
        ("a token at several places", last_place_only),
        ("the gate the wrong way round", gate_turned_round),
        ("the mass, not its share", mass_in_place_of_share),
    ],
}
