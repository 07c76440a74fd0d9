"""Translation from English to Chinese: two networks of equal size on dates, numbers and names.

Holds the vocabularies, a recurrent and an attention-only translator, their training, the parts of
each task, and the program that records them on several seeds. The texts come with the environment.

Explained in: 5.1.1
"""

import argparse
import datetime
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import torch
import torch.nn.functional as F
from babel.dates import format_date
from sacrebleu.metrics import CHRF
from torch import Tensor, nn

from utils import data, records
from utils.fullscale import commit
from utils.measure import parameters
from utils.runtime import device, progress, seed_everything
from utils.training import one_cycle

Pair = tuple[str, str]


def pieces(text: str, words: Iterable[str] = ()) -> list[str]:
    """The known words of a text whole, all else letter by letter."""
    found = re.findall(r"[A-Za-z]+|.", text, re.DOTALL)
    return [piece for one in found for piece in ([one] if one in words else one)]


def frequent_words(texts: Iterable[str], least: int = 3) -> set[str]:
    """Latin words that stand in so many texts at least."""
    counts = Counter(word for text in texts for word in {*re.findall("[A-Za-z]+", text)})
    return {word for word, count in counts.items() if count >= least}


@dataclass(frozen=True)
class Alphabet:
    """Numbers for pieces of text: 0 fills up, 1 begins and ends, 2 is unknown, then the pieces."""

    known: tuple[str, ...]
    words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str], words: Iterable[str] = ()) -> "Alphabet":
        """All pieces of the texts in alphabetical order."""
        words = frozenset(words)
        return cls(tuple(sorted({p for text in texts for p in pieces(text, words)})), words)

    def __len__(self) -> int:
        return 3 + len(self.known)

    def numbers(self, texts: Iterable[str]) -> Tensor:
        """N texts -> (N, T), each with its end, filled up with 0."""
        number = {piece: n for n, piece in enumerate(self.known, start=3)}
        rows = [[number.get(p, 2) for p in pieces(text, self.words)] + [1] for text in texts]
        return nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)

    def texts(self, idx: Tensor) -> list[str]:
        """(N, T) -> N texts, each up to its end."""
        rows = (row[: row.index(1)] if 1 in row else row for row in idx.tolist())
        return ["".join(self.known[n - 3] for n in row if n > 2) for row in rows]


