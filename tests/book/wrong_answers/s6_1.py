"""Answers to the exercises of chapter 6.1."""

import torch


class FromInput(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.tanh()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return (x.tanh() + x * (1 - x.tanh() ** 2)) * g


class KeepsBoth(FromInput):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x, x.tanh())
        return x * x.tanh()

    @staticmethod
    def backward(ctx, g):
        x, t = ctx.saved_tensors
        return (t + x * (1 - t**2)) * g


class ForgetsUpstream(FromInput):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return x.tanh() + x * (1 - x.tanh() ** 2)


class OnlyTheFirstTerm(FromInput):
    @staticmethod
    def backward(ctx, g):
        return ctx.saved_tensors[0].tanh() * g


def clipped(each, limit, whole=True, cap=True, mean=True):
    squares = {n: (g**2).flatten(1).sum(1) for n, g in each.items()}
    total = sum(squares.values())
    out = {}
    for name, g in each.items():
        factors = limit / (total if whole else squares[name]).sqrt()
        factors = factors.clamp(max=1) if cap else factors
        scaled = factors.view(-1, *[1] * (g.dim() - 1)) * g
        out[name] = scaled.mean(0) if mean else scaled.sum(0)
    return out


def clip_the_mean(each, limit):
    means = {n: g.mean(0) for n, g in each.items()}
    length = sum((g**2).sum() for g in means.values()).sqrt()
    return {n: g * min(1.0, float(limit / length)) for n, g in means.items()}


def scale(G):
    g = G.mean(0)
    return float(((G - g) ** 2).sum(1).mean() / (g @ g))


RIGHT = {
    "6.1-a": lambda B, size: B * (340 * size**2 + 560) + 4,
    "6.1-b": (48, 99),
    "6.1-c": FromInput.apply,
    "6.1-d": clipped,
    "6.1-e": scale,
}

WRONG = {
    "6.1-a": [
        ("places of four bytes", lambda B, size: B * (292 * size**2 + 560) + 4),
        ("the side for the pixels", lambda B, size: B * (340 * size + 560) + 4),
        ("the frugal network", lambda B, size: B * (64 * size**2 + 560) + 4),
        ("the count of examples for each image", lambda B, size: B * (340 * size**2 + 564)),
    ],
    "6.1-b": [
        ("no product of the table", (48, 96)),
        ("all products", (48, 147)),
        ("the other way round", (99, 48)),
        ("only the total", 147),
    ],
    "6.1-c": [
        ("as it is written", lambda x: x * x.tanh()),
        ("keeps both factors", lambda x: KeepsBoth.apply(x)),
        ("forgets what comes from above", lambda x: ForgetsUpstream.apply(x)),
        ("no product rule", lambda x: OnlyTheFirstTerm.apply(x)),
        ("no gradient", lambda x: (x * x.tanh()).detach()),
        ("another function", torch.tanh),
    ],
    "6.1-d": [
        ("each tensor alone", lambda each, limit: clipped(each, limit, whole=False)),
        ("short ones lengthened", lambda each, limit: clipped(each, limit, cap=False)),
        ("the sum", lambda each, limit: clipped(each, limit, mean=False)),
        ("the mean is shortened", clip_the_mean),
    ],
    "6.1-e": [
        ("upside down", lambda G: 1 / scale(G)),
        ("divided by n − 1", lambda G: scale(G) * len(G) / (len(G) - 1)),
        ("lengths, not squares", lambda G: scale(G) ** 0.5),
        ("no mean subtracted", lambda G: scale(G) + 1),
    ],
}
