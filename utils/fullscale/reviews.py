"""Film reviews at full scale: bags of words, an LSTM and a Transformer, on the same ten folds.

Every sentence is tested once, by models that were trained on the nine other folds; a fold's number
is the seed of its networks. Settings were chosen on 960 sentences of the first fold's training
part. What the models get right is counted by construction, found by the words that mark it; and
the same models judge `opinions`, sentences of a grammar that they have never seen.

Explained in: 5.1.3
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC
from torch import Tensor, nn

from utils import data, records
from utils.fullscale import commit
from utils.measure import binomial_interval, parameters
from utils.models import Block, GPTConfig
from utils.runtime import seed_everything
from utils.training import fit, one_cycle

MARKS = {
    "negation": r"\b(not|no|never|hardly|nor|neither|without|nothing|nobody|none|cannot)\b|n't\b",
    "but": r"\bbut\b",
    "although": r"\b(although|though|despite|while|whereas)\b",
    "comparative": r"\bthan\b",
}
"""Words that mark a construction; a sentence may have several, or none."""
LONGEST = 40  # words that a network reads; one review in fifty is longer

Predict = Callable[[Sequence[str]], np.ndarray]


def word_numbers(texts: Sequence[str], least: int = 1) -> dict[str, int]:
    """Numbers from 2 for the words that stand at least `least` times; 0 pads, 1 is any other."""
    counts = Counter(word for text in texts for word in text.split())
    return {word: i for i, word in enumerate(sorted(w for w in counts if counts[w] >= least), 2)}


def as_tokens(texts: Sequence[str], numbers: dict[str, int], longest: int = LONGEST) -> Tensor:
    """Texts as word numbers (N, T), padded with 0 to the longest of them."""
    rows = [[numbers.get(word, 1) for word in text.split()[:longest]] for text in texts]
    tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    for row, idx in zip(tokens, rows):
        row[: len(idx)] = torch.tensor(idx)
    return tokens


class SentenceLSTM(nn.Module):
    """Reads word by word; scores classes from the last state, or from the largest of each number.

    Shapes:
        idx (B, T), 0 after the last word -> logits (B, 2).

    Source: Hochreiter and Schmidhuber 1997; the maximum over time after Collobert et al. 2011.
    Explained in: 5.1.3
    """

    def __init__(self, vocab_size, d_model, dropout=0.0, pooled=False):
        super().__init__()
        self.pooled, self.dropout = pooled, nn.Dropout(dropout)
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.lstm = nn.LSTM(d_model, d_model, batch_first=True)
        self.head = nn.Linear(d_model, 2)

    def forward(self, idx: Tensor) -> Tensor:
        n_words = (idx > 0).sum(1)  # (B,)
        idx = idx[:, : int(n_words.max())]
        states, _ = self.lstm(self.dropout(self.embedding(idx)))  # (B, T, C)
        if self.pooled:  # states lie between -1 and 1
            read = states.masked_fill((idx == 0)[..., None], -1).amax(1)  # (B, C)
        else:
            read = states[torch.arange(len(idx)), n_words - 1]  # (B, C)
        return self.head(self.dropout(read))


class SentenceTransformer(nn.Module):
    """Causal blocks over words and positions; scores classes from the last word, or from the mean.

    Shapes:
        idx (B, T), 0 after the last word, T at most `length` -> logits (B, 2).

    Source: Vaswani et al. 2017; the blocks are those of `GPT`.
    Explained in: 5.1.3
    """

    def __init__(self, vocab_size, d_model, n_layers, dropout=0.0, pooled=False, length=64):
        super().__init__()
        config = GPTConfig(vocab_size, length, d_model, n_heads=4, n_layers=n_layers)
        self.pooled, self.dropout = pooled, nn.Dropout(dropout)
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.position = nn.Embedding(length, d_model)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(n_layers)))
        self.norm, self.head = nn.LayerNorm(d_model), nn.Linear(d_model, 2)
        for table in (self.embedding, self.position):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, idx: Tensor) -> Tensor:
        n_words = (idx > 0).sum(1)  # (B,)
        idx = idx[:, : int(n_words.max())]
        x = self.embedding(idx) + self.position.weight[: idx.shape[1]]  # (B, T, C)
        x = self.norm(self.blocks(self.dropout(x)))
        if self.pooled:
            read = (x * (idx > 0)[..., None]).sum(1) / n_words[:, None]  # (B, C)
        else:
            read = x[torch.arange(len(idx)), n_words - 1]  # (B, C)
        return self.head(self.dropout(read))


def log_count_ratio(counts: Any, y: np.ndarray) -> np.ndarray:
    """How much likelier each feature is in class 1 than in class 0, as a logarithm.

    Shapes:
        counts (N, V), y (N,) of 0 and 1 -> (V,). One is added to every count.

    Source: Wang and Manning 2012, section 2.
    Explained in: 5.1.3
    """
    for_it, against = (1 + np.asarray(counts[y == label].sum(0)).ravel() for label in (1, 0))
    return np.log(for_it / for_it.sum()) - np.log(against / against.sum())


def fit_network_reader(
    name: str, texts: Sequence[str], y: Tensor, seed: int
) -> tuple[Predict, int]:
    """Train one network; returns how it predicts, and its number of parameters."""
    numbers = word_numbers(texts, least=2)
    torch.manual_seed(seed)
    kind, sizes, epochs, rate = NETWORKS[name]
    net = kind(len(numbers) + 2, **sizes)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.0, fused=True)
    steps = epochs * -(-len(texts) // 64)
    options = {"epochs": epochs, "batch_size": 64, "seed": seed, "optimizer": optimizer}
    examples = as_tokens(texts, numbers), y
    fit(net, examples, scheduler=one_cycle(optimizer, steps, rate), **options)

    @torch.no_grad()
    def predict(texts: Sequence[str]) -> np.ndarray:
        tokens = as_tokens(texts, numbers)
        return torch.cat([net.eval()(part).argmax(1) for part in tokens.split(500)]).numpy()

    return predict, parameters(net)


def fit_linear_reader(name: str, texts: Sequence[str], y: Tensor, seed: int) -> tuple[Predict, int]:
    """Train one bag of words or of pairs; returns how it predicts, and its number of weights."""
    longest, is_weighted = LINEAR[name]
    vectorizer = CountVectorizer(ngram_range=(1, longest), token_pattern=r"\S+", binary=True)
    counts, y = vectorizer.fit_transform(texts), y.numpy()
    ratio = log_count_ratio(counts, y) if is_weighted else np.ones(counts.shape[1])
    model = LinearSVC(C=0.1) if is_weighted else LogisticRegression(solver="liblinear")
    model.fit(counts.multiply(ratio).tocsr(), y)

    def predict(texts: Sequence[str]) -> np.ndarray:
        return model.predict(vectorizer.transform(texts).multiply(ratio).tocsr())

    return predict, counts.shape[1] + 1


LINEAR = {
    "logistic, words": (1, False),
    "logistic, words and pairs": (2, False),
    "naive Bayes and SVM": (2, True),
}
"""The longest n-gram, and whether features carry naive Bayes' weights."""
NETWORKS = {
    "LSTM": (SentenceLSTM, {"d_model": 64, "dropout": 0.5, "pooled": True}, 6, 0.01),
    "Transformer": (
        SentenceTransformer,
        {"d_model": 64, "n_layers": 1, "dropout": 0.5, "pooled": True},
        5,
        0.003,
    ),
}
"""Class, sizes, epochs and largest learning rate."""
MODELS = (*LINEAR, *NETWORKS)
BASELINE = "logistic, words and pairs"


