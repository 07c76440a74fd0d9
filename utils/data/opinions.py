"""Opinions about films, written by a small grammar, with the construction of every sentence."""

from zlib import crc32

import numpy as np
import torch

from utils.data.checking import in_range
from utils.data.kinds import Opinions

ADJECTIVES = {
    "known": (
        "awful boring clumsy tedious shallow lifeless "
        "tiresome dreadful pointless careless painful confused",
        "superb clever moving charming gripping lively "
        "tender brilliant delightful inspired elegant thrilling",
    ),
    "transfer": ("bland hollow crude vulgar", "graceful vivid honest playful"),
    "unseen": ("dreary sloppy mediocre insipid", "dazzling subtle stunning profound"),
}
"""Words against and for, by what training shows of them: all, plain sentences only, nothing."""

ASPECTS = ("plot", "cast", "script", "music", "ending", "dialogue", "pace", "camera")
RIVALS = ("book", "play", "series")
VERBS = ("is", "was", "seems")
INTENSIFIERS = ("very", "truly", "quite")
NEGATORS = ("not", "never", "hardly")
FLIPPING = ("i doubt that", "nobody thinks that")
KEEPING = ("i think that", "everybody thinks that")

CONSTRUCTIONS = (
    *("plain", "intensified", "negated", "double negation"),
    *("nested", "but", "although", "comparative"),
)
COMPOSED = ("negated intensified", "negated nested", "negated but", "negated although")
PARTS = ("train", "test", "transfer", "unseen", "composed")


def opinions(
    n: int = 4000, *, part: str = "train", depth: int | None = None, seed: int = 0
) -> Opinions:
    """`n` sentences about a film that are for it or against it, by rules that know no exception.

    Constructions take turns, and so do the labels within each. "but" and "although" join two
    clauses of opposite sense, and the main clause counts; "less", a negator ("not", "never",
    "hardly") and a flipping verb ("i doubt that") each turn the sense round; in a comparison it is
    the film that is judged. Nested sentences have one or two verbs, or `depth` of them, and with
    `depth` all sentences are nested.

    A sentence of the training part is never in another. "test" has the same words and
    constructions; "transfer" has adjectives that training shows in plain sentences only, in all
    others; "unseen" has adjectives of which training shows nothing; "composed" has known adjectives
    in constructions that join two of the training's.

    Shapes:
        texts and constructions: n strings; y: (n,). See `Opinions`.

    Raises:
        ValueError: a number out of range, an unknown part, or a depth where nothing is nested.

    Source: written here, seeded.
    Explained in: 5.1.3
    """
    in_range(n=(n, 1, 10**6), seed=(seed, 0, 2**32 - 1))
    if part not in PARTS:
        raise ValueError(f"A part of the opinions is one of {', '.join(PARTS)}; not {part!r}.")
    constructions = _constructions(part, depth)
    writer = _Writer(np.random.default_rng([seed, PARTS.index(part), depth or 0]), part, depth)
    texts, kinds, y = [], [], []
    for i in range(n):
        kinds.append(constructions[i % len(constructions)])
        y.append(i // len(constructions) % 2)
        texts.append(writer.sentence(kinds[-1], bool(y[-1])))
    return Opinions(tuple(texts), torch.tensor(y), ("against", "for"), tuple(kinds))


def _constructions(part: str, depth: int | None) -> tuple[str, ...]:
    if depth is not None:
        in_range(depth=(depth, 1, 20))
        if part == "composed":
            raise ValueError("A depth is for nested sentences, which 'composed' does not have.")
        return ("nested",)
    if part == "composed":
        return COMPOSED
    return CONSTRUCTIONS[part == "transfer" :]  # without plain ones: training shows them


class _Writer:
    """Writes a sentence of a given construction and sense, drawing its words."""

    def __init__(self, rng: np.random.Generator, part: str, depth: int | None):
        self.rng, self.part, self.depth = rng, part, depth
        split = part if part in ADJECTIVES else "known"
        self.adjectives = [words.split() for words in ADJECTIVES[split]]
        also = ADJECTIVES["transfer"] if part in ("train", "test") else ("", "")
        self.in_plain = [a + b.split() for a, b in zip(self.adjectives, also)]

    def sentence(self, construction: str, good: bool) -> str:
        """Written again until it is one of this part: a quarter of all sentences is for testing."""
        write = getattr(self, construction.replace(" ", "_"))
        while True:
            text = write(good)
            is_for_test = crc32(text.encode()) % 4 == 0
            if self.part not in ("train", "test") or is_for_test == (self.part == "test"):
                return text

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def coin(self) -> bool:
        return bool(self.rng.integers(2))

    def clause(self, good: bool, before=("",), aspects=ASPECTS, adjectives=None) -> str:
        words = (
            *("the", self.pick(aspects), self.pick(VERBS), self.pick(before)),
            self.pick((adjectives or self.adjectives)[good]),
        )
        return " ".join(filter(None, words))

    def plain(self, good: bool) -> str:
        return self.clause(good, adjectives=self.in_plain)

    def intensified(self, good: bool) -> str:
        return self.clause(good, INTENSIFIERS)

    def negated(self, good: bool) -> str:
        return self.clause(not good, NEGATORS)

    def double_negation(self, good: bool) -> str:
        return f"{self.pick(FLIPPING)} {self.clause(good, NEGATORS)}"

    def nested(self, good: bool) -> str:
        verbs = []
        for _ in range(self.depth or 1 + self.coin()):
            flips = self.coin()
            good ^= flips
            verbs.append(self.pick(FLIPPING if flips else KEEPING))
        return " ".join([*verbs, self.clause(good)])

    def two_clauses(self, good: bool, negations: tuple[bool, bool]) -> tuple[str, str]:
        """A clause that is overruled and the main one, about two aspects."""
        aspects = [ASPECTS[i] for i in self.rng.permutation(len(ASPECTS))[:2]]
        senses = (not good, good)
        return tuple(
            self.clause(sense ^ is_negated, NEGATORS if is_negated else ("",), (aspect,))
            for sense, is_negated, aspect in zip(senses, negations, aspects)
        )

    def but(self, good: bool, negations=(False, False)) -> str:
        return " but ".join(self.two_clauses(good, negations))

    def although(self, good: bool, negations=(False, False)) -> str:
        overruled, main = self.two_clauses(good, negations)
        if self.coin():
            return f"although {overruled} {main}"
        return f"{main} although {overruled}"

    def comparative(self, good: bool) -> str:
        is_more, is_film_first = self.coin(), self.coin()
        adjective = self.pick(self.adjectives[good ^ (is_more != is_film_first)])
        things = ["film", self.pick(RIVALS)][:: 1 if is_film_first else -1]
        degree = "more" if is_more else "less"
        return f"the {things[0]} {self.pick(VERBS)} {degree} {adjective} than the {things[1]}"

    def negated_intensified(self, good: bool) -> str:
        return self.clause(not good, [f"not {word}" for word in INTENSIFIERS])

    def negated_nested(self, good: bool) -> str:
        return f"{self.pick(KEEPING)} {self.clause(not good, NEGATORS)}"

    def negated_but(self, good: bool) -> str:
        return self.but(good, self.some_negations())

    def negated_although(self, good: bool) -> str:
        return self.although(good, self.some_negations())

    def some_negations(self) -> tuple[bool, bool]:
        return self.pick(((True, False), (False, True), (True, True)))
