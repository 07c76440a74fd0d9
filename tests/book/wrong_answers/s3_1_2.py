"""Answers to the exercises of chapter 3.1.2."""

import itertools


def operations(widths, B):
    products = [2 * B * m * n for m, n in itertools.pairwise(widths)]
    return 3 * sum(products) - products[0]


def softmax_pull(G, P):
    return P * (G - (G * P).sum(1, keepdim=True))


def cumsum_pull(G):
    return G.flip(1).cumsum(1).flip(1)


def backward_order(sources, output):
    """Kahn's way: visit a node as soon as nothing that uses it is left."""
    needed = reached(sources, output)
    users = {node: sum(sources[n].count(node) for n in needed) for node in needed}
    order, ready = [], [output]
    while ready:
        node = ready.pop()
        order.append(node)
        for source in sources[node]:
            users[source] -= 1
            if users[source] == 0:
                ready.append(source)
    return order


def reached(sources, output):
    """Depth first: a node as soon as it is met."""
    order, todo = [], [output]
    while todo:
        node = todo.pop()
        if node not in order:
            order.append(node)
            todo += sources[node]
    return order


def breadth_first(sources, output):
    order = [output]
    for node in order:
        order += [one for one in dict.fromkeys(sources[node]) if one not in order]
    return order


def every_path(sources, output):
    order = [output]
    for source in sources[output]:
        order += every_path(sources, source)
    return order


RIGHT = {
    "3.1.2-a": ([0, 5], [[0, 0], [5, 10]], [15, 5]),
    "3.1.2-b": operations,
    "3.1.2-c": softmax_pull,
    "3.1.2-d": cumsum_pull,
    "3.1.2-e": backward_order,
}

WRONG = {
    "3.1.2-a": [
        ("the slope of ReLU forgotten", ([2, 5], [[2, 4], [5, 10]], [17, 1])),
        ("f(z) for f'(z)", ([0, 25], [[0, 0], [25, 50]], [75, 25])),
        ("W for its transpose", ([0, 5], [[0, 0], [5, 10]], [-10, 5])),
        ("x δᵀ for δ xᵀ", ([0, 5], [[0, 5], [0, 10]], [15, 5])),
        ("a number for a list", (5, [[0, 0], [5, 10]], [15, 5])),
        ("words", ("δ", "W", "x")),
    ],
    "3.1.2-b": [
        (
            "a gradient for the data too",
            lambda widths, B: 3 * sum(2 * B * m * n for m, n in itertools.pairwise(widths)),
        ),
        ("one for a multiply-add", lambda widths, B: operations(widths, B) // 2),
        ("one example", lambda widths, B: operations(widths, 1)),
        ("the backward pass alone", lambda widths, B: operations(widths, B) * 2 // 3),
        ("a float", lambda widths, B: float(operations(widths, B))),
    ],
    "3.1.2-c": [
        ("its slope as if entry by entry", lambda G, P: G * P * (1 - P)),
        ("the second term forgotten", lambda G, P: G * P),
        ("summed over the batch", lambda G, P: P * (G - (G * P).sum(0, keepdim=True))),
        ("P - G, the one of cross-entropy", lambda G, P: P - G),
    ],
    "3.1.2-d": [
        ("not reversed", lambda G: G.cumsum(1)),
        ("not turned back", lambda G: G.flip(1).cumsum(1)),
        ("along the batch", lambda G: G.flip(0).cumsum(0).flip(0)),
        ("all sums alike", lambda G: G.sum(1, keepdim=True).expand_as(G)),
    ],
    "3.1.2-e": [
        ("depth first, as met", reached),
        ("breadth first", breadth_first),
        ("along every path", every_path),
        ("leaves first", lambda sources, output: backward_order(sources, output)[::-1]),
        ("everything there is", lambda sources, output: list(sources)),
        ("the output forgotten", lambda sources, output: backward_order(sources, output)[1:]),
    ],
}
