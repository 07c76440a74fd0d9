"""Faster decoding: several tokens drafted, and checked by a language model in one pass.

Holds the rule that accepts and replaces (`verify`), the loop around it (`speculate`), networks with
a cache that can go back (`Reader`), and drafts that are no network. All of it draws by a function
`choose`, so that the very code that writes can be followed along every path it may take, in
fractions (`all_paths`). Leaves out training and scoring (`language`).

Explained in: 7.2.4
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor, nn

from utils.text import NGram

Choose = Callable[[Sequence], int]
"""From weights (n,), from 0 and not all 0, to an index: the one place where anything is drawn."""

Guess = Callable[[Sequence[int]], np.ndarray | None]
"""From a row of ids to the next one's probabilities (V,), or None where there is no guess."""


def verify(p: Sequence, q: Sequence, draft: Sequence[int], choose: Choose) -> list[int]:
    """The tokens of a draft that are accepted, and one more of the target's own.

    Shapes:
        k ids drawn from q (k, V), and the target's p (k + 1, V) -> 1 to k + 1 ids.

    Source: Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding",
        algorithm 1.
    Explained in: 7.2.4
    """
    for i, x in enumerate(draft):
        kept = min(p[i][x], q[i][x])
        if not choose([q[i][x] - kept, kept]):
            return [*draft[:i], choose(np.maximum(p[i] - q[i], 0))]
    return [*draft, choose(p[len(draft)])]


def speculate(
    target: Callable[[Sequence[int], int], Sequence],
    guess: Guess,
    row: Sequence[int],
    n: int,
    k: int,
    choose: Choose,
    rule: Callable = verify,
) -> list[int]:
    """The row and n more tokens of the target's, with up to k guessed for each of its passes.

    `target(row, m)` gives the probabilities (m, V) after each of the last m ids of a row. With
    k = 0 nothing is guessed. Another `rule` than `verify` may write something else than the target.

    Raises:
        ValueError: an empty row, or a negative n or k.

    Source: Leviathan et al. 2023; Chen et al. 2023.
    Explained in: 7.2.4
    """
    if len(row) < 1 or n < 0 or k < 0:
        raise ValueError(f"A row of ids, n and k from 0 are needed; not {len(row)}, {n} and {k}.")
    row, end = list(row), len(row) + n
    while len(row) < end:
        draft, q = [], []
        while len(draft) < min(k, end - len(row) - 1):
            probs = guess(row + draft)
            if probs is None:
                break
            q.append(probs)
            draft.append(choose(probs))
        row += rule(target(row + draft, len(draft) + 1), q, draft, choose)
    return row


def chooser(seed: int) -> Choose:
    """A `choose` that draws in proportion to the weights, from a generator of its own.

    Explained in: 7.2.4
    """
    rng = np.random.default_rng(seed)

    def choose(weights: Sequence) -> int:
        edges = np.cumsum(np.asarray(weights, float))
        return int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))

    return choose


def all_paths(program: Callable[[Choose], object]) -> Iterator[tuple[object, Fraction]]:
    """What a program that draws by `choose` returns, once for every way the draws may fall.

    Each comes with its probability, and these sum to 1; draws of weight 0 are not followed.
    The program must do the same whenever the same is drawn.

    Explained in: 7.2.4
    """
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        path = _Path(waiting.pop(), waiting)
        yield program(path), path.weight


class _Path:
    """A `choose` that draws by a script, then the first possible, and notes the others."""

    def __init__(self, script: tuple[int, ...], waiting: list[tuple[int, ...]]):
        self.script, self.waiting = script, waiting
        self.drawn: tuple[int, ...] = ()
        self.weight = Fraction(1)

    def __call__(self, weights: Sequence) -> int:
        at, possible = len(self.drawn), [n for n, one in enumerate(weights) if one]
        if at < len(self.script):
            n = self.script[at]
        else:
            n = possible[0]
            self.waiting += [(*self.drawn, other) for other in possible[1:]]
        self.drawn += (n,)
        self.weight *= Fraction(weights[n]) / Fraction(sum(weights))
        return n


