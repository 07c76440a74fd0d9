"""Graders of chapter 5.2.3, Face recognition."""

import math

import torch
import torch.nn.functional as F

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.2.3-a", "the bound is kept, and one person more would break it")
def largest_gallery(answer):
    for f, p in [(0.001, 0.01), (0.001, 0.5), (0.02, 0.3), (1e-6, 0.1)]:
        right = math.floor(math.log1p(-p) / math.log1p(-f))
        same_number(answer(f, p), right, name="the number of people")


@grader("5.2.3-b", "the pairs counted, and the rate at an allowed error")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: genuine pairs, impostor pairs, and the TAR",
    )
    people = [number // 4 for number in range(20)]
    pairs = [(people[i], people[j]) for i in range(20) for j in range(i)]
    genuine = sum(one == other for one, other in pairs)
    same_number(answer[0], genuine, name="the number of genuine pairs")
    same_number(answer[1], len(pairs) - genuine, name="the number of impostor pairs")
    own, others = (9, 7, 6, 2), (8, 5, 4, 3, 1)
    allowed = [t for t in own + others if sum(s >= t for s in others) <= 1]
    same_number(answer[2], sum(s >= min(allowed) for s in own) / 4, name="the TAR")


@grader("5.2.3-c", "each triplet that is far enough apart counts nothing")
def triplet_loss(answer):
    generator = torch.Generator().manual_seed(0)
    for n, d, margin in [(6, 3, 0.2), (9, 5, 0.0), (4, 2, 1.0)]:
        points = torch.randn(3, n, d, dtype=torch.float64, generator=generator)
        a, p, z = F.normalize(points, dim=2)
        terms = [
            max(0.0, float((a[i] - p[i]) @ (a[i] - p[i]) - (a[i] - z[i]) @ (a[i] - z[i])) + margin)
            for i in range(n)
        ]
        same_number(answer(a, p, z, margin), sum(terms) / n, name="the loss")


@grader("5.2.3-d", "one direction for each person, whatever the order of the pictures")
def enrol(answer):
    generator = torch.Generator().manual_seed(0)
    for y in ([0, 0, 1, 1], [2, 0, 1, 0, 2, 2], [0]):
        z = F.normalize(torch.randn(len(y), 4, dtype=torch.float64, generator=generator), dim=1)
        rows = [sum(z[i] for i in range(len(y)) if y[i] == person) for person in range(max(y) + 1)]
        right = torch.stack([row / row.norm() for row in rows])
        same_tensor(answer(z, torch.tensor(y)), right, name="the directions")
