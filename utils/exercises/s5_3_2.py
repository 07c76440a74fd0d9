"""Graders of chapter 5.3.2, Anomaly detection."""

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.3.2-a", "at that prevalence true and false alarms are as many")
def break_even_prevalence(answer):
    for found, false_alarms in [(0.9, 0.05), (0.5, 0.5), (1.0, 0.001), (0.7, 0.2)]:
        prevalence = false_alarms / (found + false_alarms)
        same_number(answer(found, false_alarms), prevalence, name="the prevalence")


@grader("5.3.2-b", "the pairs counted, and the place of the threshold")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the AUC and the place of the threshold",
    )
    pairs = [(odd > normal) + (odd == normal) / 2 for odd in (2, 3, 5) for normal in (1, 2, 3, 4)]
    same_number(answer[0], sum(pairs) / len(pairs), name="the AUC")
    allowed = 2  # of the 20 places, those that may lie above the threshold
    same_number(answer[1], 19 + 1 - allowed, name="the place of the threshold")


@grader("5.3.2-c", "the shares count the new case itself, and ties against it")
def p_values(answer):
    generator = torch.Generator().manual_seed(0)
    for m, n in [(4, 3), (19, 6), (50, 1)]:
        held_out = torch.randint(0, 9, (m,), generator=generator).double()
        new = torch.randint(-1, 11, (n,), generator=generator).double()
        right = torch.stack([torch.cat([held_out, x[None]]).ge(x).double().mean() for x in new])
        same_tensor(answer(held_out, new), right, name="the p-values")


@grader("5.3.2-d", "both parts, each in its own units")
def two_part_score(answer):
    generator = torch.Generator().manual_seed(0)
    for n, d, k in [(5, 2, 1), (7, 6, 3), (4, 5, 4)]:
        x = torch.randn(n, d, dtype=torch.float64, generator=generator)
        mean = torch.randn(d, dtype=torch.float64, generator=generator)
        square = torch.randn(d, d, dtype=torch.float64, generator=generator)
        frame = torch.linalg.qr(square).Q
        variances = 1 + torch.rand(k, dtype=torch.float64, generator=generator)
        noise = torch.tensor(0.3, dtype=torch.float64)
        full = torch.cat([variances, noise.expand(d - k)])
        inverse = frame @ torch.diag(1 / full) @ frame.T
        right = ((x - mean) @ inverse * (x - mean)).sum(1)
        given = answer(x, mean, frame[:, :k], variances, float(noise))
        same_tensor(given, right, name="the score")
