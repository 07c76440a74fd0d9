"""Graders of chapter 7.4.2, What training costs."""

from utils.exercises import expect, grader, same_number


@grader("7.4.2-a", "half the bytes, twice the intensity")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, of the product and of the sum",
    )
    same_number(answer[0], 2 * 300 / 6.0, name="the intensity of the product")
    same_number(answer[1], 1 / 6, name="the intensity of the sum")


@grader("7.4.2-b", "operations, speed and seconds")
def days_of_training(answer):
    for N, D, n, peak, u in [(7e10, 2e12, 2048, 312e12, 0.43), (1e9, 2e10, 8, 989e12, 0.3)]:
        right = 6 * N * D / (n * peak * u) / 86_400
        same_number(answer(N, D, n, peak, u), right, name="the number of days")


@grader("7.4.2-c", "money buys operations, and these a size")
def size_for_money(answer):
    for dollars, price, speed, law in [
        (1e3, 2.0, 3.5e14, (1.8172, 482.01, 0.3478, 2085.43, 0.3658)),
        (5e6, 1.5, 4e14, (1.69, 406.4, 0.34, 410.7, 0.28)),
    ]:
        _, A, alpha, B, beta = law
        work = dollars / price * 3600 * speed
        right = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
        right *= (work / 6) ** (beta / (alpha + beta))
        same_number(answer(dollars, price, speed, law), right, name="the size")


@grader("7.4.2-d", "the number falls with the square of the waste")
def most_accelerators(answer):
    for years, delta, waste in [(5.8, 1 / 60, 0.05), (3.0, 0.1, 0.1), (10.0, 0.5, 0.02)]:
        right = int(waste**2 * years * 8766 / (2 * delta))
        same_number(answer(years, delta, waste), right, name="the number of accelerators")
