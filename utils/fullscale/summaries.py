"""Summary lines from docstring bodies: what splits, copying, names and more data do, by seed.

Every run draws its own split and its own first weights from its seed. All settings were chosen
on validation parts; the test parts are looked at once, at the end.

Explained in: 5.1.2
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from nltk.stem.porter import PorterStemmer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from utils import data, records
from utils.fullscale import commit
from utils.measure import parameters
from utils.runtime import progress, seed_everything
from utils.text import Tokenizer, train_bpe
from utils.training import one_cycle


class Pairs(NamedTuple):
    """Bodies and their summaries; `names`, such as `sympy/core/add.py:Add.flatten`; `groups`.

    `groups` (N,) numbers sets of files that are tied by a common body or summary.
    """

    bodies: tuple[str, ...]
    summaries: tuple[str, ...]
    names: tuple[str, ...]
    groups: np.ndarray


def summary_pairs() -> Pairs:
    """The pairs of `data.docs()`, each with where it stands and with its group of files."""
    docs = data.docs()
    places: dict[tuple[str, str], list[str]] = {}
    for name, text in zip(docs.names, docs.texts):
        summary, _, body = text.partition("\n\n")
        places.setdefault((body, summary), []).append(name)
    names = [places[pair] for pair in zip(docs.bodies, docs.summaries)]
    groups = file_groups(docs.bodies, docs.summaries, names)
    return Pairs(docs.bodies, docs.summaries, tuple(name[0] for name in names), groups)


def file_groups(
    bodies: Sequence[str], summaries: Sequence[str], names: Sequence[list[str]]
) -> np.ndarray:
    """Number the sets of files that share a body or a summary, directly or through others: (N,).

    Example: files a and b share a summary, b and c a body: all pairs of a, b, c are one group.
    """
    number: dict[tuple[str, str], int] = {}
    ties = [
        (
            number.setdefault(("file", place.split(":")[0]), len(number)),
            number.setdefault(text, len(number)),
        )
        for body, summary, places in zip(bodies, summaries, names)
        for place in places
        for text in (("body", body), ("summary", summary))
    ]
    rows, columns = np.array(ties).T
    graph = coo_array((np.ones(len(ties)), (rows, columns)), (len(number), len(number)))
    part = connected_components(graph, directed=False)[1]
    return np.array([part[number["file", places[0].split(":")[0]]] for places in names])


def split_by(keys: Sequence[int] | np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
    """Positions for training (70 %), validation and test (15 % each); equal keys stay together.

    Shapes:
        keys (N,) -> three arrays of positions. The shares are of the different keys.
    """
    found, of = np.unique(keys, return_inverse=True)
    place = np.random.default_rng(seed).permutation(len(found))[of] / len(found)
    inside = (place < 0.7, (place >= 0.7) & (place < 0.85), place >= 0.85)
    return tuple(np.flatnonzero(part) for part in inside)


def spoken_name(name: str) -> str:
    """The words in the last part of a name: `a.py:Graph.add_edgesFrom` -> `add edges from`."""
    last = name.split(":")[-1].removesuffix(".py").split("/")[-1].split(".")[-1]
    return " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", last)).lower() or last


def sentences(body: str) -> list[str]:
    """The sentences of a body, by a rule: they end at . ! ? before a space and a capital."""
    return [
        one for block in body.split("\n\n") for one in re.split(r"(?<=[.!?]) +(?=[A-Z(])", block)
    ]


stem = cache(PorterStemmer().stem)


@cache
def stems(text: str) -> tuple[str, ...]:
    """Words in lower case, those of more than three letters without their endings."""
    found = re.findall("[a-z0-9]+", text.lower())
    return tuple(stem(word) if len(word) > 3 else word for word in found)


def f_measure(matches: int, n_candidate: int, n_reference: int) -> float:
    """The harmonic mean of precision and recall, from counts."""
    return 2 * matches / (n_candidate + n_reference) if matches else 0.0


def rouge_n(candidate: str, reference: str, n: int) -> float:
    """F-measure of common runs of n words, each counted as often as both have it.

    Source: Lin 2004, "ROUGE", section 2.
    Explained in: 5.1.2
    """
    runs = [Counter(zip(*(stems(text)[i:] for i in range(n)))) for text in (candidate, reference)]
    return f_measure((runs[0] & runs[1]).total(), runs[0].total(), runs[1].total())


def lcs_length(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words, in order but with gaps, two texts have in common.

    Explained in: 5.1.2
    """
    row = [0] * (len(b) + 1)
    for x in a:
        before, row = row, [0]
        for j, y in enumerate(b):
            row.append(before[j] + 1 if x == y else max(before[j + 1], row[j]))
    return row[-1]


