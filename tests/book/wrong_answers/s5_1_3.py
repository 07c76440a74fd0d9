"""Answers to the exercises of chapter 5.1.3."""

import math

import torch


def is_for(n_doubts, n_thoughts, n_negators, is_good):
    return is_good != ((n_doubts + n_negators) % 2 == 1)


def every_verb_turns(n_doubts, n_thoughts, n_negators, is_good):
    return is_good != ((n_doubts + n_thoughts + n_negators) % 2 == 1)


def once_turned_is_turned(n_doubts, n_thoughts, n_negators, is_good):
    return is_good != (n_doubts + n_negators > 0)


def the_adjective_alone(n_doubts, n_thoughts, n_negators, is_good):
    return is_good


def swap_test(verdict, texts, swap):
    swapped = [" ".join(swap.get(word, word) for word in text.split()) for text in texts]
    return sum(verdict(a) != verdict(b) for a, b in zip(texts, swapped)) / len(texts)


def one_after_the_other(verdict, texts, swap):
    changed = 0
    for text in texts:
        other = text
        for old, new in swap.items():
            other = other.replace(old, new)
        changed += verdict(text) != verdict(other)
    return changed / len(texts)


def a_count(verdict, texts, swap):
    return swap_test(verdict, texts, swap) * len(texts)


def share_that_stays(verdict, texts, swap):
    return 1 - swap_test(verdict, texts, swap)


def largest_state(states, n_words):
    is_word = torch.arange(states.shape[1]) < n_words[:, None]
    return states.masked_fill(~is_word[..., None], -torch.inf).amax(1)


def padding_counts(states, n_words):
    return states.amax(1)


def masked_with_zero(states, n_words):
    is_word = torch.arange(states.shape[1]) < n_words[:, None]
    return (states * is_word[..., None]).amax(1)


def the_last_state(states, n_words):
    return states[torch.arange(len(states)), n_words - 1]


RIGHT = {
    "5.1.3-a": is_for,
    "5.1.3-b": (math.log(2), -math.log(3), 0.0),
    "5.1.3-c": swap_test,
    "5.1.3-d": largest_state,
}

WRONG = {
    "5.1.3-a": [
        ("every verb turns the sense round", every_verb_turns),
        ("turned twice is still turned", once_turned_is_turned),
        ("the adjective alone", the_adjective_alone),
    ],
    "5.1.3-b": [
        ("nothing added", (math.log(3 / 5 / (1 / 5)), -math.log(2), 0.0)),
        ("for and against exchanged", (-math.log(2), math.log(3), 0.0)),
        ("no logarithm", (2.0, 1 / 3, 1.0)),
        ("one number", math.log(2)),
    ],
    "5.1.3-c": [
        ("replaced one after the other, and within words", one_after_the_other),
        ("a count in place of a share", a_count),
        ("the share that stays", share_that_stays),
    ],
    "5.1.3-d": [
        ("padding counts", padding_counts),
        ("masked with zero", masked_with_zero),
        ("the last state", the_last_state),
    ],
}
