"""Graders of chapter 5.2.1, Image recognition."""

import torch
import torch.nn.functional as F

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


@grader("5.2.1-d", "each image turned about its middle by its own angle")
def turned(answer):
    images = torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    quarter = torch.tensor([0, 1, 2, -1]) * torch.pi / 2
    right = torch.stack([torch.rot90(image, k, (1, 2)) for image, k in zip(images, (0, 1, 2, -1))])
    same_tensor(answer(images, quarter), right, rtol=0, atol=1e-4, name="the quarter turns")
    small = torch.tensor([0.2, -0.1, 0.05, 0.3])
    cos, sin, zero = small.cos(), small.sin(), torch.zeros(4)
    maps = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
    right = F.grid_sample(
        images, F.affine_grid(maps, images.shape, align_corners=False), align_corners=False
    )
    same_tensor(answer(images, small), right, rtol=0, atol=1e-5, name="the small turns")