def cross_validate(n_folds: int = 10, n_opinions: int = 1600) -> dict[str, Any]:
    """Every model on every fold: accuracies in all and by construction, and on the grammar."""
    reviews, opinions = data.load("reviews"), data.load("opinions", n=n_opinions, part="test")
    texts, y = np.array(reviews.texts, dtype=object), reviews.y
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
    is_right = {name: np.zeros(len(y), bool) for name in MODELS}
    on_grammar: dict[str, list] = {name: [] for name in MODELS}
    seconds, sizes, per_fold = Counter(), {}, {name: [] for name in MODELS}
    for seed, (train, test) in enumerate(folds.split(texts, y)):
        for name in MODELS:
            start = process_time()
            train_one = fit_linear_reader if name in LINEAR else fit_network_reader
            predict, sizes[name] = train_one(name, texts[train], y[train], seed)
            seconds[name] += process_time() - start
            is_right[name][test] = predict(texts[test]) == y[test].numpy()
            on_grammar[name].append(predict(opinions.texts) == opinions.y.numpy())
            per_fold[name].append(float(is_right[name][test].mean()))
            print(seed, name, f"{per_fold[name][-1]:.4f}", flush=True)
    groups = {"all": np.ones(len(y), bool)} | marked(texts)
    kinds = np.array(opinions.constructions)
    return {
        "models": {
            name: {
                "parameters": sizes[name],
                "cpu_seconds": round(seconds[name], 1),
                "per_fold": [round(value, 4) for value in per_fold[name]],
                "reviews": {
                    k: shares(is_right[name], is_right[BASELINE], groups[k]) for k in groups
                },
                "opinions": {
                    k: [round(float(run[kinds == k].mean()), 4) for run in on_grammar[name]]
                    for k in dict.fromkeys(opinions.constructions)
                },
            }
            for name in MODELS
        },
        "errors": errors(texts, y.numpy(), is_right, groups),
    }


