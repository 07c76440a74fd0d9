"""Answers to the exercises of chapter 8.3."""


def worth(c_old, old, c_new, new, gamma):
    return c_old / c_new * (old / new) ** (1 / gamma)


def worth_at_equal_budgets(c_old, old, c_new, new, gamma):
    return (old / new) ** (1 / gamma)


def worth_of_the_budgets(c_old, old, c_new, new, gamma):
    return c_old / c_new


def worth_by_gamma(c_old, old, c_new, new, gamma):
    return c_old / c_new * (old / new) ** gamma


def ends(q, gamma, f):
    return q ** (f / gamma - 1 / (f * gamma))


def upper_end(q, gamma, f):
    return q ** (f / gamma)


def ends_to_one_side(q, gamma, f):
    return q ** (f / gamma - 1 / gamma)


def ends_in_proportion(q, gamma, f):
    return f**2


RIGHT = {
    "8.3-a": (1 / 3, 4.0),
    "8.3-b": worth,
    "8.3-c": ends,
}

WRONG = {
    "8.3-a": [
        ("the share of compute", (2 / 3, 4.0)),
        ("the mean of the months", (1 / 3, 9.0)),
        ("only one number", 1 / 3),
    ],
    "8.3-b": [
        ("as if budgets were equal", worth_at_equal_budgets),
        ("the budgets alone", worth_of_the_budgets),
        ("raised to gamma", worth_by_gamma),
    ],
    "8.3-c": [
        ("the upper end alone", upper_end),
        ("doubt to one side", ends_to_one_side),
        ("in proportion", ends_in_proportion),
    ],
}
