"""Graders of chapter 3.2.1, Convolution."""

from unittest import mock

import torch
import torch.nn.functional as F

from utils.exercises import expect, grader, refuses, same_number, same_tensor


@grader("3.2.1-a", "PyTorch's output keeps its size under your padding, and odd spans are refused")
def same_padding(answer):
    for kernel, dilation in [(3, 1), (1, 1), (5, 1), (3, 2), (7, 3), (2, 2), (4, 2)]:
        padding = answer(kernel, dilation)
        expect(hasattr(padding, "__index__"), f"the padding is no whole number but {padding!r}")
        expect(padding >= 0, "the padding is negative")
        line = torch.empty(1, 1, 40, device="meta")
        taps = torch.empty(1, 1, kernel, device="meta")
        size = F.conv1d(line, taps, padding=padding, dilation=dilation).shape[-1]
        longer = "longer" if size > 40 else "shorter"
        expect(size == 40, f"with this padding the output is {abs(size - 40)} {longer}")
    for kernel, dilation in [(2, 1), (4, 1), (2, 3)]:
        refuses(answer, ValueError, kernel, dilation)


@grader("3.2.1-b", "both entries, with and without the flip")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "two numbers are asked for, first the correlation, then the convolution",
    )
    image = torch.tensor([[2.0, 1, 0], [1, 3, 1], [0, 2, 4]])
    kernel = torch.tensor([[1.0, -1], [0, 2]])
    names = "the document's C(1, 0)", "the flipped convolution's C(1, 0)"
    for number, taps, name in zip(answer, (kernel, kernel.flip(0, 1)), names):
        same_number(
            number, float(F.conv2d(image[None, None], taps[None, None])[0, 0, 1, 0]), name=name
        )


@grader("3.2.1-c", "the picture moves right and down by one pixel")
def shift_kernel(answer):
    expect(isinstance(answer, torch.Tensor), f"a tensor is asked for, not {type(answer).__name__}")
    expect(tuple(answer.shape) == (3, 3), f"the kernel has shape {tuple(answer.shape)}, not (3, 3)")
    picture = torch.arange(1.0, 31).view(1, 1, 5, 6)
    moved = F.conv2d(picture, answer.to(picture.dtype)[None, None], padding=1)
    right = F.pad(picture, (1, 0, 1, 0))[..., :5, :6]
    left = F.pad(picture, (0, 1, 0, 1))[..., 1:, 1:]
    expect(not torch.equal(moved, left), "the picture moves to the left and up")
    same_tensor(moved, right, name="the moved picture")


@grader("3.2.1-d", "the dilated kernel does what dilation does")
def dilate(answer):
    generator = torch.Generator().manual_seed(0)
    for (M, N), dilation in [((3, 3), 1), ((3, 3), 2), ((2, 3), 3), ((1, 4), 2)]:
        kernel = torch.randn(M, N, generator=generator, dtype=torch.float64)
        large = answer(kernel, dilation)
        right = torch.zeros(dilation * (M - 1) + 1, dilation * (N - 1) + 1, dtype=torch.float64)
        right[::dilation, ::dilation] = kernel
        same_tensor(large, right, name="the dilated kernel")


@grader("3.2.1-e", "your single call gives autograd's gradient")
def image_gradient(answer):
    generator = torch.Generator().manual_seed(0)
    for (n_x, n_y), (M, N) in [((6, 7), (3, 2)), ((5, 5), (1, 1)), ((4, 9), (4, 3))]:
        image = torch.randn(n_x, n_y, generator=generator, dtype=torch.float64, requires_grad=True)
        kernel = torch.randn(M, N, generator=generator, dtype=torch.float64)
        output = F.conv2d(image[None, None], kernel[None, None])[0, 0]
        delta = torch.randn(output.shape, generator=generator, dtype=torch.float64)
        (right,) = torch.autograd.grad(output, image, delta)
        with mock.patch.object(F, "conv2d", wraps=F.conv2d) as call:
            got = answer(delta, kernel)
        same_tensor(got, right, name="the gradient")
        calls = call.call_count
        expect(calls == 1, f"`F.conv2d` was called {calls} times, and one call is asked for")
