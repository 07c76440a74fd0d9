"""Graders of chapter 6.2, TensorFlow. They need no TensorFlow."""

import torch
import torch.nn.functional as F

from utils.exercises import attempt, expect, grader, same_number, same_tensor


@grader("6.2-a", "once for each distinct shape")
def tracings(answer):
    for sizes in ([1, 2, 2, 49, 64], [8], [8, 8, 8], [], [3, 2, 1, 3, 2, 1]):
        right = len(dict.fromkeys(sizes))
        same_number(answer(sizes), right, name=f"the count for batches of {sizes}")


@grader("6.2-b", "the odd pixel comes after")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "two numbers are asked for: pixels before and pixels after",
    )
    outputs = -(-224 // 2)
    total = (outputs - 1) * 2 + 7 - 224
    expect(answer != (3, 3), "that is what PyTorch's ResNet does; Keras pads one pixel less")
    same_number(sum(answer), total, name="the number of pixels added to a row")
    same_number(answer[0], total // 2, name="the number of pixels before")


@grader("6.2-c", "the same outputs behind either flatten")
def dense_kernel(answer):
    generator = torch.Generator().manual_seed(0)
    for C, H, W in [(3, 1, 1), (2, 3, 3), (5, 2, 4), (4, 3, 2)]:
        weight = torch.randn(6, C * H * W, generator=generator)
        maps = torch.randn(7, C, H, W, generator=generator)
        kernel = answer(weight, C, H, W)
        name = f"the kernel for {C} channels of {H}×{W}"
        shape = tuple(getattr(kernel, "shape", ()))
        expect(shape == (C * H * W, 6), f"{name} has shape {shape}, not {(C * H * W, 6)}")
        behind_keras = attempt(torch.matmul)(maps.permute(0, 2, 3, 1).flatten(1), kernel)
        right = maps.flatten(1) @ weight.T
        same_tensor(behind_keras, right, rtol=1e-4, atol=1e-5, name=f"the output of {name}")


@grader("6.2-d", "Keras then takes PyTorch's step")
def keras_epsilon(answer):
    for t, epsilon, beta in [(1, 1e-8, 0.999), (10, 1e-8, 0.999), (3, 1e-6, 0.95)]:
        root_v, m = epsilon / 2, epsilon / 3  # of the size of epsilon, so that it counts
        by_torch = m / (root_v / (1 - beta**t) ** 0.5 + epsilon)
        mine = answer(t, epsilon, beta)
        name = f"the epsilon for step {t}"
        same_number(mine, epsilon * (1 - beta**t) ** 0.5, name=name)
        by_keras = (1 - beta**t) ** 0.5 * m / (root_v + mine)
        same_number(by_keras, by_torch, name=f"the step with {name}")


@grader("6.2-e", "Keras's outputs for every size and stride")
def same_conv(answer):
    generator = torch.Generator().manual_seed(0)
    for H, W, K, stride in [(8, 8, 3, 1), (8, 8, 3, 2), (7, 9, 3, 2), (10, 6, 5, 3), (6, 6, 1, 2)]:
        x = torch.randn(2, 3, H, W, generator=generator)
        weight = torch.randn(4, 3, K, K, generator=generator)
        sides = []
        for n in (W, H):
            total = max((-(-n // stride) - 1) * stride + K - n, 0)
            sides += [total // 2, total - total // 2]
        right = F.conv2d(F.pad(x, sides), weight, stride=stride)
        name = f"the output for {H}×{W} pixels, kernel {K}, stride {stride}"
        same_tensor(answer(x, weight, stride), right, rtol=1e-4, atol=1e-4, name=name)
