"""Answers to the exercises of chapter 5.2.2."""

import torch

from utils.exercises.s5_2_2 import _iou


def shifted(side, shift):
    common = max(side - shift, 0) ** 2
    return common / (2 * side**2 - common)


def moved_once(side, shift):
    common = max(side - shift, 0) * side
    return common / (2 * side**2 - common)


def share_of_one(side, shift):
    return max(side - shift, 0) ** 2 / side**2


def never_apart(side, shift):
    common = (side - shift) ** 2
    return common / (2 * side**2 - common)


def soft(boxes, scores, limit):
    scores, waiting = scores.clone(), torch.ones(len(scores), dtype=torch.bool)
    while waiting.any():
        best = torch.where(waiting, scores, -1).argmax()
        waiting[best] = False
        overlap = _iou(boxes[best], boxes)
        near = waiting & (overlap > limit)
        scores[near] *= 1 - overlap[near]
    return scores


def hard(boxes, scores, limit):
    scores = scores.clone()
    for best in scores.argsort(descending=True).tolist():
        near = (_iou(boxes[best], boxes) > limit) & (scores < scores[best])
        scores[near] = 0
    return scores


def first_order(boxes, scores, limit):
    out, order = scores.clone(), scores.argsort(descending=True).tolist()
    for place, best in enumerate(order):
        for i in order[place + 1 :]:
            overlap = _iou(boxes[best], boxes[i])
            out[i] *= 1 - overlap if overlap > limit else 1
    return out


def without_the_limit(boxes, scores, limit):
    return soft(boxes, scores, 0.0)


def voted(kept_box, boxes, scores, limit):
    weights = scores * (_iou(kept_box, boxes) > limit)
    return weights @ boxes / weights.sum()


def all_vote(kept_box, boxes, scores, limit):
    return scores @ boxes / scores.sum()


def one_vote_each(kept_box, boxes, scores, limit):
    return boxes[_iou(kept_box, boxes) > limit].mean(0)


def all_weights_below(kept_box, boxes, scores, limit):
    return (scores * (_iou(kept_box, boxes) > limit)) @ boxes / scores.sum()


RIGHT = {
    "5.2.2-a": shifted,
    "5.2.2-b": ((51 + 25 * 0.75) / 101, 2),
    "5.2.2-c": soft,
    "5.2.2-d": voted,
}

WRONG = {
    "5.2.2-a": [
        ("moved along one axis only", moved_once),
        ("the share of one square", share_of_one),
        ("squares that are apart still meet", never_apart),
    ],
    "5.2.2-b": [
        ("no envelope", ((26 + 25 + 25 * 0.5) / 101, 2)),
        ("the rest of the recalls at the last precision", ((51 + 50 * 0.75) / 101, 2)),
        ("a dropped box suppresses too", ((51 + 25 * 0.75) / 101, 1)),
        ("only one number", (51 + 25 * 0.75) / 101),
    ],
    "5.2.2-c": [
        ("dropped, not lowered", hard),
        ("the first order is kept", first_order),
        ("the limit is not used", without_the_limit),
    ],
    "5.2.2-d": [
        ("boxes far away vote", all_vote),
        ("one vote each", one_vote_each),
        ("divided by all weights", all_weights_below),
    ],
}
