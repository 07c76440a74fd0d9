"""Graders of chapter 5.2.1, Image recognition."""

import torch
from torch import nn

from utils.exercises import expect, grader, same_number, same_tensor


@grader("5.2.1-a", "at no error the root is z²/2n, and the end is n/(n + z²)")
def lower_end(answer):
    for n, z in [(100, 1.96), (1, 1.0), (3000, 2.58), (10, 3.0)]:
        same_number(answer(n, z), n / (n + z**2), name="the lower end")


@grader("5.2.1-b", "only the images on which one is right count; errors within a bin add up first")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, χ² and the calibration error",
    )
    same_number(answer[0], 6.0, name="χ²")
    same_number(answer[1], 0.1, name="the calibration error")


@grader("5.2.1-c", "the surest first, and the accuracy among them")
def accuracy_of_surest(answer):
    generator = torch.Generator().manual_seed(0)
    certainty = torch.rand(40, generator=generator)
    right = torch.rand(40, generator=generator) < certainty
    for share in (1.0, 0.5, 0.25, 0.66):
        kept = certainty.argsort(descending=True)[: round(share * 40)]
        same_number(
            answer(certainty, right, share),
            right[kept].double().mean().item(),
            name=f"the accuracy of the surest {share:.0%}",
        )


@grader("5.2.1-d", "the mean of the probabilities over the looks")
def averaged(answer):
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 10))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(2 * torch.randn(parameter.shape, generator=generator))
    images = torch.rand(5, 1, 4, 4, generator=generator)
    changes = [lambda a: a, lambda a: a.flip(3), lambda a: 1 - a]
    got = answer(net, images, changes)
    with torch.no_grad():
        right = torch.stack([net(change(images)).softmax(1) for change in changes]).mean(0)
    expect(
        isinstance(got, torch.Tensor) and not got.requires_grad,
        "the probabilities still carry gradients, which nobody needs here",
    )
    same_tensor(got, right, rtol=1e-5, atol=1e-6, name="the averages")
