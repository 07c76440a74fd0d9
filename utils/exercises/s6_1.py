"""Graders of chapter 6.1, PyTorch."""

import torch
from torch.autograd.graph import saved_tensors_hooks

from utils.exercises import expect, grader, same_number, same_tensor


@grader("6.1-a", "to the byte, for every size")
def bytes_kept(answer):
    for B, size in [(64, 8), (1, 4), (10, 28), (3, 12)]:
        pixels = size * size
        maps = 4 * (1 + 32 + 32 // 4 + 64 // 4 + 64 // 16) + 8 * (32 // 4 + 64 // 16)
        right = B * (maps * pixels + 4 * 128 + 4 * 10 + 8) + 4
        same_number(answer(B, size), right, rtol=0, name=f"bytes of {B} images of {size}×{size}")


@grader("6.1-b", "three products for each layer, and the table's three")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "two numbers are asked for: calls of addmm and calls of mm",
    )
    layers = 4 * 12
    same_number(answer[0], layers, name="the number of addmm")
    same_number(answer[1], 2 * layers + 3, name="the number of mm")


@grader("6.1-c", "right, and it keeps one tensor")
def frugal_activation(answer):
    generator = torch.Generator().manual_seed(0)
    for shape in [(7,), (3, 5)]:
        x = torch.randn(shape, generator=generator, dtype=torch.float64)
        upstream = torch.randn(shape, generator=generator, dtype=torch.float64)
        mine, right = _value_and_slope(answer, x, upstream), _value_and_slope(_plain, x, upstream)
        same_tensor(mine[0], right[0], name="the value")
        expect(mine[1] is not None, "no gradient reaches x")
        same_tensor(mine[1], right[1], name="the gradient")
        expect(
            mine[2] <= 8 * x.numel(),
            f"{mine[2]} bytes are kept for {x.numel()} numbers of eight bytes: one tensor is "
            "enough",
        )


def _plain(x):
    return x * x.tanh()


def _value_and_slope(function, x, upstream):
    """Value, gradient (or None), and the bytes kept between, storage counted once."""
    stored = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        stored[storage.data_ptr()] = storage.nbytes()
        return tensor

    # the grader's tensor must be the leaf itself: the care of `attempt` would copy it
    function = getattr(function, "function", function)
    leaf = x.clone().requires_grad_()
    with saved_tensors_hooks(note, lambda tensor: tensor):
        value = function(leaf)
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        return value, None, 0
    (slope,) = torch.autograd.grad((value * upstream).sum(), leaf, allow_unused=True)
    return value.detach(), slope, sum(stored.values())


@grader("6.1-d", "no example is longer than the limit")
def clipped_mean(answer):
    generator = torch.Generator().manual_seed(0)
    for B, limit in [(5, 1.0), (4, 2.5), (3, 100.0)]:
        each = {
            "weight": torch.randn(B, 3, 2, generator=generator),
            "bias": torch.randn(B, 3, generator=generator),
        }
        each["weight"][0] *= 0.01  # one example that is short already
        each["bias"][0] *= 0.01
        flat = torch.cat([g.flatten(1) for g in each.values()], 1)
        factors = (limit / flat.norm(dim=1)).clamp(max=1)
        got = answer(each, limit)
        expect(
            isinstance(got, dict) and set(got) == set(each), "a mean is asked for under each name"
        )
        for name, g in each.items():
            right = (factors.view(-1, *[1] * (g.dim() - 1)) * g).mean(0)
            same_tensor(got[name], right, rtol=1e-4, atol=1e-6, name=f"{name}, limit {limit:g}")


@grader("6.1-e", "noise over signal")
def noise_scale(answer):
    generator = torch.Generator().manual_seed(0)
    for n, N, shift in [(8, 5, 1.0), (50, 3, 0.1), (2, 4, 3.0)]:
        G = torch.randn(n, N, generator=generator) + shift
        trace = G.var(0, correction=0).sum()
        right = (trace / G.mean(0).square().sum()).item()
        same_number(answer(G), right, rtol=1e-4, name=f"the scale of {n} gradients of {N} numbers")
