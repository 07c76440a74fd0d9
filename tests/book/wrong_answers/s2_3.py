"""Answers to the exercises of chapter 2.3."""

import math

import torch


def recurrent(x, U, W, b, h_0):
    states = []
    for x_t in x:
        h_0 = torch.tanh(x_t @ U + h_0 @ W + b)
        states.append(h_0)
    return torch.stack(states)


def without_bias(x, U, W, b, h_0):
    return recurrent(x, U, W, 0 * b, h_0)


def from_zero(x, U, W, b, h_0):
    return recurrent(x, U, W, b, 0 * h_0)


def linear(x, U, W, b, h_0):
    states = []
    for x_t in x:
        h_0 = x_t @ U + h_0 @ W + b
        states.append(h_0)
    return torch.stack(states)


def no_memory(x, U, W, b, h_0):
    return torch.tanh(x @ U + h_0 @ W + b)


def steps_until(factor, share):
    steps, left = 0, 1.0
    while left >= share:
        steps, left = steps + 1, left * factor
    return steps


def rescaled(W, radius):
    return radius * W / torch.linalg.eigvals(W).abs().max()


def set_gate(gru, gate, part=1, value=None, other=0.0, keep=False):
    n, value = gru.hidden_size, math.log(gate / (1 - gate)) if value is None else value
    with torch.no_grad():
        gru.bias_ih_l0[part * n : (part + 1) * n] = value
        if not keep:
            gru.bias_hh_l0[part * n : (part + 1) * n] = other
    return gru


def all_gates(gru, gate):
    torch.nn.init.constant_(gru.bias_ih_l0, math.log(gate / (1 - gate)))
    torch.nn.init.zeros_(gru.bias_hh_l0)
    return gru


RIGHT = {
    "2.3-a": (4.25, 0.25, 3.0),
    "2.3-b": steps_until,
    "2.3-c": recurrent,
    "2.3-d": rescaled,
    "2.3-e": set_gate,
}

WRONG = {
    "2.3-a": [
        ("a step too few", (4.25, 0.5, 3.0)),
        ("the weight's path through h_2 alone", (4.25, 0.25, 2.5)),
        ("the sum of the inputs", (6.0, 0.25, 3.0)),
        ("one number", 4.25),
    ],
    "2.3-b": [
        (
            "rounded up where a power is the share",
            lambda f, s: math.ceil(math.log(s) / math.log(f)),
        ),
        ("rounded down", lambda f, s: math.floor(math.log(s) / math.log(f))),
        ("a float", lambda f, s: math.log(s) / math.log(f)),
        ("one too many", lambda f, s: steps_until(f, s) + 1),
    ],
    "2.3-c": [
        ("the bias forgotten", without_bias),
        ("from zero", from_zero),
        ("no tanh", linear),
        ("no memory", no_memory),
        ("the last state alone", lambda *args: recurrent(*args)[-1]),
    ],
    "2.3-d": [
        ("by the largest singular value", lambda W, r: W * r / torch.linalg.matrix_norm(W, 2)),
        ("by the largest real part", lambda W, r: W * r / torch.linalg.eigvals(W).real.max()),
        ("the radius forgotten", lambda W, r: W / torch.linalg.eigvals(W).abs().max()),
        ("by the norm of all entries", lambda W, r: W * r / W.norm()),
    ],
    "2.3-e": [
        ("the reset gate", lambda gru, gate: set_gate(gru, gate, part=0)),
        ("the candidate", lambda gru, gate: set_gate(gru, gate, part=2)),
        ("the gate itself for its logit", lambda gru, gate: set_gate(gru, gate, value=gate)),
        ("the other bias left", lambda gru, gate: set_gate(gru, gate, keep=True)),
        ("everything", all_gates),
        ("one minus the gate", lambda gru, gate: set_gate(gru, 1 - gate)),
    ],
}
