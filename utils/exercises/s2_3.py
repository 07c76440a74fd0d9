"""Graders of chapter 2.3, Recurrent networks."""

import torch
from torch import nn

from utils.exercises import expect, grader, same_number, same_tensor


@grader("2.3-a", "the last state and both derivatives")
def by_hand(answer):
    expect(isinstance(answer, tuple) and len(answer) == 3, "three numbers are asked for")
    x = torch.tensor([1.0, 2, 3], dtype=torch.float64, requires_grad=True)
    w = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    h = torch.zeros((), dtype=torch.float64)
    for x_t in x:
        h = x_t + w * h
    by_x, by_w = torch.autograd.grad(h, (x, w))
    names = "h_3", "the derivative by x_1", "the derivative by the weight"
    for given, right, name in zip(answer, (h.item(), by_x[0].item(), by_w.item()), names):
        same_number(given, right, name=name)


@grader("2.3-b", "the first step after which less is left")
def steps_until(answer):
    for factor, share in [
        (0.5, 0.3),
        (0.5, 0.25),
        (0.9, 0.001),
        (0.99, 0.5),
        (0.25, 0.9),
        (0.5, 1),
    ]:
        steps = 0
        while factor**steps >= share:
            steps += 1
        same_number(answer(factor, share), steps, name="the number of steps")


@grader("2.3-c", "the same states as nn.RNN's, for every shape tried")
def recurrent(answer):
    generator = torch.Generator().manual_seed(0)
    for T, C_in, C in [(1, 3, 2), (5, 4, 4), (7, 2, 5)]:
        rnn = nn.RNN(C_in, C).double()
        x, h_0 = (
            torch.randn(shape, generator=generator, dtype=torch.float64)
            for shape in ((T, C_in), (C,))
        )
        with torch.no_grad():
            for p in rnn.parameters():
                p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
            right = rnn(x, h_0[None])[0]
        weights = rnn.weight_ih_l0.detach().T, rnn.weight_hh_l0.detach().T
        b = (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach()
        same_tensor(answer(x, *weights, b, h_0), right, name="the states")


@grader("2.3-d", "the spectral radius is as asked, and the directions are as before")
def rescaled(answer):
    generator = torch.Generator().manual_seed(0)
    turn = torch.tensor([[0.0, -2], [2, 0]], dtype=torch.float64)
    negative = torch.tensor([[-3.0, 1], [0, 1]], dtype=torch.float64)
    others = [torch.randn(n, n, generator=generator, dtype=torch.float64) for n in (3, 6)]
    for W, radius in zip((turn, negative, *others), (1.0, 0.9, 1.2, 0.5)):
        right = W * (radius / torch.linalg.eigvals(W).abs().max())
        same_tensor(answer(W, radius), right, name="the matrix")


@grader("2.3-e", "every update gate starts where it should, and nothing else has moved")
def open_update_gate(answer):
    for size, gate in [(3, 0.9), (5, 0.5), (4, 0.02)]:
        torch.manual_seed(size)
        gru = nn.GRU(2, size).double()
        before = {name: p.detach().clone() for name, p in gru.named_parameters()}
        found = answer(gru, gate)
        expect(isinstance(found, nn.GRU), f"the layer is asked for, not {type(found).__name__}")
        after = dict(found.named_parameters())
        for name in ("weight_ih_l0", "weight_hh_l0"):
            expect(torch.equal(after[name], before[name]), "weights have changed")
        update = slice(size, 2 * size)
        for name in ("bias_ih_l0", "bias_hh_l0"):
            others = torch.ones(3 * size, dtype=torch.bool)
            others[update] = False
            same = torch.equal(after[name][others], before[name][others])
            expect(same, "the biases of the reset gate or of the candidate have changed")
        gates = torch.sigmoid((after["bias_ih_l0"] + after["bias_hh_l0"])[update]).detach()
        same_tensor(gates, torch.full_like(gates, gate), name="the update gates")