def marked(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Which texts have a word of each of `MARKS`, and which of none: (N,) truth values each."""
    found = {k: np.array([bool(re.search(mark, t)) for t in texts]) for k, mark in MARKS.items()}
    return found | {"none of these": ~np.any([*found.values()], axis=0)}


def shares(is_right: np.ndarray, baseline: np.ndarray, group: np.ndarray) -> dict[str, Any]:
    """Accuracy within a group, its interval, and on how many sentences the baseline differs."""
    n, right = int(group.sum()), int(is_right[group].sum())
    return {
        "n": n,
        "accuracy": round(right / n, 4),
        "interval": [round(end, 4) for end in binomial_interval(right, n)],
        "gained": int((is_right & ~baseline & group).sum()),
        "lost": int((~is_right & baseline & group).sum()),
    }


def errors(texts, y, is_right, groups, each: int = 2) -> list[dict[str, Any]]:
    """The shortest sentences of at least eight words that no model gets right, by construction."""
    missed = ~np.any([*is_right.values()], axis=0)
    rows = []
    for construction in MARKS:
        at = [i for i in np.flatnonzero(missed & groups[construction]) if len(texts[i].split()) > 7]
        for i in sorted(at, key=lambda i: (len(texts[i]), i))[:each]:
            label = ("against", "for")[int(y[i])]
            rows.append({"construction": construction, "text": texts[i].strip(), "label": label})
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.reviews", description=__doc__)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--record", action="store_true", help="write book/results/reviews.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    results = cross_validate(options.folds)
    print(json.dumps({k: v["reviews"]["all"] for k, v in results["models"].items()}, indent=1))
    if options.record:
        record = records.Record(
            name="reviews",
            what="Shares of film-review sentences that each model judges rightly, every sentence "
            "tested once in cross-validation, in all and by construction; and of the sentences of "
            "the grammar `opinions`, judged by the same models.",
            command=f"python -m utils.fullscale.reviews --record --folds {options.folds}",
            seeds=[*range(options.folds)],
            settings={
                name: {"class": kind.__name__, **sizes, "epochs": epochs, "rate": rate}
                for name, (kind, sizes, epochs, rate) in NETWORKS.items()
            },
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
