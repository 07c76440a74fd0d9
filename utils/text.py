"""Text as tokens and their frequencies: byte-pair encoding, and an n-gram model to compare with.

Holds `train_bpe` and the `Tokenizer` that it returns, and `NGram`, a Kneser–Ney model over token
ids. Leaves out the texts (`data`) and the networks that read the tokens (`models`).

Explained in: 4.3
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

CHUNK = re.compile(rb" ?[A-Za-z\x80-\xff]+| ?[0-9]+| ?[^A-Za-z0-9\x80-\xff\s]+|\s+(?!\S)|\s+")
"""What no token reaches across: a word, a number or a run of signs, each with one space before it
at most, or white space. Bytes above 127 count as letters, so that any bytes are cut somehow."""

Pair = tuple[int, int]


def chunks(text: str | bytes) -> list[bytes]:
    """The pieces of a text that no token reaches across; together they are the text.

    Explained in: 4.3
    """
    return CHUNK.findall(text.encode() if isinstance(text, str) else text)


def merge_pair(ids: Sequence[int], pair: tuple[int, int], new: int) -> list[int]:
    """`ids` with every occurrence of `pair`, from the left, replaced by the token `new`.

    Explained in: 4.3
    """
    merged = []
    for token in ids:
        if merged and (merged[-1], token) == pair:
            merged[-1] = new
        else:
            merged.append(token)
    return merged


def train_bpe(texts: Iterable[str | bytes], vocab_size: int) -> "Tokenizer":
    """Learn a byte-pair encoding: merge the most frequent pair until there are enough tokens.

    Of equally frequent pairs the one of smaller ids comes first. Pairs that occur once are not
    merged, so that little text may give fewer tokens. Only the chunks in which a merged pair
    stands are counted anew.

    Raises:
        ValueError: fewer than 256 tokens, for every byte is one.

    Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units",
        algorithm 1, on bytes.
    Explained in: 4.3
    """
    if vocab_size < 256:
        raise ValueError(f"Every byte is a token, so there are at least 256; not {vocab_size}.")
    frequency = Counter(chunk for text in texts for chunk in chunks(text))
    words = [list(chunk) for chunk in frequency]
    weights = list(frequency.values())
    counts: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for n, word in enumerate(words):
        _count(word, weights[n], n, counts, where)
    merges: list[Pair] = []
    while len(merges) < vocab_size - 256 and counts:
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[pair] < 2:
            break
        for n in list(where[pair]):
            _count(words[n], -weights[n], n, counts, where)
            words[n] = merge_pair(words[n], pair, 256 + len(merges))
            _count(words[n], weights[n], n, counts, where)
        merges.append(pair)
    return Tokenizer(tuple(merges))


def _count(
    word: list[int], weight: int, n: int, counts: Counter[Pair], where: dict[Pair, set[int]]
) -> None:
    """Add (or, with a negative weight, take away) a word's pairs, and note where they stand."""
    for pair in pairwise(word):
        counts[pair] += weight
        if weight > 0:
            where[pair].add(n)
        else:
            where[pair].discard(n)
            if not counts[pair]:
                del counts[pair]


@dataclass(frozen=True)
class Tokenizer:
    """A byte-pair encoding: ids 0 to 255 are bytes, each further one joins the pair of its merge.

    Raises:
        ValueError: on a merge of tokens that do not exist yet.

    Explained in: 4.3
    """

    merges: tuple[Pair, ...]

    def __post_init__(self):
        for n, pair in enumerate(self.merges):
            if not all(0 <= token < 256 + n for token in pair):
                raise ValueError(f"Merge {n} joins tokens that do not exist yet: {pair}.")

    @property
    def vocab_size(self) -> int:
        return 256 + len(self.merges)

    @cached_property
    def tokens(self) -> tuple[bytes, ...]:
        """The bytes that each id stands for."""
        found = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            found.append(found[left] + found[right])
        return tuple(found)

    @cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _known(self) -> dict[bytes, list[int]]:
        return {}

    def encode(self, text: str | bytes) -> list[int]:
        """The ids of a text, or of any bytes."""
        ids: list[int] = []
        for chunk in chunks(text):
            if chunk not in self._known:
                self._known[chunk] = self._encode_chunk(chunk)
            ids += self._known[chunk]
        return ids

    def _encode_chunk(self, chunk: bytes) -> list[int]:
        ids = list(chunk)
        while len(ids) > 1:  # the merge that was learned first comes first
            pair = min(pairwise(ids), key=lambda pair: self._ranks.get(pair, len(self.merges)))
            if pair not in self._ranks:
                break
            ids = merge_pair(ids, pair, 256 + self._ranks[pair])
        return ids

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the ids stand for, exactly those that were encoded."""
        return b"".join(self.tokens[token] for token in ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; bytes that are no UTF-8, as half a character, show as �."""
        return self.decode_bytes(ids).decode(errors="replace")


