"""Answers to the exercises of chapter 4.3."""

import torch

from utils.text import merge_pair


def nucleus(probs, p):
    ordered, places = probs.sort(descending=True)
    kept = torch.where(ordered.cumsum(0) - ordered < p, ordered, 0)
    return torch.zeros_like(probs).scatter(0, places, kept / kept.sum())


def nucleus_too_small(probs, p):
    ordered, places = probs.sort(descending=True)
    kept = torch.where(ordered.cumsum(0) <= p, ordered, 0)
    return torch.zeros_like(probs).scatter(0, places, kept / kept.sum())


def nucleus_out_of_order(probs, p):
    kept = torch.where(probs.cumsum(0) - probs < p, probs, 0)
    return kept / kept.sum()


def nucleus_not_divided(probs, p):
    return torch.where(nucleus(probs, p) > 0, probs, 0)


def encode(merges, ids):
    for rank, pair in enumerate(merges):
        ids = merge_pair(ids, pair, 256 + rank)
    return ids


def encode_backwards(merges, ids):
    for rank in reversed(range(len(merges))):
        ids = merge_pair(ids, merges[rank], 256 + rank)
    return ids


def encode_from_zero(merges, ids):
    for rank, pair in enumerate(merges):
        ids = merge_pair(ids, pair, rank)
    return ids


RIGHT = {
    "4.3-a": (["aa", "ab"], 7),
    "4.3-b": lambda nats, ratio: nats / ratio,
    "4.3-c": nucleus,
    "4.3-d": encode,
}

WRONG = {
    "4.3-a": [
        ("the other tie", (["aa", "aaa"], 7)),
        ("too many left", (["aa", "ab"], 9)),
        ("one token", (["aa"], 9)),
        ("a string", ("aa", 7)),
    ],
    "4.3-b": [
        ("the wrong way round", lambda nats, ratio: nats * ratio),
        ("per token the same", lambda nats, ratio: nats),
        ("halved", lambda nats, ratio: nats / 2),
    ],
    "4.3-c": [
        ("at most p", nucleus_too_small),
        ("in the order of ids", nucleus_out_of_order),
        ("not divided", nucleus_not_divided),
        ("everything", lambda probs, p: probs),
    ],
    "4.3-d": [
        ("the last merge first", encode_backwards),
        ("ids from zero", encode_from_zero),
        ("bytes", lambda merges, ids: ids),
    ],
}
