"""Graders of chapter 3.1.1, Forward propagation."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from utils.exercises import expect, grader, same_number, same_shape, same_tensor


@grader("3.1.1-a", "as many weights and biases as PyTorch's own layers have")
def weights_and_biases(answer):
    for widths in [[3, 4, 2], [5, 7], [2, 1, 6, 1, 3], [64, 128, 128, 10]]:
        counts = answer(widths)
        expect(
            isinstance(counts, (tuple, list)) and len(counts) == 2,
            "two counts are asked for, of the weights and of the biases",
        )
        layers = [nn.Linear(*pair, device="meta") for pair in pairwise(widths)]
        n_weights = sum(layer.weight.numel() for layer in layers)
        n_biases = sum(layer.bias.numel() for layer in layers)
        same_number(counts[0], n_weights, name="the number of weights")
        same_number(counts[1], n_biases, name="the number of biases")


@grader("3.1.1-b", "both outputs, with and without ReLU")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, first with ReLU, then without",
    )
    W_1, b_1 = torch.tensor([[1.0, 0], [-1, 2]]), torch.tensor([0.0, -1])
    W_2, b_2 = torch.tensor([2.0, -1]), 1.0
    z = torch.tensor([1.0, 2]) @ W_1 + b_1
    same_number(answer[0], float(F.relu(z) @ W_2 + b_2), name="the output with ReLU")
    same_number(answer[1], float(z @ W_2 + b_2), name="the output without ReLU")


@grader("3.1.1-c", "your one layer does what all the layers did")
def collapse(answer):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    for widths in [(3, 2), (3, 5, 2), (4, 4, 4), (2, 6, 1, 3), (3, 3, 3, 3, 3)]:
        layers = [(draw(*pair), draw(pair[1])) for pair in pairwise(widths)]
        pair = answer(layers)
        expect(
            isinstance(pair, (tuple, list)) and len(pair) == 2,
            "a pair is asked for, the weights and the bias",
        )
        same_shape(pair[0], (widths[0], widths[-1]), name="W")
        same_shape(pair[1], (widths[-1],), name="b")
        at_zero = torch.zeros(widths[0], dtype=torch.float64)
        at_units = torch.eye(widths[0], dtype=torch.float64)
        for W, b in layers:  # the affine map is known from its values at zero and at the unit rows
            at_zero, at_units = at_zero @ W + b, at_units @ W + b
        same_tensor(pair[0], at_units - at_zero, rtol=1e-9, name="W")
        same_tensor(pair[1], at_zero, rtol=1e-9, name="b")


@grader("3.1.1-d", "a leaky layer keeps the mean square of its signal")
def leaky_variance(answer):
    u = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    density = torch.exp(-u.square() / 2)
    for C_in, a in [(256, 0.0), (256, 0.01), (100, 0.5), (64, 1.0), (9, 2.0)]:
        variance = answer(C_in, a)
        kept = float((F.leaky_relu(u, a).square() * density).sum() / density.sum())
        same_number(variance, 1 / (C_in * kept), rtol=1e-4, name="the variance")


@grader("3.1.1-e", "the larger of the two, everywhere it was tried")
def larger_of_two(answer):
    parts = answer()
    expect(
        isinstance(parts, (tuple, list)) and len(parts) == 4,
        "four tensors are asked for: W_1, b_1, W_2, b_2",
    )
    names = "W_1", "b_1", "W_2", "b_2"
    for part, name in zip(parts, names):
        expect(isinstance(part, torch.Tensor), f"{name} is no tensor but a {type(part).__name__}")
    W_1, b_1, W_2, b_2 = (part.detach().double() for part in parts)
    expect(W_1.ndim == 2 and len(W_1) == 2, f"W_1 has shape {tuple(W_1.shape)}, not (2, n)")
    for part, right, name in zip(
        (b_1, W_2, b_2), ((W_1.shape[1],), (W_1.shape[1], 1), (1,)), names[1:]
    ):
        same_shape(part, right, name=name)
    side = torch.tensor([-30.0, -2.5, -1, -0.25, 0, 0.5, 1, 3, 40]).double()
    x = torch.cartesian_prod(side, side)  # (81, 2)
    y = (F.relu(x @ W_1 + b_1) @ W_2 + b_2)[:, 0]
    wrong = ~torch.isclose(y, x.amax(1), rtol=1e-6, atol=1e-6)
    if wrong.any():
        first = x[wrong][0].tolist()
        expect(False, f"for x = ({first[0]:g}, {first[1]:g}) it gives {y[wrong][0].item():g}")
