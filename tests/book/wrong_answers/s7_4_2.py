"""Answers to the exercises of chapter 7.4.2."""

LAST = 86_400


def days(N, D, n, peak, u):
    return 6 * N * D / (n * peak * u) / LAST


def days_at_peak(N, D, n, peak, u):
    return 6 * N * D / (n * peak) / LAST


def days_forward(N, D, n, peak, u):
    return 2 * N * D / (n * peak * u) / LAST


def hours_not_days(N, D, n, peak, u):
    return 6 * N * D / (n * peak * u) / 3600


def size(dollars, price, speed, law, seconds=3600, six=6):
    _, A, alpha, B, beta = law
    work = dollars / price * seconds * speed
    factor = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    return factor * (work / six) ** (beta / (alpha + beta))


def size_of_seconds(dollars, price, speed, law):
    return size(dollars, price, speed, law, seconds=1)


def size_without_six(dollars, price, speed, law):
    return size(dollars, price, speed, law, six=1)


def size_by_price(dollars, price, speed, law):
    return size(dollars * price**2, price, speed, law)


def most(years, delta, waste):
    return int(waste**2 * years * 8766 / (2 * delta))


def most_without_square(years, delta, waste):
    return int(waste * years * 8766 / (2 * delta))


def most_in_years(years, delta, waste):
    return int(waste**2 * years / (2 * delta))


RIGHT = {
    "7.4.2-a": (100.0, 1 / 6),
    "7.4.2-b": days,
    "7.4.2-c": size,
    "7.4.2-d": most,
}

WRONG = {
    "7.4.2-a": [
        ("in float32", (50.0, 1 / 12)),
        ("only the factors are moved", (150.0, 1 / 6)),
        ("only one number", 100.0),
    ],
    "7.4.2-b": [
        ("at the peak", days_at_peak),
        ("forward alone", days_forward),
        ("hours", hours_not_days),
    ],
    "7.4.2-c": [
        ("seconds for hours", size_of_seconds),
        ("six left out", size_without_six),
        ("multiplied by the price", size_by_price),
    ],
    "7.4.2-d": [
        ("no square", most_without_square),
        ("years for hours", most_in_years),
    ],
}
