"""Graders of chapter 1.1, What makes a model large."""

import numpy as np

from utils.architectures import (
    Transformer,
    count_attention,
    count_feed_forward,
    count_layer,
    kv_cache_bytes,
)
from utils.exercises import expect, grader, same_number


@grader("1.1-a", "the three parts of a layer, biases and shifts included")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three numbers are asked for: attention, feed-forward, norms",
    )
    c = Transformer(1, 8, 2, 32, 0, is_gated=False, biases="qkv out ff", d_norm=2)
    parts = count_attention(c), count_feed_forward(c, 32), c.norms * c.d_norm * 8
    for number, right, name in zip(answer, parts, ("attention", "feed-forward", "norms")):
        same_number(number, right, name=f"the count of {name}")


@grader("1.1-b", "sixteen bytes for each parameter fit, and not one parameter more")
def largest_model(answer):
    for memory, activations in [(80 * 10**9, 0), (80 * 10**9, 10**10), (1000, 10), (47, 15)]:
        right = (memory - activations) // 16
        same_number(answer(memory, activations), right, name="the number of parameters")


@grader("1.1-c", "the library's count, for shared and for separate heads")
def modern_layer(answer):
    for C, H, G, Dh, F in [(64, 4, 4, 16, 128), (64, 8, 2, 8, 100), (48, 4, 1, 20, 96)]:
        c = Transformer(1, C, H, F, 0, n_kv_heads=G, d_head=Dh)
        same_number(answer(C, H, G, Dh, F), count_layer(c), name="the count of a layer")


@grader("1.1-d", "as many tokens as fit, for all sequences together")
def longest_context(answer):
    cases = [(80 * 10**9, 7 * 10**9, 32, 8, 128, 1), (80 * 10**9, 7 * 10**9, 32, 8, 128, 16)]
    cases += [(24 * 10**9, 10**9, 24, 16, 64, 3), (10**9, 10**9, 12, 12, 64, 1)]
    cases += [(2 * 10**9 + 5000, 10**9, 2, 2, 8, 1)]
    for memory, n, L, G, Dh, n_sequences in cases:
        c = Transformer(L, G * Dh, G, 1, 0, d_head=Dh)
        right = max(0, (memory - 2 * n) // (n_sequences * kv_cache_bytes(c, 1)))
        same_number(answer(memory, n, L, G, Dh, n_sequences), right, name="the length")


@grader("1.1-e", "the slope of the records alone, for six made-up histories")
def doubling_of_records(answer):
    rng = np.random.default_rng(0)
    for n in (5, 8, 12, 20, 30, 40):
        years = np.sort(rng.uniform(2000, 2025, n))
        costs = 2.0 ** (1.7 * (years - 2000) + rng.normal(0, 3, n))
        kept, best = [], -np.inf
        for i, cost in enumerate(costs):
            if cost > best:
                kept.append(i)
                best = cost
        if len(kept) > 1:
            right = 12 / np.polyfit(years[kept], np.log2(costs[kept]), 1)[0]
            same_number(answer(years, costs), float(right), name="the time of doubling")
