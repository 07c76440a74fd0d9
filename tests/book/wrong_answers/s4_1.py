"""Answers to the exercises of chapter 4.1."""

import torch
import torch.nn.functional as F
from torch import nn


def operations(image_size, padding=1):
    first = image_size + 2 * padding - 2
    second = first // 2 + 2 * padding - 2
    convolutions = 2 * 9 * 32 * first**2 + 2 * 9 * 32 * 64 * second**2
    return convolutions + 2 * 64 * (second // 2) ** 2 * 128 + 2 * 128 * 10


def counts_parameters(image_size, padding=1):
    side = (image_size + 6 * padding - 6) // 4
    return 320 + 18_496 + 128 * (64 * side**2 + 1) + 1_290


def forgets_the_pooling(image_size, padding=1):
    second = image_size + 2 * (2 * padding - 2)
    return 2 * 9 * 32 * image_size**2 + 2 * 9 * 32 * 64 * second**2 + 2 * 64 * 49 * 128 + 2_560


def ignores_padding(image_size, padding=1):
    return operations(image_size, 1)


def images_in_row(r, n):
    each = 64 * ((n - 6) // 4) ** 2
    return list(range(3136 * r // each, (3136 * (r + 1) - 1) // each + 1))


def one_too_many(r, n):
    each = 64 * ((n - 6) // 4) ** 2
    return list(range(3136 * r // each, 3136 * (r + 1) // each + 1))


def the_image_of_that_number(r, n):
    return [r]


def only_for_28(r, n):
    return images_in_row(r, 28)


def fitting_sizes(K, p):
    first = 28 + 3 * (K - 1 - 2 * p)
    return list(range(first, first + 4))


def forgets_padding(K, p):
    return fitting_sizes(K, 0)


def first_size_only(K, p):
    return fitting_sizes(K, p)[:1]


def one_beyond(K, p):
    first = 28 + 3 * (K - 1 - 2 * p)
    return list(range(first, first + 5))


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc = nn.Linear(64, 10)

    def maps(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        return F.max_pool2d(F.relu(self.conv2(x)), 2)


class AnySize(Convolutions):
    def forward(self, x):
        return self.fc(self.maps(x).mean((2, 3)))


class AveragesOverTheBatch(Convolutions):
    def forward(self, x):
        return self.fc(self.maps(x).mean((0, 2, 3)).expand(len(x), 64))


class ForgetsTheBatch(Convolutions):
    def forward(self, x):
        return self.fc(self.maps(x).mean((0, 2, 3)))


class OneSizeOnly(Convolutions):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64 * 5 * 5, 10)

    def forward(self, x):
        return self.fc(torch.flatten(self.maps(x), 1))


class NormalisesEachBatch(Convolutions):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(64, track_running_stats=False)

    def forward(self, x):
        return self.fc(self.norm(self.maps(x)).mean((2, 3)))


RIGHT = {
    "4.1-a": operations,
    "4.1-b": (2304, 49, 36),
    "4.1-c": images_in_row,
    "4.1-d": fitting_sizes,
    "4.1-e": AnySize,
}

WRONG = {
    "4.1-a": [
        ("parameters instead of operations", counts_parameters),
        ("one operation for a multiplication and an addition", lambda n, p=1: operations(n, p) / 2),
        ("no pooling between the convolutions", forgets_the_pooling),
        ("the padding is not used", ignores_padding),
    ],
    "4.1-b": [
        ("28 pixels instead of 32", (1600, 49, 25)),
        ("the size that the flatten wants", (3136, 1, 1)),
        ("7 images, as if s² held one factor 7", (2304, 7, 36)),
        ("rows as many as images", (2304, 49, 49)),
        ("only one number", 2304),
    ],
    "4.1-c": [
        ("the end of the row counted in", one_too_many),
        ("a row for each image, as it should be", the_image_of_that_number),
        ("28 pixels whatever was asked", only_for_28),
    ],
    "4.1-d": [
        ("the padding is not used", forgets_padding),
        ("the smallest size only", first_size_only),
        ("the upper bound counted in", one_beyond),
        ("a number instead of a list", lambda K, p: 34),
    ],
    "4.1-e": [
        ("an average over the batch, too", AveragesOverTheBatch),
        ("one row for the whole batch", ForgetsTheBatch),
        ("one size only", OneSizeOnly),
        ("normalised over the batch", NormalisesEachBatch),
    ],
}
