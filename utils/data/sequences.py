"""Sequences of symbols with something to remember at their start."""

import numpy as np
import torch

from utils.data.checking import in_range
from utils.data.kinds import Sequences

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def recall(
    n: int = 1000, *, lag: int = 20, symbols: int = 8, part: str = "train", seed: int = 0
) -> Sequences:
    """`n` sequences whose first symbol is to be named `lag` steps later.

    A sequence is `lag` symbols, drawn uniformly and independently, and a question mark, at which
    the first of them is asked for: "C", "F", "A", "?" has lag 3 and answer "C". The others are
    distractors: of the same kind, so that nothing but the place tells which one counts. Chance is
    right once in `symbols`.

    Shapes:
        x: (n, lag + 1) tokens; y: (n,). See `Sequences`.

    Raises:
        ValueError: a number out of range, or a part other than "train" and "test".

    Source: drawn here, seeded; the parts are drawn apart. After the latching tasks of Bengio,
        Simard and Frasconi 1994, and of Hochreiter and Schmidhuber 1997.
    Explained in: 2.3
    """
    in_range(n=(n, 1, 10**6), lag=(lag, 1, 10**4), symbols=(symbols, 2, len(LETTERS)))
    in_range(seed=(seed, 0, 2**32 - 1))
    if part not in ("train", "test"):
        raise ValueError(f"A part is 'train' or 'test'; not {part!r}.")
    rng = np.random.default_rng([seed, part == "test"])
    x = np.full((n, lag + 1), symbols, dtype=np.int64)
    x[:, :-1] = rng.integers(symbols, size=(n, lag))
    names = (*LETTERS[:symbols], "?")
    return Sequences(torch.from_numpy(x), torch.from_numpy(x[:, 0].copy()), names)
