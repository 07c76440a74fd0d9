"""Answers to the exercises of chapter 5.2.1."""

import torch
import torch.nn.functional as F


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


def turned(images, angles, clockwise=1):
    cos, sin, zero = angles.cos(), clockwise * angles.sin(), torch.zeros_like(angles)
    rows = torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)
    grid = F.affine_grid(torch.stack(rows, 1), images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def turned_the_other_way(images, angles):
    return turned(images, angles, clockwise=-1)


def all_by_the_first_angle(images, angles):
    return turned(images, angles[:1].expand(len(images)))


def in_degrees(images, angles):
    return turned(images, angles.deg2rad())


RIGHT = {
    "5.2.1-a": lower_end,
    "5.2.1-b": (6.0, 0.1),
    "5.2.1-c": surest,
    "5.2.1-d": turned,
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
        ("the other way round", turned_the_other_way),
        ("one angle for all", all_by_the_first_angle),
        ("radians taken for degrees", in_degrees),
    ],
}
