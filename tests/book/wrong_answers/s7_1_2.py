"""Answers to the exercises of chapter 7.1.2."""

import math


def micro_batches(p, idle):
    return max(1, math.ceil((p - 1) * (1 - idle) / idle))


def micro_batches_over_work(p, idle):
    return max(1, math.ceil((p - 1) / idle))


def micro_batches_rounded_down(p, idle):
    return max(1, math.floor((p - 1) * (1 - idle) / idle))


def factors(losses, masks):
    counts = [mask.sum().item() for mask in masks]
    return [len(counts) * count / sum(counts) for count in counts]


def factors_of_examples(losses, masks):
    total = sum(len(loss) for loss in losses)
    return [len(losses) * len(loss) / total for loss in losses]


def factors_without_n(losses, masks):
    counts = [mask.sum().item() for mask in masks]
    return [count / sum(counts) for count in counts]


def grid(n, tokens, C, F, fast, slow, all_tokens=False, tensor=True):
    def talk(t):
        k = n // t
        b = tokens if all_tokens else tokens / k
        data = 2 * (k - 1) / (3 * k) * F / (b * slow)
        return data + tensor * 2 * (t - 1) / 9 * F / (C * fast)

    return min((t for t in range(1, n + 1) if n % t == 0), key=talk)


def grid_of_all_tokens(*case):
    return grid(*case, all_tokens=True)


def grid_of_data_alone(*case):
    return grid(*case, tensor=False)


RIGHT = {
    "7.1.2-a": (24.5, 36.75),
    "7.1.2-b": micro_batches,
    "7.1.2-c": factors,
    "7.1.2-d": grid,
}

WRONG = {
    "7.1.2-a": [
        ("as if one device collected all", (98, 147)),
        ("one half of the ring forgotten", (12.25, 36.75)),
        ("the second all-gather forgotten", (24.5, 24.5)),
    ],
    "7.1.2-b": [
        ("idle over work, not over all", micro_batches_over_work),
        ("rounded down", micro_batches_rounded_down),
    ],
    "7.1.2-c": [
        ("examples counted, not tokens", factors_of_examples),
        ("the number of devices forgotten", factors_without_n),
    ],
    "7.1.2-d": [
        ("every group sees all tokens", grid_of_all_tokens),
        ("the slices' talk left out", grid_of_data_alone),
    ],
}
