"""Answers to the exercises of chapter 5.2.1."""

import torch


def lower_end(n, z):
    return n / (n + z**2)


def usual_interval(n, z):
    return 1.0  # no width at all


def upper_end(n, z):
    return (n + z**2) / n


def surest(certainty, right, share):
    kept = certainty.argsort(descending=True)[: round(share * len(certainty))]
    return right[kept].double().mean().item()


def all_images_counted(certainty, right, share):
    return right.double().mean().item()


def least_sure_kept(certainty, right, share):
    kept = certainty.argsort()[: round(share * len(certainty))]
    return right[kept].double().mean().item()


def threshold_for_share(certainty, right, share):
    return right[certainty >= share].double().mean().item()


@torch.no_grad()
def averaged(net, images, changes):
    return torch.stack([net(change(images)).softmax(1) for change in changes]).mean(0)


@torch.no_grad()
def averaged_before_softmax(net, images, changes):
    return torch.stack([net(change(images)) for change in changes]).mean(0).softmax(1)


def with_gradients(net, images, changes):
    return torch.stack([net(change(images)).softmax(1) for change in changes]).mean(0)


@torch.no_grad()
def images_averaged(net, images, changes):
    return net(torch.stack([change(images) for change in changes]).mean(0)).softmax(1)


RIGHT = {
    "5.2.1-a": lower_end,
    "5.2.1-b": (6.0, 0.1),
    "5.2.1-c": surest,
    "5.2.1-d": averaged,
}

WRONG = {
    "5.2.1-a": [
        ("the usual interval, which has no width", usual_interval),
        ("turned round", upper_end),
    ],
    "5.2.1-b": [
        ("errors over one bin's images", (6.0, 0.2)),
        ("divided by all images", (144 / 1000, 0.1)),
        ("not divided by the images", (6.0, 2.0)),
        ("only one number", 6.0),
    ],
    "5.2.1-c": [
        ("all images", all_images_counted),
        ("the least sure", least_sure_kept),
        ("the share taken for a certainty", threshold_for_share),
    ],
    "5.2.1-d": [
        ("logits averaged", averaged_before_softmax),
        ("with gradients", with_gradients),
        ("images averaged", images_averaged),
    ],
}
