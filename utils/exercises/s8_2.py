"""Graders of chapter 8.2, The challenges."""

from utils.exercises import expect, grader, same_number


@grader("8.2-a", "nights weigh by their share")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the error and the share of nights",
    )
    same_number(answer[0], 0.08, name="the error")
    same_number(answer[1], 0.05, name="the share of nights")


@grader("8.2-b", "the nearer of two walls")
def largest_model(answer):
    for dollars, v, S, r in [
        (1e6, 1.6e-18, 3e14, 20),
        (1e12, 1.6e-18, 3e14, 20),
        (1e9, 1.6e-18, 3e14, 2000),
        (1e8, 2e-18, 1e12, 100),
    ]:
        right = min(S / r, (dollars / (6 * r * v)) ** 0.5)
        same_number(answer(dollars, v, S, r), right, name="the largest model")


@grader("8.2-c", "pairs, one from each list")
def share_dearer(answer):
    for first, second, right in [
        ([1.0, 2.0, 3.0], [2.5, 0.5], 2 / 6),
        ([1.0, 5.0], [1.0, 7.0, 9.0], (0.5 + 2 + 2) / 6),
        ([4.0], [3.0, 5.0, 6.0, 4.0], 2.5 / 4),
    ]:
        same_number(answer(first, second), right, name="the share of pairs")