def drop_last(cache: list, n: int) -> None:
    """Take the last n tokens out of the cache of a `GPT` or a `CopyingGPT`, as if never read.

    Raises:
        ValueError: if the cache does not reach so far back.

    Explained in: 7.2.4
    """
    for block in cache if n else ():
        items = block.items() if isinstance(block, dict) else enumerate(block)
        for name, value in list(items):
            if value.shape[-2] <= n:
                raise ValueError(f"This cache cannot go back {n} tokens: {name} is too short.")
            block[name] = value[..., :-n, :]


def to_probs(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Probabilities of the next token, in float64; at temperature 0 all on the likeliest.

    Shapes:
        (..., V) -> (..., V).
    """
    if temperature == 0:
        return nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).double()
    return (logits.double() / temperature).softmax(-1)


class Reader:
    """A network and its cache: reads what is new in a row, and goes back where the row differs.

    `reader(row, n)` gives the probabilities (n, V) after each of the last n ids; `guess(row)` those
    after the last. `n_passes` and `n_read` count its passes and the tokens in them.

    Raises:
        ValueError: as the network where the row is too long.

    Explained in: 7.2.4
    """

    def __init__(self, net: nn.Module, temperature: float = 1.0):
        self.net, self.temperature = net, temperature
        self.row: list[int] = []
        self.cache: list = []
        self.n_passes = self.n_read = 0

    @torch.no_grad()
    def __call__(self, row: Sequence[int], n: int = 1) -> np.ndarray:
        same = 0
        while same < min(len(row) - n, len(self.row)) and row[same] == self.row[same]:
            same += 1
        try:
            drop_last(self.cache, len(self.row) - same)
        except ValueError:  # too far back: read it all anew
            self.cache, same = [], 0
        new = torch.tensor([row[same:]])
        logits = self.net(new, self.cache)[0, -n:]  # (n, V)
        self.row = list(row)
        self.n_passes, self.n_read = self.n_passes + 1, self.n_read + new.shape[1]
        return to_probs(logits, self.temperature).numpy()

    def guess(self, row: Sequence[int]) -> np.ndarray:
        return self(row)[0]


def counted_guess(table: NGram, temperature: float = 1.0) -> Guess:
    """Guesses of an n-gram model, from as many ids as it looks at.

    Explained in: 7.2.4
    """

    def guess(row: Sequence[int]) -> np.ndarray:
        seen = [*row[max(0, len(row) - table.order + 1) :], 0]  # the last one is to be guessed
        return to_probs(table.distributions(torch.tensor(seen))[-1], temperature).numpy()

    return guess


def copied_guess(vocab_size: int, length: int = 2) -> Guess:
    """What followed the last earlier place with the same `length` ids, with certainty; else None.

    Source: Saxena 2023, "Prompt Lookup Decoding".
    Explained in: 7.2.4
    """

    def guess(row: Sequence[int]) -> np.ndarray | None:
        end = list(row[-length:])
        for at in range(len(row) - length - 1, -1, -1):
            if list(row[at : at + length]) == end:
                return np.eye(vocab_size)[row[at + length]]
        return None

    return guess


def expected_passes(accepted: Sequence[float], k: int) -> float:
    """Passes of the target that k guesses a pass take on average for a text, plain ones included.

    `accepted` holds for each token of the text the probability that, guessed there, it stays; the
    first place is where the first pass begins.

    Shapes:
        accepted (n,) -> a number from n / (k + 1) to n.

    Explained in: 7.2.4
    """
    n = len(accepted)
    passes = [0] * (n + 1)
    for at in range(n - 1, -1, -1):
        reach, passes[at] = 1, 1
        for j in range(min(k, n - at - 1)):
            passes[at] += reach * (1 - accepted[at + j]) * passes[at + j + 1]
            reach *= accepted[at + j]
        passes[at] += reach * passes[at + min(k, n - at - 1) + 1]
    return passes[0]
