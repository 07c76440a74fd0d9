"""Answers to the exercises of chapter 5.3.2."""


def break_even(found, false_alarms):
    return false_alarms / (found + false_alarms)


def odds_for_a_share(found, false_alarms):
    return false_alarms / found


def the_share_of_true_alarms(found, false_alarms):
    return found / (found + false_alarms)


def p_values(held_out, new):
    return (1 + (held_out >= new[:, None]).double().sum(1)) / (len(held_out) + 1)


def without_itself(held_out, new):
    return (held_out >= new[:, None]).double().mean(1)


def ties_left_out(held_out, new):
    return (1 + (held_out > new[:, None]).double().sum(1)) / (len(held_out) + 1)


def the_smaller_ones(held_out, new):
    return (1 + (held_out <= new[:, None]).double().sum(1)) / (len(held_out) + 1)


def two_parts(x, mean, vectors, variances, noise):
    t = (x - mean) @ vectors
    outside = ((x - mean) ** 2).sum(1) - (t**2).sum(1)
    return (t**2 / variances).sum(1) + outside / noise


def without_the_mean(x, mean, vectors, variances, noise):
    return two_parts(x, 0 * mean, vectors, variances, noise)


def outside_only(x, mean, vectors, variances, noise):
    t = (x - mean) @ vectors
    return (((x - mean) ** 2).sum(1) - (t**2).sum(1)) / noise


def without_units(x, mean, vectors, variances, noise):
    return ((x - mean) ** 2).sum(1)


RIGHT = {
    "5.3.2-a": break_even,
    "5.3.2-b": (8 / 12, 18),
    "5.3.2-c": p_values,
    "5.3.2-d": two_parts,
}

WRONG = {
    "5.3.2-a": [
        ("odds in place of a share", odds_for_a_share),
        ("the share of the true alarms", the_share_of_true_alarms),
    ],
    "5.3.2-b": [
        ("ties counted as lost", (7 / 12, 18)),
        ("ties counted as won", (9 / 12, 18)),
        ("a quantile of 19 instead of 20 places, rounded down", (8 / 12, 17)),
        ("one place too high", (8 / 12, 19)),
        ("only one number", 8 / 12),
    ],
    "5.3.2-c": [
        ("the new case does not count itself", without_itself),
        ("ties left out", ties_left_out),
        ("the smaller scores counted", the_smaller_ones),
    ],
    "5.3.2-d": [
        ("the mean is not taken off", without_the_mean),
        ("the residual alone", outside_only),
        ("no units", without_units),
    ],
}
