"""Answers to the exercises of chapter 6.3."""


def rate(step, steps, peak, warm_up):
    if step < warm_up:
        return peak * step / warm_up
    return peak * (steps - step) / (steps - warm_up)


def without_warm_up(step, steps, peak, warm_up):
    return peak * (1 - step / steps)


def falls_from_the_start(step, steps, peak, warm_up):
    return peak * (step / warm_up if step < warm_up else 1 - step / steps)


def mended(reported, lengths):
    return reported * sum(lengths) / (sum(lengths) - len(lengths))


def one_target_too_few(reported, lengths):
    return reported * sum(lengths) / (sum(lengths) - 1)


def the_wrong_way_round(reported, lengths):
    return reported * (sum(lengths) - len(lengths)) / sum(lengths)


def share(S, P, C, F):
    places = (S // P) ** 2 + 1
    return places / (2 * C + F + places)


def without_the_extra_place(S, P, C, F):
    return (S // P) ** 2 / (2 * C + F + (S // P) ** 2)


def over_the_weights(S, P, C, F):
    return ((S // P) ** 2 + 1) / (2 * C + F)


RIGHT = {"6.3-a": 75_497_472, "6.3-b": rate, "6.3-c": mended, "6.3-d": share}

WRONG = {
    "6.3-a": [("keys alone", 37_748_736), ("numbers, not bytes", 18_874_368)],
    "6.3-b": [
        ("no warm-up", without_warm_up),
        ("the fall counted from the first step", falls_from_the_start),
    ],
    "6.3-c": [
        ("one target fewer in all", one_target_too_few),
        ("the ratio upside down", the_wrong_way_round),
    ],
    "6.3-d": [
        ("the extra place forgotten", without_the_extra_place),
        ("attention over the products with weights alone", over_the_weights),
    ],
}
