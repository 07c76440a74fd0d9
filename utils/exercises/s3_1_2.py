"""Graders of chapter 3.1.2, Backpropagation."""

import itertools
import random

import torch
from torch import nn

from utils import measure
from utils.exercises import expect, grader, same_number, same_tensor


@grader("3.1.2-a", "δ and both gradients, as autograd finds them")
def by_hand(answer):
    expect(
        isinstance(answer, tuple) and len(answer) == 3,
        "three lists are asked for: δ, the gradient of W, and the gradient of x",
    )
    W = torch.tensor([[1.0, -2], [3, 1]], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([1.0, 2], dtype=torch.float64, requires_grad=True)
    z = W @ x
    wanted = torch.autograd.grad(z.relu(), (z, W, x), torch.tensor([2.0, 5], dtype=torch.float64))
    for given, right, name in zip(answer, wanted, ("δ", "the gradient of W", "the gradient of x")):
        same_tensor(_as_tensor(given, name), right, name=name)


@grader("3.1.2-b", "the same count as PyTorch's, for every network tried")
def operations(answer):
    for widths, B in [((5, 3), 1), ((64, 32, 10), 64), ((7, 2, 9, 4, 1), 3), ((20,) * 5, 10)]:
        layers = [nn.Linear(m, n, device="meta") for m, n in itertools.pairwise(widths)]
        batch = torch.empty(B, widths[0], device="meta")
        right = measure.flops(nn.Sequential(*layers), batch, backward=True)
        same_number(answer(widths, B), right, name="the number of operations")


@grader("3.1.2-c", "your pull is autograd's, row by row")
def softmax_pull(answer):
    generator = torch.Generator().manual_seed(0)
    for B, C in [(1, 3), (4, 2), (5, 5), (3, 7)]:
        Z = torch.randn(B, C, generator=generator, dtype=torch.float64, requires_grad=True)
        P = Z.softmax(1)
        G = torch.randn(B, C, generator=generator, dtype=torch.float64)
        (right,) = torch.autograd.grad(P, Z, G)
        same_tensor(answer(G, P.detach()), right, name="the gradient")


@grader("3.1.2-d", "the running sum, run backwards, is autograd's gradient")
def cumsum_pull(answer):
    generator = torch.Generator().manual_seed(0)
    for B, T in [(1, 4), (3, 3), (4, 6), (2, 1)]:
        v = torch.randn(B, T, generator=generator, dtype=torch.float64, requires_grad=True)
        G = torch.randn(B, T, generator=generator, dtype=torch.float64)
        (right,) = torch.autograd.grad(v.cumsum(1), v, G)
        same_tensor(answer(G), right, name="the gradient")


@grader("3.1.2-e", "every node comes once, and after all that use it, in 30 graphs")
def backward_order(answer):
    diamond = {"x": [], "u": ["x"], "v": ["u"], "loss": ["u", "v", "x"], "other": ["v"]}
    graphs = [(diamond, "loss"), ({"x": [], "xx": ["x", "x"]}, "xx"), ({"x": []}, "x")]
    generator = random.Random(0)
    graphs += [_random_graph(generator) for _ in range(27)]
    for sources, output in graphs:
        _check_order(answer(sources, output), sources, output)


def _as_tensor(given: object, name: str) -> torch.Tensor:
    try:
        return torch.as_tensor(given, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        expect(False, f"{name} is no list of numbers, or its rows are of unequal length")
        raise


def _random_graph(generator: random.Random) -> tuple[dict[str, list[str]], str]:
    """Up to twelve nodes, named and listed in an order that says nothing about the graph."""
    names = generator.sample("abcdefghijkl", generator.randint(4, 12))
    made = {
        name: generator.choices(names[:i], k=generator.randint(1, 3)) if i > 1 else []
        for i, name in enumerate(names)
    }
    return {name: made[name] for name in sorted(made)}, generator.choice(names[-3:])


def _check_order(order: object, sources: dict[str, list[str]], output: str) -> None:
    expect(isinstance(order, (list, tuple)), f"a list is asked for, not {type(order).__name__}")
    needed, todo = {output}, [output]
    while todo:
        new = set(sources[todo.pop()]) - needed
        needed |= new
        todo += new
    expect(len(set(order)) == len(order), "a node stands in the list twice")
    expect(set(order) <= needed, "a node is visited from which the output was not computed")
    expect(set(order) == needed, "a node from which the output was computed is missing")
    place = {node: i for i, node in enumerate(order)}
    for node in order:
        for source in sources[node]:
            expect(
                place[node] < place[source],
                f"{source} is visited before {node}, which was computed from it",
            )
