"""What data are worth at equal compute: copies, noise, filters, repeated passes, synthetic text.

A small language model takes the same number of steps on the same number of tokens in every run;
only the tokens differ. Each seed draws its own training windows, weights and order.

Explained in: 7.3
"""

import argparse
import math
from collections.abc import Sequence
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from utils import data, records, training
from utils.fullscale import commit
from utils.language import language_optimizer, split_files, token_loss, token_windows
from utils.measure import parameters
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything
from utils.text import NGram, train_bpe

VOCAB, CONTEXT, BATCH, WIDTH = 512, 128, 4, 32
WINDOWS = 1024  # of 128 tokens each: what every run reads
SCORED = 400  # windows of the test files, and of the validation files
PASSES = (2, 4, 8, 16, 32)  # over WINDOWS divided by these
FRESH = (2, 4, 8)  # WINDOWS divided by these, read once: what less data and compute give
COPIES = ((0.5, 4), (0.5, 16), (0.5, 64), (0.5, 256), (0.25, 64), (0.75, 64))  # share, copies
NOISE = (0.1, 0.3)
FILTERS = {"classifier": (0.75, 0.5, 0.25, 0.125), "perplexity": (0.5, 0.25)}  # shares kept
GENERATIONS = 3
CHAINS = (("replaced", 1.0), ("accumulated", 1.0), ("replaced", 0.7))  # and temperatures
TRUSTED = 128  # windows that a filter may learn from