class RecurrentTranslator(nn.Module):
    """A bidirectional GRU reads, another GRU writes and looks back at every step.

    Shapes:
        source (B, S), written so far (B, T) -> logits (B, T, V), weights (B, T, S).

    Source: Bahdanau et al. 2015, with the dot-product scores of Luong et al. 2015.
    Explained in: 5.1.1
    """

    def __init__(self, n_source: int, n_target: int, d: int, dropout: float = 0.0):
        super().__init__()
        self.source, self.target = (nn.Embedding(n, d // 2) for n in (n_source, n_target))
        self.reader = nn.GRU(d // 2, d // 2, batch_first=True, bidirectional=True)
        self.writer = nn.GRU(d // 2, d, batch_first=True)
        self.start, self.query = nn.Linear(d, d), nn.Linear(d, d, bias=False)
        self.mix, self.out = nn.Linear(2 * d, d), nn.Linear(d, n_target)
        self.drop = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> Tensor:
        return self.reader(self.drop(self.source(source)))[0]  # (B, S, d)

    def decode(self, memory: Tensor, source: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        filled = (source == 0)[:, None]  # (B, 1, S)
        mean = memory.masked_fill(filled.mT, 0).sum(1) / (~filled).sum(2)
        state = self.start(mean).tanh()[None]  # (1, B, d)
        hidden, _ = self.writer(self.drop(self.target(read)), state)  # (B, T, d)
        scores = self.query(hidden) @ memory.mT / hidden.shape[-1] ** 0.5
        weights = scores.masked_fill(filled, -torch.inf).softmax(-1)  # (B, T, S)
        both = torch.cat([hidden, weights @ memory], -1)  # (B, T, 2d)
        return self.out(self.drop(self.mix(both).tanh())), weights


class DecoderBlock(nn.Module):
    """Attention to what is written, then to what was read, then two linear layers.

    Shapes:
        x (B, T, d), memory (B, S, d), filled (B, S) -> x, weights (B, T, S), the heads' mean.

    Source: Vaswani et al. 2017, figure 1, with the norms first.
    Explained in: 5.1.1
    """

    def __init__(self, d: int, n_heads: int, dropout: float = 0.0):
        super().__init__()
        options = {"dropout": dropout, "batch_first": True}
        self.own = nn.MultiheadAttention(d, n_heads, **options)
        self.cross = nn.MultiheadAttention(d, n_heads, **options)
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(3))
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

    def forward(self, x: Tensor, memory: Tensor, filled: Tensor) -> tuple[Tensor, Tensor]:
        T = x.shape[1]
        future = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)
        y = self.norms[0](x)
        x = x + self.own(y, y, y, attn_mask=future, need_weights=False)[0]
        seen, weights = self.cross(self.norms[1](x), memory, memory, key_padding_mask=filled)
        x = x + seen
        return x + self.down(F.relu(self.up(self.norms[2](x)))), weights


class AttentionTranslator(nn.Module):
    """A Transformer of one block to read and one to write, with learned positions.

    Shapes:
        source (B, S), written so far (B, T) -> logits (B, T, V), weights (B, T, S).

    Source: Vaswani et al. 2017.
    Explained in: 5.1.1
    """

    def __init__(self, n_source: int, n_target: int, d: int, dropout: float = 0.0):
        super().__init__()
        self.source, self.target = (nn.Embedding(n, d) for n in (n_source, n_target))
        self.places = nn.Parameter(0.3 * torch.randn(2, 64, d))
        options = {"dropout": dropout, "batch_first": True, "norm_first": True}
        self.reader = nn.TransformerEncoderLayer(d, 4, 2 * d, **options)
        self.writer = DecoderBlock(d, 4, dropout)
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(2))
        self.out, self.drop = nn.Linear(d, n_target), nn.Dropout(dropout)

    def encode(self, source: Tensor) -> Tensor:
        x = self.source(source) + self.places[0, : source.shape[1]]
        x = self.reader(self.drop(x), src_key_padding_mask=source == 0)
        return self.norms[0](x)  # (B, S, d)

    def decode(self, memory: Tensor, source: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        x = self.drop(self.target(read) + self.places[1, : read.shape[1]])
        x, weights = self.writer(x, memory, source == 0)
        return self.out(self.norms[1](x)), weights


def shifted(target: Tensor) -> Tensor:
    """What is read while `target` (B, T) is written: the same, one place later, after a 1."""
    return F.pad(target, (1, -1), value=1)


def train_translator(
    model: nn.Module, source: Tensor, target: Tensor, steps: int, batch_size: int = 64
) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), fused=True)
    scheduler = one_cycle(optimizer, steps, peak=3e-3, warm_up=0.2)
    rounds = -(-steps * batch_size // len(source))
    order = torch.cat([torch.randperm(len(source)) for _ in range(rounds)])
    losses = []
    model.train()
    for idx in progress(order.split(batch_size)[:steps], "Training"):
        x, y = (part[idx, : part[idx].ne(0).sum(1).max()] for part in (source, target))
        logits, _ = model.decode(model.encode(x), x, shifted(y))
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    model.eval()
    return losses


@torch.no_grad()
def greedy_translations(model: nn.Module, source: Tensor, longest: int) -> Tensor:
    """The likeliest piece after those already written, again and again: (N, longest)."""
    memory = model.encode(source)
    read = torch.ones(len(source), 1, dtype=torch.long, device=source.device)
    for _ in range(longest):
        last = model.decode(memory, source, read)[0][:, -1]  # (N, V)
        read = torch.cat([read, last[:, 1:].argmax(1, keepdim=True) + 1], 1)
    return read[:, 1:]


def split_groups(pairs: list[Pair], group, sizes: tuple[int, ...]) -> list[list[Pair]]:
    """Parts of about so many pairs, and the rest; pairs of one group are never divided."""
    groups: dict[str, list[Pair]] = {}
    for pair in sorted(pairs):
        groups.setdefault(group(pair), []).append(pair)
    order = random.Random(0).sample(sorted(groups), len(groups))
    parts: list[list[Pair]] = []
    for size in sizes:
        part: list[Pair] = []
        while len(part) < size:
            part += groups[order.pop()]
        parts.append(part)
    return [*parts, [pair for name in order for pair in groups[name]]]


def loose(pair: Pair) -> str:
    """The source in small letters, without its signs: what tells near-copies apart from others."""
    return re.sub(r"[^a-z0-9%]+", " ", pair[0].lower()).strip()


def both_sides(kind: str, **options) -> list[Pair]:
    texts = data.translations(kind, **options)
    return list(zip(texts.source, texts.target))


def far_dates(years: Sequence[int], n: int = 500) -> list[Pair]:
    """Different dates of these years, in the styles of `data.translations`."""
    rng, pairs = random.Random(0), {}
    while len(pairs) < n:
        day = datetime.date(rng.choice(years), 1, 1) + datetime.timedelta(rng.randrange(365))
        style = rng.choice(("full", "long", "medium"))
        pairs[format_date(day, style, "en")] = format_date(day, style, "zh")
    return list(pairs.items())


def date_parts() -> dict[str, list[Pair]]:
    """Dates by day: training, validation and test days, years left out, and years beyond."""
    pairs = both_sides("dates", n=12_000, seed=1)
    is_left_out = re.compile("197|204").match
    inside = [pair for pair in pairs if not is_left_out(pair[1])]
    test, validation, train = split_groups(inside, lambda pair: pair[1].split("日")[0], (500, 500))
    years = [pair for pair in pairs if is_left_out(pair[1])]
    parts = {"train": train, "validation": validation, "test": test, "unseen years": years[:500]}
    parts["other centuries"] = far_dates([*range(1700, 1900), *range(2100, 2300)])
    return parts | {"three digits": far_dates(range(100, 1000))}


def open_parts() -> dict[str, list[Pair]]:
    """Names and short interface strings: training and validation together, tests apart."""
    parts: dict[str, list[Pair]] = {"train": [], "validation": []}
    names = [*both_sides("territories"), *both_sides("languages")]
    short = [p for p in both_sides("interface") if len(p[0]) <= 60 and len(p[1]) <= 40]
    for kind, pairs in {"names": names, "interface": short}.items():
        n = len(pairs) // 9
        parts[kind], validation, train = split_groups(pairs, loose, (n, n))
        parts["validation"] += validation
        parts["train"] += train
    return parts


def number_parts() -> dict[str, list[Pair]]:
    """Large numbers and amounts."""
    parts = split_groups(both_sides("numbers", n=5000), loose, (500, 500))
    return dict(zip(("test", "validation", "train"), parts))


MODELS = {"recurrent": RecurrentTranslator, "attention": AttentionTranslator}
TASKS = {
    "dates": (date_parts, {"recurrent": 90, "attention": 64}, 300),
    "numbers": (number_parts, {"recurrent": 90, "attention": 64}, 600),
    "open": (open_parts, {"recurrent": 96, "attention": 68}, 1500),
}
"""Parts, widths that give equally many parameters, and steps of training, for each task."""


def alphabets(train: list[Pair]) -> tuple[Alphabet, Alphabet]:
    """Of the two sides of the training pairs: words that are frequent, letters, Chinese signs."""
    sources, targets = zip(*train)
    return Alphabet.of(sources, frequent_words(sources)), Alphabet.of(targets)


def translation_run(task: str, kind: str, seed: int, dropout: float, n: int) -> dict[str, Any]:
    """Train one translator on the first `n` training pairs (0: all); translate the other parts."""
    make, widths, steps = TASKS[task]
    parts = make()
    train = parts.pop("train")
    english, chinese = alphabets(train)
    train = train[: n or None]
    seed_everything(seed)
    model = MODELS[kind](len(english), len(chinese), widths[kind], dropout).to(device())
    start = process_time()
    sides = (english.numbers(a for a, _ in train), chinese.numbers(b for _, b in train))
    losses = train_translator(model, *(side.to(device()) for side in sides), steps)
    run = {"task": task, "kind": kind, "seed": seed, "dropout": dropout, "pairs": len(train)}
    run |= {"parameters": parameters(model), "cpu_seconds": round(process_time() - start, 1)}
    run["last_loss"] = round(sum(losses[-30:]) / 30, 4)
    parts["training pairs"] = train[:200]
    for name, pairs in parts.items():
        read = english.numbers(a for a, _ in pairs).to(device())
        told = chinese.texts(greedy_translations(model, read, 42))
        right = [b for _, b in pairs]
        run[name] = {"exact": sum(map(str.__eq__, told, right)) / len(right)}
        run[name]["chrf"] = CHRF().corpus_score(told, [right]).score
        if task != "dates" and name not in ("validation", "training pairs"):
            run[name]["texts"] = "\n".join(text.replace("\n", " ") for text in told)
    return run


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.translation", description=__doc__
    )
    parser.add_argument("--task", choices=[*TASKS], default="dates")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--dropout", type=float, nargs="+", default=[0.0], metavar="P")
    parser.add_argument("--pairs", type=int, nargs="+", default=[0], metavar="N", help="0: all")
    parser.add_argument("--record", metavar="NAME", help="write book/results/NAME.json")
    options = parser.parse_args(arguments)
    runs = []
    for seed in options.seeds:
        for dropout in options.dropout:
            for n in options.pairs:
                for kind in MODELS:
                    runs.append(translation_run(options.task, kind, seed, dropout, n))
                    shown = {k: v for k, v in runs[-1].items() if not isinstance(v, dict)}
                    scores = {k: v["exact"] for k, v in runs[-1].items() if isinstance(v, dict)}
                    print(json.dumps(shown | scores), flush=True)
    if options.record:
        flags = {"seeds": options.seeds, "dropout": options.dropout, "pairs": options.pairs}
        written = " ".join(f"--{k} {' '.join(map(str, v))}" for k, v in flags.items())
        record = records.Record(
            name=options.record,
            what=f"English to Chinese, task “{options.task}”: two translators of equal size; "
            "shares right to the letter, and chrF, on texts that training never shows.",
            command=f"python -m utils.fullscale.translation --task {options.task}"
            f" --record {options.record} {written}",
            seeds=options.seeds,
            settings={"task": options.task, "steps": TASKS[options.task][2], "batch_size": 64},
            results={"runs": runs},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