def rouge(candidate: str, reference: str) -> tuple[float, float, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-L, F-measures with stems.

    Explained in: 5.1.2
    """
    a, b = stems(candidate), stems(reference)
    longest = f_measure(lcs_length(a, b), len(a), len(b))
    return rouge_n(candidate, reference, 1), rouge_n(candidate, reference, 2), longest


def nearest_bodies(train: Sequence[str], new: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """For each new body the most similar training body by tf-idf: its position, and the cosine."""
    vectors = TfidfVectorizer(analyzer=stems, sublinear_tf=True).fit(train)
    cosines = (vectors.transform(new) @ vectors.transform(train).T).toarray()
    return cosines.argmax(1), cosines.max(1)


def common_openers(summaries: Sequence[str], times: int = 10) -> set[str]:
    """The stems with which at least so many summaries open, such as `return`."""
    first = Counter(stems(text)[0] for text in summaries)
    return {word for word, count in first.items() if count >= times}


def content_words(text: str, openers: set[str]) -> list[str]:
    """Stems without numbers, stop words, words of one or two letters, and `openers`."""
    words = [
        word for word in re.findall("[a-z]{3,}", text.lower()) if word not in ENGLISH_STOP_WORDS
    ]
    return [one for word in words for one in stems(word) if one not in openers]


def invented(text: str, body: str, openers: set[str]) -> list[str]:
    """The content words of a text that are not in the body."""
    known = set(stems(body))
    return [word for word in content_words(text, openers) if word not in known]


class PointerSummariser(nn.Module):
    """Reads tokens in both directions, writes tokens one by one: from its vocabulary or by copying.

    Shapes:
        source (B, S) and read (B, T), token numbers -> probabilities (B, T, V). The number V - 3
        pads the source.

    Source: Bahdanau et al. 2015; See et al. 2017, "Get To The Point", equations 8 and 9.
    Explained in: 5.1.2
    """

    def __init__(self, vocab: int, width: int = 128, drop: float = 0.2, copies: bool = True):
        super().__init__()
        self.pad, self.copies = vocab - 3, copies
        self.embed = nn.Embedding(vocab, width)
        nn.init.normal_(self.embed.weight, std=width**-0.5)
        self.reader = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.start = nn.Linear(width, width)
        self.writer = nn.GRU(width, width, batch_first=True)
        self.query = nn.Linear(width, width, bias=False)
        self.mix, self.gate = nn.Linear(2 * width, width), nn.Linear(2 * width, 1)
        self.drop = nn.Dropout(drop)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        lengths = (source != self.pad).sum(1)  # packed, so that no direction reads the padding
        packed = pack_padded_sequence(self.drop(self.embed(source)), lengths, True, False)
        memory, _ = self.reader(packed)
        memory, _ = pad_packed_sequence(memory, True, total_length=source.shape[1])  # (B, S, C)
        mean = memory.sum(1) / lengths[:, None]  # (B, C)
        return memory, torch.tanh(self.start(mean))[None]

    def decode(
        self, source: Tensor, memory: Tensor, state: Tensor, read: Tensor
    ) -> tuple[Tensor, Tensor]:
        hidden, state = self.writer(self.drop(self.embed(read)), state)  # (B, T, C)
        scores = self.query(hidden) @ memory.mT / memory.shape[-1] ** 0.5
        hide = (source == self.pad)[:, None]
        looks = scores.masked_fill(hide, -torch.inf).softmax(-1)  # (B, T, S)
        both = self.drop(torch.cat([hidden, looks @ memory], -1))  # (B, T, 2C)
        probs = F.linear(torch.tanh(self.mix(both)), 4 * self.embed.weight).softmax(-1)
        if self.copies:
            g = torch.sigmoid(self.gate(both))  # (B, T, 1)
            copied = source[:, None].expand(looks.shape)
            probs = (g * probs).scatter_add(-1, copied, (1 - g) * looks)  # (B, T, V)
        return probs, state

    def forward(self, source: Tensor, read: Tensor) -> Tensor:
        return self.decode(source, *self.encode(source), read)[0]


def token_rows(texts: Sequence[str], tokenizer: Tokenizer, longest: int, end: bool) -> Tensor:
    """Token numbers (N, longest), padded with V; `end` puts V + 2 after the last one.

    V is the tokenizer's vocabulary, V + 1 the start of a summary. Longer texts are cut.
    """
    rows = torch.full((len(texts), longest), tokenizer.vocab_size)
    for row, text in zip(rows, texts):
        idx = tokenizer.encode(f" {text}")[: longest - end] + [tokenizer.vocab_size + 2] * end
        row[: len(idx)] = torch.tensor(idx)
    return rows


def summary_loss(net: PointerSummariser, source: Tensor, written: Tensor) -> Tensor:
    """Mean nats a token of the true summary, each predicted from the true ones before it.

    Shapes:
        source (B, S), written (B, T), both padded; columns of padding are cut off first.
    """
    source = source[:, : (source != net.pad).sum(1).max()]
    written = written[:, : (written != net.pad).sum(1).max()]
    start = torch.full_like(written[:, :1], net.pad + 1)
    probs = net(source, torch.cat([start, written[:, :-1]], 1))  # (B, T, V)
    right = probs.gather(-1, written[..., None])[..., 0]
    return -(right[written != net.pad] + 1e-9).log().mean()


def train_summariser(
    net: PointerSummariser,
    source: Tensor,
    written: Tensor,
    epochs: int = 8,
    batch_size: int = 64,
    peak: float = 5e-3,
) -> list[float]:
    """Teacher forcing, in batches of sources of similar length; returns the losses."""
    lengths = (source != net.pad).sum(1)
    batches = []
    for _ in range(epochs):
        many = torch.randperm(len(source)).split(16 * batch_size)
        ordered = torch.cat([idx[lengths[idx].argsort(stable=True)] for idx in many])
        of_epoch = ordered.split(batch_size)
        batches += [of_epoch[i] for i in torch.randperm(len(of_epoch))]
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.05)
    scheduler = one_cycle(optimizer, len(batches), peak)
    net.train()
    losses = []
    for idx in progress(batches, "Training"):
        loss = summary_loss(net, source[idx], written[idx])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    net.eval()
    return losses


@torch.no_grad()
def write_summaries(
    net: PointerSummariser, source: Tensor, tokenizer: Tokenizer, longest: int = 30
) -> list[str]:
    """Token by token, the likeliest one, but no two tokens in a row that stood in a row before."""
    memory, state = net.encode(source)
    pad, start, end = (tokenizer.vocab_size + i for i in range(3))
    written = torch.full((len(source), 1), start)
    for _ in range(longest):
        probs, state = net.decode(source, memory, state, written[:, -1:])
        again = written[:, :-1] == written[:, -1:]  # where the last token stood before
        banned = torch.where(again, written[:, 1:], pad)
        idx = probs[:, 0].scatter(1, banned, 0).argmax(-1, keepdim=True)
        written = torch.cat([written, idx], 1)
    rows = [[*row[1:], end] for row in written.tolist()]
    kept = ([i for i in row[: row.index(end)] if i < pad] for row in rows)
    return [tokenizer.decode(row).strip() for row in kept]


def mean_rouge(texts: Sequence[str], summaries: Sequence[str]) -> list[float]:
    """Mean ROUGE-1, 2 and L over pairs of texts."""
    return np.mean([rouge(*pair) for pair in zip(texts, summaries)], 0).round(4).tolist()


def group_interval(
    values: Sequence[float], groups: np.ndarray, draws: int = 1000
) -> tuple[float, float, float]:
    """A mean and its 95 % interval when whole groups are drawn anew (the cluster bootstrap).

    Shapes:
        values (N,), groups (N,): pairs of one group are drawn together or not at all.

    Explained in: 5.1.2
    """
    _, of = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(of, values), np.bincount(of)
    even = np.full(len(sizes), 1 / len(sizes))
    times = np.random.default_rng(0).multinomial(len(sizes), even, draws)
    low, high = np.quantile(times @ sums / (times @ sizes), [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)


WAYS = {
    "body": {},
    "no copying": {"copies": False},
    "name and body": {"reads": "name and body"},
    "name": {"reads": "name"},
    "half": {"share": 0.5},
    "quarter": {"share": 0.25},
    "random split": {"split": "random"},
    "package": {"split": "package"},
}
"""The network; without copying; with the name before the body, or alone; trained on part of the
pairs, in as many steps; under a split that ignores files; without networkx and tested on it."""


def split_pairs(pairs: Pairs, split: str, seed: int) -> tuple[np.ndarray, ...]:
    """Positions for training, validation and test: by file, at random, or networkx left out."""
    if split == "package":
        outside = np.array([name.startswith("networkx/") for name in pairs.names])
        validation = split_by(pairs.groups, seed)[1]
        rest = np.flatnonzero(~outside)
        return (
            np.setdiff1d(rest, validation),
            np.intersect1d(rest, validation),
            np.flatnonzero(outside),
        )
    return split_by(pairs.groups if split == "file" else np.arange(len(pairs.names)), seed)


def rule_scores(pairs: Pairs, train: np.ndarray, test: np.ndarray) -> dict[str, list[float]]:
    """Mean ROUGE of rules that train nothing, on the same test pairs."""
    bodies, summaries = ([texts[i] for i in test] for texts in pairs[:2])
    at, _ = nearest_bodies([pairs.bodies[i] for i in train], bodies)
    cut = [sentences(body) for body in bodies]
    best = [max(many, key=lambda one: rouge_n(one, text, 1)) for many, text in zip(cut, summaries)]
    told = {
        "Lead-1": [many[0] for many in cut],
        "oracle": best,
        "retrieval": [pairs.summaries[train[i]] for i in at],
        "name": [spoken_name(pairs.names[i]) for i in test],
    }
    return {name: mean_rouge(texts, summaries) for name, texts in told.items()}


def summary_run(pairs: Pairs, way: str, seed: int, width: int, longest: int) -> dict[str, Any]:
    """Split, train one network, and score it and the baselines."""
    options = {"split": "file", "share": 1.0, "reads": "body", "copies": True} | WAYS[way]
    train, validation, test = split_pairs(pairs, options["split"], seed)
    told = rule_scores(pairs, train, test)
    train = np.random.default_rng(seed).permutation(train)[: round(options["share"] * len(train))]
    names = [spoken_name(name) for name in pairs.names]
    both = [f"{name}: {body}" for name, body in zip(names, pairs.bodies)]
    texts = {"body": pairs.bodies, "name": names, "name and body": both}[options["reads"]]
    tokenizer = train_bpe([f"{texts[i]} {pairs.summaries[i]}" for i in train], 1024)
    source = token_rows(texts, tokenizer, longest, end=False)
    written = token_rows(pairs.summaries, tokenizer, 40, end=True)
    seed_everything(seed)
    net = PointerSummariser(tokenizer.vocab_size + 3, width, copies=options["copies"])
    start = process_time()
    losses = train_summariser(net, source[train], written[train], round(8 / options["share"]))
    seconds = process_time() - start
    with torch.no_grad():
        nats = summary_loss(net, source[validation], written[validation]).item()
    return {
        "way": way,
        "seed": seed,
        "parameters": parameters(net),
        "cpu_seconds": round(seconds, 1),
        "pairs": [len(train), len(validation), len(test)],
        "loss": [round(float(np.mean(losses[-40:])), 4), round(nats, 4)],
        "validation": mean_rouge(
            write_summaries(net, source[validation], tokenizer),
            [pairs.summaries[i] for i in validation],
        ),
        **score_writing(
            pairs,
            train,
            test,
            texts,
            write_summaries(net, source[test], tokenizer),
            write_summaries(net, source[test].roll(len(test) // 2, 0), tokenizer),
        ),
        **told,
    }


def score_writing(
    pairs: Pairs,
    train: np.ndarray,
    test: np.ndarray,
    texts: Sequence[str],
    outputs: Sequence[str],
    foreign: Sequence[str],
) -> dict[str, Any]:
    """How near outputs for the test pairs are to the summaries, and how true to the texts read.

    `foreign` was written from the text of another pair, half the test part away: in the order of
    files, pairs that are next to one another are alike. `invented` is the share of content words
    that are not in the text; `faithful` counts outputs without any, with the mean ROUGE-1 of
    these and of the others.
    """
    truth = [pairs.summaries[i] for i in test]
    lead = [sentences(pairs.bodies[i])[0] for i in test]
    scores, others, first = (
        np.array([rouge_n(*pair, 1) for pair in zip(told, truth)])
        for told in (outputs, foreign, lead)
    )
    openers = common_openers([pairs.summaries[i] for i in train])
    new = np.array([len(invented(text, texts[i], openers)) for text, i in zip(outputs, test)])
    content = sum(len(content_words(text, openers)) for text in outputs)
    two = (round(float(scores[at].sum()) / max(at.sum(), 1), 4) for at in (new == 0, new > 0))
    return {
        "test": mean_rouge(outputs, truth),
        "text of another": mean_rouge(foreign, truth),
        **{
            name: np.round(group_interval(scores - rival, pairs.groups[test]), 4).tolist()
            for name, rival in (("minus Lead-1", first), ("minus another's", others))
        },
        "words": round(float(np.mean([len(text.split()) for text in outputs])), 2),
        "invented": round(int(new.sum()) / content, 4),
        "faithful": [int((new == 0).sum()), *two],
        "written": {pairs.names[test[i]]: outputs[i] for i in range(0, len(test), 90)},
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.summaries", description=__doc__
    )
    parser.add_argument("--ways", choices=[*WAYS], nargs="+", default=[*WAYS], metavar="WAY")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--longest", type=int, default=64, help="tokens of a body that are read")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", metavar="NAME", help="write book/results/NAME.json")
    options = parser.parse_args(arguments)
    pairs, runs = summary_pairs(), []
    for seed in options.seeds:
        for way in options.ways:
            runs.append(summary_run(pairs, way, seed, options.width, options.longest))
            print(json.dumps(runs[-1]), flush=True)
    if options.record:
        seeds, ways = " ".join(map(str, options.seeds)), " ".join(f'"{w}"' for w in options.ways)
        record = records.Record(
            name=options.record,
            what="ROUGE-1, 2 and L of written summary lines, by split, by what the network reads "
            "and by how much it was trained on; loss in nats a token, training and validation.",
            command=f"python -m utils.fullscale.summaries --record {options.record} --width "
            f"{options.width} --longest {options.longest} --seeds {seeds} --ways {ways}",
            seeds=options.seeds,
            settings={"width": options.width, "longest": options.longest},
            results={"runs": runs},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