class Windows(NamedTuple):
    """Inputs and targets of each part, both (N, T), the training windows in random order."""

    train: Tensor
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def source_windows(seed: int, budget: int = 3_000_000) -> Windows:
    """Windows of source code: (N, T + 1) to train on, shuffled by `seed`, and pairs to score."""
    parts = split_files(data.source(data.text.PACKAGES, budget=budget).texts)
    tokenizer = train_bpe(parts["train"], VOCAB)
    pairs = {}
    for part, texts in parts.items():
        pairs[part] = token_windows(torch.tensor(tokenizer.encode("".join(texts))), CONTEXT)
    x, y = pairs["train"]
    whole = torch.cat([x, y[:, -1:]], 1)
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
    scored = {}
    for part in ("validation", "test"):
        every = max(1, len(pairs[part][0]) // SCORED)
        scored[part] = tuple(half[::every][:SCORED] for half in pairs[part])
    return Windows(whole[order], scored["validation"], scored["test"])


def filled(windows: Tensor, n: int) -> Tensor:
    """Exactly n windows: the first n, or all of them again and again."""
    return windows.repeat(math.ceil(n / len(windows)), 1)[:n]


def network_after(
    windows: Tensor,
    seed: int,
    passes: int = 1,
    targets: Tensor | None = None,
    noise: float | None = None,
) -> nn.Module:
    """A network after so many passes over these windows, each in an order of its own.

    With `noise`, its probabilities are mixed with the uniform distribution in the loss: the
    correction for targets of which that share was replaced at random.

    Shapes:
        windows (N, T + 1), targets (N, T) or else what follows each token in its window.

    Source: Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise" (forward).
    Explained in: 7.3
    """

    def corrected_loss(logits: Tensor, y: Tensor) -> Tensor:
        mixed = (1 - noise) * logits.softmax(-1) + noise / VOCAB
        return F.nll_loss(mixed.log().flatten(0, 1), y.flatten())

    torch.manual_seed(seed)
    net = CopyingGPT(GPTConfig(VOCAB, CONTEXT, WIDTH, 2, 1))
    pair = windows[:, :-1], windows[:, 1:] if targets is None else targets
    optimizer = language_optimizer(net, 6e-3, 3e-2)
    steps = passes * math.ceil(len(windows) / BATCH)
    schedule = training.cosine(optimizer, steps, warm_up=min(20, steps // 5))
    loss = token_loss if noise is None else corrected_loss
    options = {"epochs": passes, "batch_size": BATCH, "seed": seed, "loss": loss}
    training.fit(net, pair, optimizer=optimizer, scheduler=schedule, **options)
    return net


@torch.no_grad()
def loss_on(net: nn.Module, pair: tuple[Tensor, Tensor]) -> float:
    """The mean loss of a token. Units: nats."""
    return token_loss(net(pair[0]), pair[1]).item()


def loss_of_windows(net: nn.Module, windows: Tensor) -> float:
    """The mean loss of a token of windows (N, T + 1). Units: nats."""
    return loss_on(net, (windows[:, :-1], windows[:, 1:]))


def read_again(w: Windows, seed: int) -> dict[str, Any]:
    """Fewer and fewer windows, read more and more often; and the same windows, read once."""
    results: dict[str, Any] = {}
    for passes in PASSES:
        own = w.train[: WINDOWS // passes]
        net = network_after(own, seed, passes)
        losses = {"test_loss": loss_on(net, w.test), "own_loss": loss_of_windows(net, own[:SCORED])}
        results[f"{passes} passes"] = losses
    for divisor in FRESH:
        net = network_after(w.train[: WINDOWS // divisor], seed)
        results[f"once, {WINDOWS // divisor}"] = {"test_loss": loss_on(net, w.test)}
    return results


def copied(w: Windows, seed: int) -> dict[str, Any]:
    """A share of the windows is copies of a few, each as often; the rest is fresh."""
    results = {}
    for share, copies in COPIES:
        n_copied = round(share * WINDOWS)
        part = w.train[-max(1, n_copied // copies) :]
        net = network_after(
            torch.cat([w.train[: WINDOWS - n_copied], filled(part, n_copied)]), seed
        )
        results[f"share {share}, copies {copies}"] = {
            "test_loss": loss_on(net, w.test),
            "copied_loss": loss_of_windows(net, part),
        }
    return results


def noisy(w: Windows, clean: nn.Module, seed: int) -> dict[str, Any]:
    """A share of the targets is replaced at random; with and without a loss that knows it.

    `expected` is the loss of the network that learned from clean targets, its probabilities mixed
    with the uniform distribution.
    """
    fixed = torch.Generator().manual_seed(seed)
    own, results = w.train[:WINDOWS], {}
    with torch.no_grad():
        probs = clean(w.test[0]).softmax(-1).gather(2, w.test[1][..., None])
    for share in NOISE:
        is_noise = torch.rand(own[:, 1:].shape, generator=fixed) < share
        drawn = torch.randint(VOCAB, is_noise.shape, generator=fixed)
        targets = torch.where(is_noise, drawn, own[:, 1:])
        results[f"noise {share}"] = {
            "test_loss": loss_on(network_after(own, seed, targets=targets), w.test),
            "corrected": loss_on(network_after(own, seed, targets=targets, noise=share), w.test),
            "expected": -((1 - share) * probs + share / VOCAB).log().mean().item(),
        }
    return results


def polluted(w: Windows, seed: int) -> tuple[Tensor, Tensor]:
    """A pool of source and as much junk: shuffled, repeated and random windows, mixed.

    Shapes:
        (2 N, T + 1) windows, (2 N,) whether each is source.
    """
    fixed = torch.Generator().manual_seed(seed)
    good, rest = w.train[:WINDOWS], w.train[WINDOWS : 2 * WINDOWS]
    third = WINDOWS // 3
    length = CONTEXT + 1
    shuffled = torch.stack(
        [row[torch.randperm(length, generator=fixed)] for row in rest[: WINDOWS - 2 * third]]
    )
    repeated = rest[-third:, :12].repeat(1, math.ceil(length / 12))[:, :length]
    random = torch.randint(VOCAB, (third, length), generator=fixed)
    pool = torch.cat([good, shuffled, repeated, random])
    is_good = torch.arange(len(pool)) < WINDOWS
    order = torch.randperm(len(pool), generator=fixed)
    return pool[order], is_good[order]


def scores_of(pool: Tensor, trusted: Tensor) -> dict[str, Tensor]:
    """How unlike the trusted text each window is: by its loss alone, or by a classifier.

    The loss is that of a bigram model of one half of the trusted windows. The classifier tells
    the other half from a sample of the pool, by that loss and the share of different tokens.

    Shapes:
        pool (N, T + 1), trusted (M, T + 1) -> (N,) each.

    Explained in: 7.3
    """
    half = len(trusted) // 2
    model = NGram(trusted[:half].flatten(), 2, VOCAB)

    def features(windows: Tensor) -> Tensor:
        loss = -torch.stack([model.log_probs(row).mean() for row in windows])
        different = torch.tensor([len(row.unique()) for row in windows]) / windows.shape[1]
        return torch.stack([loss, loss**2, different, different**2], 1)

    every, known = features(pool), features(trusted[half:])
    scaled = [((rows - every.mean(0)) / every.std(0)).numpy() for rows in (every, known)]
    examples = np.concatenate([scaled[1], scaled[0][: len(known)]])  # the pool is in random order
    labels = np.arange(len(examples)) < len(known)
    classifier = LogisticRegression(max_iter=1000).fit(examples, labels)
    return {
        "perplexity": every[:, 0],
        "classifier": -torch.tensor(classifier.decision_function(scaled[0])),
    }


def filtered(w: Windows, seed: int) -> dict[str, Any]:
    """Networks trained on the best share of a polluted pool, repeated as far as needed."""
    pool, is_good = polluted(w, seed)
    trusted = w.train[-TRUSTED:]

    def report(kept: Tensor) -> dict[str, float]:
        net = network_after(filled(pool[kept], WINDOWS), seed)
        return {
            "test_loss": loss_on(net, w.test),
            "validation_loss": loss_on(net, w.validation),
            "good": is_good[kept].float().mean().item(),
        }

    results = {"everything": report(torch.arange(len(pool)))}
    scores = scores_of(pool, trusted)
    for name, shares in FILTERS.items():
        for share in shares:
            best = scores[name].argsort()[: round(share * len(pool))]
            results[f"{name}, {share}"] = report(best.sort().values)
    return results


@torch.no_grad()
def samples(net: nn.Module, first: Tensor, seed: int, temperature: float = 1.0) -> Tensor:
    """Windows drawn from the network, a token at a time, after given first tokens.

    Shapes:
        first (N,) -> (N, T + 1).
    """
    fixed = torch.Generator().manual_seed(seed)
    cache, columns = [], [first[:, None]]
    for _ in range(CONTEXT):
        probs = (net(columns[-1], cache)[:, -1] / temperature).softmax(-1)
        columns.append(probs.multinomial(1, generator=fixed))
    return torch.cat(columns, 1)


def diversity(windows: Tensor) -> dict[str, int]:
    """How many different tokens occur, and how many different runs of four."""
    runs = windows.unfold(1, 4, 1).flatten(0, 1)
    return {"tokens": len(windows.unique()), "runs": len(torch.unique(runs, dim=0))}


def generations(w: Windows, first: nn.Module, seed: int) -> dict[str, Any]:
    """Each network learns from what the one before wrote: alone, or with all that came before."""
    real, results = w.train[:WINDOWS], {}
    for name, temperature in CHAINS:
        net, seen, runs = first, real, [{"test_loss": loss_on(first, w.test), **diversity(real)}]
        for n in range(1, GENERATIONS + 1):
            fixed = torch.Generator().manual_seed(1000 * seed + n)
            written = samples(net, seen[:, 0][:WINDOWS], 1000 * seed + n, temperature)
            seen = written if name == "replaced" else torch.cat([seen, written])
            seen = seen[torch.randperm(len(seen), generator=fixed)]
            net = network_after(seen[:WINDOWS], seed + 100 * n)
            runs.append({"test_loss": loss_on(net, w.test), **diversity(written)})
        results[f"{name}, temperature {temperature}"] = runs
    return results


def measured_with(seed: int) -> dict[str, Any]:
    """All experiments with one seed."""
    start = process_time()
    w = source_windows(seed)
    clean = network_after(w.train[:WINDOWS], seed)
    results: dict[str, Any] = {
        "seed": seed,
        "clean": {
            "test_loss": loss_on(clean, w.test),
            "unseen_loss": loss_of_windows(clean, w.train[-SCORED:]),
        },
        "parameters": parameters(clean),
        "repeated": read_again(w, seed),
        "copied": copied(w, seed),
        "noisy": noisy(w, clean, seed),
        "filtered": filtered(w, seed),
        "generations": generations(w, clean, seed),
    }
    return results | {"cpu_seconds": round(process_time() - start, 1)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.data_quality")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument(
        "--record", action="store_true", help="write book/results/data-quality.json"
    )
    options = parser.parse_args(arguments)
    seed_everything(0)
    torch.set_num_threads(1)
    runs = []
    for seed in options.seeds:
        runs.append(measured_with(seed))
        print(runs[-1], flush=True)
    if options.record:
        record = records.Record(
            name="data-quality",
            what="Test losses of a small language model on source code, in nats a token, after "
            "equally many steps on equally many tokens of different worth.",
            command="python -m utils.fullscale.data_quality --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=list(options.seeds),
            settings={
                "batch_size": BATCH,
                "context_length": CONTEXT,
                "windows": WINDOWS,
                "width": WIDTH,
                "trusted_windows": TRUSTED,
            },
            results={f"seed {r['seed']}": r for r in runs},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
