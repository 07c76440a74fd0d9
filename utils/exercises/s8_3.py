"""Graders of chapter 8.3, The trends."""

from utils.exercises import expect, grader, same_number


@grader("8.3-a", "rates add, and shares are shares of rates")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the share and the months",
    )
    same_number(answer[0], 1 / 3, name="the share of algorithms")
    same_number(answer[1], 4.0, name="the number of months")


@grader("8.3-b", "the old way is brought to the new loss")
def worth_of(answer):
    for c_old, old, c_new, new, gamma in [
        (100.0, 2.0, 25.0, 1.9, 0.1),
        (1e18, 3.0, 1e18, 2.7, 0.05),
        (10.0, 1.5, 40.0, 1.4, 0.15),
    ]:
        right = c_old / c_new * (old / new) ** (1 / gamma)
        same_number(answer(c_old, old, c_new, new, gamma), right, name="the worth")


@grader("8.3-c", "the exponent's doubt is itself an exponent")
def range_of_worths(answer):
    for q, gamma, f in [(1.1, 0.064, 1.28), (1.46, 0.1, 1.1), (1.05, 0.05, 2.0)]:
        right = q ** (f / gamma - 1 / (f * gamma))
        same_number(answer(q, gamma, f), right, name="the ratio of the ends")