class NGram:
    """An interpolated Kneser–Ney model of token ids with three discounts for each order.

    The highest order counts how often its n-grams occur, every lower one how many different
    tokens stand before them; the lowest is mixed with the uniform distribution. A discount is 0.1
    at least, so that no token is impossible.

    Shapes:
        ids (N,), N at least `order`.

    Raises:
        ValueError: if so many ids of so large a vocabulary do not fit into 62 bits, or the ids
            are too few, or not from 0 to `vocab_size` - 1.

    Source: Chen and Goodman 1999, "An empirical study of smoothing techniques", section 3.
    Explained in: 4.3
    """

    def __init__(self, ids: Tensor, order: int, vocab_size: int):
        self.bits = max(1, (vocab_size - 1).bit_length())
        self.order, self.vocab_size = order, vocab_size
        if order < 1 or order * self.bits > 62:
            raise ValueError(
                f"Orders from 1 to {62 // self.bits} fit this vocabulary; not {order}."
            )
        ids = self._checked(ids)
        self.levels = []
        grams, counts = np.unique(self._grams(ids, order), return_counts=True)
        for n in range(order, 0, -1):
            self.levels.append(_Level(grams, counts, self.bits))
            if n > 1:  # how many different tokens stand before each shorter one
                last = (1 << self.bits * (n - 1)) - 1
                shorter = np.unique(self._grams(ids, n)) & last
                grams, counts = np.unique(shorter, return_counts=True)
        self.levels.reverse()

    def log_probs(self, ids: Tensor) -> Tensor:
        """ln p of each token, given up to `order` - 1 tokens before it.

        Shapes:
            ids (N,) -> (N,), float64.
        """
        ids = self._checked(ids)
        probs = np.full(len(ids), 1 / self.vocab_size)
        for n, level in enumerate(self.levels, 1):
            if len(ids) >= n:
                probs[n - 1 :] = level.mix(self._grams(ids, n), probs[n - 1 :])
        return torch.from_numpy(np.log(probs))

    def distributions(self, ids: Tensor, rows: int = 4096) -> Tensor:
        """ln p of every token of the vocabulary in the place of each id, given those before it.

        Shapes:
            ids (N,) -> (N, V), float32; computed in parts of so many rows.
        """
        ids = self._checked(ids)
        result = torch.empty(len(ids), self.vocab_size)
        for start in range(0, len(ids), rows):
            here = slice(start, min(start + rows, len(ids)))
            probs = np.full((here.stop - start, self.vocab_size), 1 / self.vocab_size)
            for n, level in enumerate(self.levels, 1):
                first = max(start, n - 1)  # the first id with n - 1 ids before it
                if first < here.stop:
                    contexts = self._grams(ids[first - n + 1 : here.stop], n) >> self.bits
                    level.mix_rows(contexts, probs[first - start :])
            result[here] = torch.from_numpy(np.log(probs))
        return result

    def _grams(self, ids: np.ndarray, n: int) -> np.ndarray:
        """Each run of n ids as one number, the last id in its lowest bits: (N - n + 1,)."""
        gram = np.zeros(len(ids) - n + 1, dtype=np.int64)
        for at in range(n):
            gram = gram << self.bits | ids[at : at + len(gram)]
        return gram

    def _checked(self, ids: Tensor) -> np.ndarray:
        array = torch.as_tensor(ids).cpu().numpy().astype(np.int64)
        if (
            array.ndim != 1
            or len(array) < 1
            or (not hasattr(self, "levels") and len(array) < self.order)
        ):
            raise ValueError(f"A model of order {self.order} needs a row of so many ids at least.")
        if array.min() < 0 or array.max() >= self.vocab_size:
            raise ValueError(f"Ids go from 0 to {self.vocab_size - 1}; these do not.")
        return array


class _Level:
    """The counts of one order, and what they say once the order below has been asked."""

    def __init__(self, grams: np.ndarray, counts: np.ndarray, bits: int):
        self.grams, self.bits = grams, bits
        n1, n2, n3, n4 = (max(1, int((counts == n).sum())) for n in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        discounts = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        discounts = np.array([0, *np.clip(discounts, 0.1, 3)])  # of tiny texts they may be negative
        taken = np.minimum(discounts[np.minimum(counts, 3)], counts)
        self.kept = counts - taken
        self.contexts, of = np.unique(grams >> bits, return_inverse=True)
        self.totals = np.bincount(of, counts)
        self.freed = np.bincount(of, taken)

    def mix(self, grams: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """p of each gram's last token: what was counted, and the freed mass as `lower` says."""
        kept = _look_up(self.grams, self.kept, grams)
        totals = _look_up(self.contexts, self.totals, grams >> self.bits)
        freed = _look_up(self.contexts, self.freed, grams >> self.bits)
        seen = totals > 0
        return np.where(seen, (kept + freed * lower) / np.where(seen, totals, 1), lower)

    def mix_rows(self, contexts: np.ndarray, probs: np.ndarray) -> None:
        """The same for every token after each context, in place: probs (N, V) are the lower."""
        totals = np.maximum(_look_up(self.contexts, self.totals, contexts), 1)
        freed = _look_up(self.contexts, self.freed, contexts)
        starts, ends = (
            np.searchsorted(self.grams, contexts + n << self.bits) for n in (0, 1)
        )  # the counted grams of one context lie side by side
        seen = ends > starts
        probs[seen] *= (freed / totals)[seen, None]
        rows = np.repeat(np.arange(len(contexts)), ends - starts)
        at = np.arange(len(rows)) + (starts - np.cumsum(ends - starts) + ends - starts)[rows]
        tokens = self.grams[at] & ((1 << self.bits) - 1)
        probs[rows, tokens] += self.kept[at] / totals[rows]


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The value of each wanted key, 0 where there is none; keys are in order."""
    at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0.0)
