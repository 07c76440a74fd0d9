"""Graders of chapter 5.2.2, Object detection."""

import torch

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.2.2-a", "the squares and what they share")
def shifted_iou(answer):
    for side, shift in [(10, 0), (10, 2), (4.0, 1.5), (6, 6), (3, 8)]:
        common = max(side - shift, 0) ** 2
        right = common / (2 * side**2 - common)
        same_number(answer(side, shift), float(right), name="the IoU")


@grader("5.2.2-b", "the envelope at 101 points, and who is left to suppress")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, AP and how many boxes remain",
    )
    hits, n_true, precision, recall = [1, 1, 0, 1], 4, [], []
    for i in range(1, 5):
        precision.append(sum(hits[:i]) / i)
        recall.append(sum(hits[:i]) / n_true)
    at = [
        max((p for p, r in zip(precision, recall) if r >= k / 100), default=0) for k in range(101)
    ]
    same_number(answer[0], sum(at) / 101, 1e-3, name="AP")
    overlaps, kept = {(0, 1): 0.6, (1, 2): 0.6, (0, 2): 0.2}, []
    for i in range(3):
        if all(overlaps[j, i] <= 0.5 for j in kept):
            kept.append(i)
    same_number(answer[1], len(kept), name="the number of boxes that remain")


@grader("5.2.2-c", "each score is lowered by what was taken before it")
def soft_scores(answer):
    for seed, (n, limit) in enumerate([(2, 0.3), (6, 0.3), (9, 0.0), (9, 0.5)]):
        boxes, scores = _heap(n, seed)
        right, waiting = scores.tolist(), set(range(n))
        overlap = _iou(boxes[:, None], boxes).tolist()
        while waiting:
            best = max(waiting, key=lambda i: right[i])
            waiting.remove(best)
            for i in waiting:
                right[i] *= 1 - overlap[best][i] if overlap[best][i] > limit else 1
        right = torch.tensor(right, dtype=torch.float64)
        same_tensor(answer(boxes, scores, limit), right, name="the scores")


@grader("5.2.2-d", "every box near the kept one votes with its score")
def voted_box(answer):
    for seed, (n, limit) in enumerate([(1, 0.5), (5, 0.3), (8, 0.1)]):
        boxes, scores = _heap(n, seed)
        near = _iou(boxes[0], boxes) > limit
        right = (scores[near, None] * boxes[near]).sum(0) / scores[near].sum()
        same_tensor(answer(boxes[0], boxes, scores, limit), right, name="the box")


def _heap(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes around one place, (n, 4), and their scores, (n,), float64."""
    generator = torch.Generator().manual_seed(seed)
    corner = 6 * torch.rand(n, 2, dtype=torch.float64, generator=generator)
    size = 6 + 6 * torch.rand(n, 2, dtype=torch.float64, generator=generator)
    scores = 0.1 + 0.9 * torch.rand(n, dtype=torch.float64, generator=generator)
    return torch.cat([corner, corner + size], 1), scores


def _iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    common = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    inter = common.clamp(min=0).prod(-1)
    sizes = [(box[..., 2:] - box[..., :2]).prod(-1) for box in (a, b)]
    return inter / (sizes[0] + sizes[1] - inter)
