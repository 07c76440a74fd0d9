"""Answers to the exercises of chapter 5.1.1."""

from decimal import Decimal

P, R = 5 / 6, 0.65
UNITS = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def leaked_share(total, drawn, train, k):
    kept = 1.0
    for _ in range(k - 1):
        kept *= 1 - drawn * train / total
    return 1 - kept


def word_edits(first, second, change=1):
    d = {(i, 0): i for i in range(len(first) + 1)} | {(0, j): j for j in range(len(second) + 1)}
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            changed = d[i - 1, j - 1] + change * (a != b)
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, changed)
    return d[len(first), len(second)]


def number_by_rule(text, least=10**4):
    amount, word = text.split()
    size = int(Decimal(amount) * UNITS[word])
    for unit, sign in ((10**8, "亿"), (10**4, "万")):
        if size >= unit and size >= least:
            return f"{size / unit:.2f}".rstrip("0").rstrip(".") + sign
    return str(size)


RIGHT = {
    "5.1.1-a": (P, R, 500 * P * R / (4 * P + R)),
    "5.1.1-b": leaked_share,
    "5.1.1-c": word_edits,
    "5.1.1-d": number_by_rule,
}

WRONG = {
    "5.1.1-a": [
        ("precision and recall exchanged", (R, P, 500 * P * R / (4 * P + R))),
        ("beta one", (P, R, 200 * P * R / (P + R))),
        ("the weight on precision", (P, R, 500 * P * R / (P + 4 * R))),
        ("from 0 to 1", (P, R, 5 * P * R / (4 * P + R))),
        ("a list of words", ("P", "R", "F")),
    ],
    "5.1.1-b": [
        ("itself counted", lambda total, drawn, train, k: leaked_share(total, drawn, train, k + 1)),
        ("not only training", lambda total, drawn, train, k: leaked_share(total, drawn, 1, k)),
        ("added up", lambda total, drawn, train, k: (k - 1) * drawn * train / total),
        ("what does not leak", lambda *case: 1 - leaked_share(*case)),
    ],
    "5.1.1-c": [
        ("a change costs two", lambda a, b: word_edits(a, b, change=2)),
        ("letters", lambda a, b: word_edits(" ".join(a), " ".join(b))),
        ("places that differ", lambda a, b: sum(x != y for x, y in zip(a, b))),
        ("words not shared", lambda a, b: len(set(a) ^ set(b))),
    ],
    "5.1.1-d": [
        ("thousands kept", lambda text: number_by_rule(text, least=10**6)),
        ("million for 万", lambda text: text.replace(" million", "万")),
        ("zeros at the end", lambda text: f"{Decimal(number_by_rule(text)[:-1]):.2f}亿"),
        ("a number", lambda text: float(text.split()[0]) * UNITS[text.split()[1]]),
        ("only figures", lambda text: str(int(Decimal(text.split()[0]) * UNITS[text.split()[1]]))),
    ],
}
