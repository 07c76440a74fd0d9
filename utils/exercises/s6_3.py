"""Graders of chapter 6.3, Hugging Face Transformers."""

from utils.exercises import grader, same_number


@grader("6.3-a", "two tensors a block, whatever the number of heads")
def cache_bytes(answer):
    same_number(answer, 75_497_472, name="the bytes of the cache")


@grader("6.3-b", "up and down in straight lines")
def linear_rate(answer):
    for step, steps, peak, warm_up in [(0, 10, 1.0, 0), (7, 10, 2.0, 0), (3, 20, 1e-3, 6)]:
        right = peak * (step / warm_up if step < warm_up else (steps - step) / (steps - warm_up))
        same_number(answer(step, steps, peak, warm_up), right, name="the rate")
    same_number(answer(6, 20, 1e-3, 6), 1e-3, name="the rate at the end of the warm-up")
    same_number(answer(13, 20, 1e-3, 6), 5e-4, name="the rate half-way down")


@grader("6.3-c", "divided by the number of targets")
def mended_loss(answer):
    for reported, lengths in [(4.0, [128] * 4), (2.5, [3, 9, 40]), (1.0, [2])]:
        right = reported * sum(lengths) / sum(n - 1 for n in lengths)
        same_number(answer(reported, lengths), right, name="the mended loss")


@grader("6.3-d", "attention's share grows with the number of places")
def share_of_attention(answer):
    for S, P, C, F in [(224, 16, 768, 3072), (32, 8, 48, 96), (384, 16, 1024, 4096)]:
        places = (S // P) ** 2 + 1
        weights, attention = places * 2 * (4 * C * C + 2 * C * F), 4 * places * places * C
        right = attention / (weights + attention)
        same_number(answer(S, P, C, F), right, name="the share")
