"""Answers to the exercises of chapter 2.7."""

import math

import torch


def entropy_of(p, names, corners, relations):
    one = p * math.log(p / (names * corners))
    return -one - (1 - p) * math.log((1 - p) / (names**2 * relations))


def forced(rows):
    T = max(map(len, rows)) + 1
    read = [([0] + row + [0] * T)[:T] for row in rows]
    written = [(row + [0] + [-1] * T)[:T] for row in rows]
    return torch.tensor(read), torch.tensor(written)


def beam_search(next_logs, width, length, keep_ended=True, by_length=False):
    beam, done = [([], 0.0)], []
    for _ in range(length):
        grown = [
            (row + [word], total + log)
            for row, total in beam
            for word, log in enumerate(next_logs(row))
        ]
        grown.sort(key=lambda one: one[1], reverse=True)
        if not keep_ended:  # the ended ones take no place in the beam
            done += [one for one in grown if one[0][-1] == 0]
            beam = [one for one in grown if one[0][-1] != 0][:width]
            continue
        done += [one for one in grown[:width] if one[0][-1] == 0]
        beam = [one for one in grown[:width] if one[0][-1] != 0]
    best = max(done, key=lambda one: one[1] / (len(one[0]) if by_length else 1))
    return best[0][:-1]


def first_end(next_logs, width, length):
    row = []
    for _ in range(length):
        logs = next_logs(row)
        word = logs.index(max(logs))
        if word == 0:
            break
        row.append(word)
    return row


RIGHT = {
    "2.7-a": (0.125, math.log(8), 2.0),
    "2.7-b": entropy_of,
    "2.7-c": forced,
    "2.7-d": beam_search,
}

WRONG = {
    "2.7-a": [
        ("the end not counted", (0.125, math.log(8), 8**0.5)),
        ("a mean for a sum", (0.125, math.log(8) / 3, 2.0)),
        ("bits", (0.125, 3.0, 2.0)),
        ("added", (1.75, math.log(8), 2.0)),
        ("words", ("p", "nats", "perplexity")),
    ],
    "2.7-b": [
        (
            "the choice forgotten",
            lambda p, n, c, r: p * math.log(n * c) + (1 - p) * math.log(n**2 * r),
        ),
        ("all sentences alike", lambda p, n, c, r: math.log(n * c + n**2 * r)),
        ("bits", lambda *world: entropy_of(*world) / math.log(2)),
        ("one name in a sentence of two", lambda p, n, c, r: entropy_of(p, n, c, r / n)),
    ],
    "2.7-c": [
        (
            "the end not written",
            lambda rows: (forced(rows)[0], forced(rows)[1].where(forced(rows)[1] != 0, -1)),
        ),
        ("not shifted", lambda rows: (forced(rows)[1].clamp(min=0), forced(rows)[1])),
        ("zeros for -1", lambda rows: (forced(rows)[0], forced(rows)[1].clamp(min=0))),
        ("lists", lambda rows: tuple(one.tolist() for one in forced(rows))),
        ("the other way round", lambda rows: forced(rows)[::-1]),
    ],
    "2.7-d": [
        ("always greedy", first_end),
        ("the end left in", lambda *a: [*beam_search(*a), 0]),
        ("by the mean of the words", lambda *a: beam_search(*a, by_length=True)),
        ("a beam of one", lambda next_logs, width, length: beam_search(next_logs, 1, length)),
        ("everything kept", lambda next_logs, width, length: beam_search(next_logs, 999, length)),
    ],
}
