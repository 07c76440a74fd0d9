"""Graders of chapter 3.5, Recurrence through time."""

import math

import torch
from torch import nn

from utils.exercises import expect, grader, same_number, same_tensor


@grader("3.5-a", "both gradients, and what is left of one without the past")
def by_hand(answer):
    expect(isinstance(answer, tuple) and len(answer) == 3, "three numbers are asked for")
    w, u = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.5, 1.0))
    h = torch.zeros((), dtype=torch.float64)
    for x in (1.0, 2.0, 3.0):
        before, h = h, w * h + u * x
    right = [g.item() for g in torch.autograd.grad(h, (w, u))] + [before.item()]
    names = "the gradient of w", "the gradient of u", "the gradient of w in a window of one"
    for given, value, name in zip(answer, right, names):
        same_number(given, value, name=name)


@grader("3.5-b", "as many as PyTorch's, for every size tried")
def n_parameters(answer):
    kinds = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}
    for name, kind in kinds.items():
        for C, H, layers in ((3, 5, 1), (7, 2, 1), (4, 6, 2), (6, 4, 3)):
            layer = kind(C, H, layers, device="meta")
            right = sum(p.numel() for p in layer.parameters())
            same_number(answer(name, C, H, layers), right, name="the number of parameters")


@grader("3.5-c", "with this bias the gate keeps what is asked for")
def forget_bias(answer):
    for n, share in ((1, 0.5), (100, 1 / math.e), (20, 0.9), (1000, 0.01)):
        bias = answer(n, share)
        same_number(bias, float(torch.logit(torch.tensor(share ** (1 / n)).double())), name="it")


@grader("3.5-d", "autograd's four gradients")
def cell_pull(answer):
    generator = torch.Generator().manual_seed(0)
    for shape in ((3, 4), (5,)):
        tensors = torch.randn(5, *shape, generator=generator, dtype=torch.float64)
        G, *leaves = tensors
        leaves = [leaf.clone().requires_grad_() for leaf in leaves]
        c, i, f, g = leaves
        new = f.sigmoid() * c + i.sigmoid() * g.tanh()
        right = torch.autograd.grad(new, leaves, G)
        given = answer(G, *(leaf.detach() for leaf in leaves))
        expect(isinstance(given, (tuple, list)) and len(given) == 4, "four gradients are asked for")
        for one, value, name in zip(given, right, "cifg"):
            same_tensor(one, value, name=f"the gradient for {name}")


@grader("3.5-e", "no other length of the pieces needs fewer states, for 60 values of T")
def best_piece(answer):
    for T in (*range(1, 51), 64, 99, 100, 101, 128, 144, 200, 500, 999, 1000):
        k = answer(T)
        same_kind = isinstance(k, int) and not isinstance(k, bool)
        expect(same_kind, f"a whole number is asked for, not {k!r:.30}")
        expect(1 <= k <= T, f"pieces of {k} steps do not fit a sequence of {T}")
        least = min(math.ceil(T / one) + one for one in range(1, T + 1))
        more = math.ceil(T / k) + k - least
        expect(more == 0, f"for T = {T} pieces of {k} steps need {more} more states than necessary")
