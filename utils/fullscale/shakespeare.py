"""Shakespeare by characters: nanoGPT's CPU configuration and ours, trained in turns.

The reference is `model.py` of nanoGPT itself, from a copy that `--nanogpt` names, driven as its
`train.py` does at the settings of its README for a CPU; the loop is written anew without logging
and checkpoints, and its batches come from memory, which favours it. Ours is `CopyingGPT` with the
recipe of `language`. Both are scored on the same tenth of the text in the same windows, so that
no character has more than 64 before it. Settings of ours were chosen with `--tune`, which scores
on the last ninth of the training text and never looks at the validation part.

Explained in: 4.3
"""

import argparse
import importlib.util
import json
import math
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import mean, median
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from utils import data, records
from utils.fullscale import commit
from utils.fullscale.mnist import Clock
from utils.language import language_optimizer, token_loss, token_windows
from utils.measure import parameters
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything
from utils.text import NGram
from utils.training import History, batches, cosine, train_epoch

T = 64  # characters of context, in training and in scoring
REPOSITORY = "https://github.com/karpathy/nanoGPT"

Scores = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Reference:
    """nanoGPT's settings for a CPU: its README's command over `train_shakespeare_char.py`."""

    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 128
    block_size: int = T
    batch_size: int = 12
    iterations: int = 2000
    learning_rate: float = 1e-3
    min_lr: float = 1e-4
    warmup: int = 100
    beta2: float = 0.99
    weight_decay: float = 0.1
    grad_clip: float = 1.0


@dataclass(frozen=True)
class Ours:
    """Settings of `CopyingGPT` and its training."""

    d_model: int = 96
    n_heads: int = 2
    n_layers: int = 2
    batch_size: int = 12
    iterations: int = 1000
    lr: float = 6e-3
    lr_tables: float = 3e-2
    warmup: int = 20


def characters(tune: bool = False) -> tuple[Tensor, Tensor, int]:
    """Training and validation part as numbers of characters, nine tenths to one; their count.

    Shapes:
        (N,), (M,) and V.
    """
    text = data.load("shakespeare")
    number = {sign: n for n, sign in enumerate(sorted(set(text)))}
    ids = torch.tensor([number[sign] for sign in text])
    train, validation = ids.split([int(0.9 * len(ids)), len(ids) - int(0.9 * len(ids))])
    if tune:
        train, validation = train[: -len(train) // 9], train[-len(train) // 9 :]
    return train, validation, len(number)


def nanogpt(folder: Path) -> tuple[ModuleType, str]:
    """nanoGPT's `model.py` as a module, and its commit, from a clone or a bare copy of it."""
    git = ["git", "-C", str(folder)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    code = subprocess.run([*git, "show", "HEAD:model.py"], capture_output=True, check=True)
    spec = importlib.util.spec_from_loader("nanogpt_model", loader=None)
    module = importlib.util.module_from_spec(spec)
    exec(compile(code.stdout, "nanoGPT/model.py", "exec"), module.__dict__)
    return module, head.stdout.strip()


def reference_rate(settings: Reference, step: int) -> float:
    """nanoGPT's learning rate at a step: a linear warm-up, then half a cosine to a tenth."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / (settings.warmup + 1)
    share = (step - settings.warmup) / (settings.iterations - settings.warmup)
    fallen = 0.5 * (1 + math.cos(math.pi * share))
    return settings.min_lr + fallen * (settings.learning_rate - settings.min_lr)


class Run:
    """One training run: its clock stops while the model is scored, at four places."""

    def __init__(self, name: str, seed: int, iterations: int, validation: Tensor):
        self.name, self.seed, self.iterations, self.validation = name, seed, iterations, validation
        self.marks = [round(iterations * n / 4) for n in range(1, 5)]
        self.clock, self.curve = Clock(), []

    def mark(self, scores: Scores, step: int) -> None:
        self.clock.lap("training")
        point = {"iterations": step, "validation_loss": exact_loss(scores, self.validation)}
        spent = {"cpu_seconds": self.clock.cpu["training"], "seconds": self.clock.wall["training"]}
        self.curve.append(point | {key: round(value, 3) for key, value in spent.items()})
        self.clock.lap("scoring")

    def result(self, scores: Scores, model: nn.Module, batch_size: int) -> dict[str, Any]:
        last, tokens = self.curve[-1], self.iterations * batch_size * T
        return {
            "seed": self.seed,
            "parameters": parameters(model),
            "tokens": tokens,
            **{key: last[key] for key in ("validation_loss", "cpu_seconds", "seconds")},
            "random_batches_loss": random_loss(scores, self.validation, self.seed),
            "tokens_per_cpu_second": round(tokens / last["cpu_seconds"]),
            "tokens_per_second": round(tokens / last["seconds"]),
            "curve": self.curve,
        }


def train_reference(
    module: ModuleType, settings: Reference, parts: tuple[Tensor, Tensor, int], seed: int
) -> dict[str, Any]:
    """Train nanoGPT's model as its `train.py` does on a CPU."""
    train, validation, V = parts
    torch.manual_seed(seed)
    run = Run("nanogpt", seed, settings.iterations, validation)
    sizes = {key: getattr(settings, key) for key in ("n_layer", "n_head", "n_embd", "block_size")}
    model = module.GPT(module.GPTConfig(vocab_size=V, dropout=0.0, bias=False, **sizes))
    optimizer = model.configure_optimizers(
        settings.weight_decay, settings.learning_rate, (0.9, settings.beta2), "cpu"
    )
    overlapping = train.unfold(0, T + 1, 1)  # a view: every start is possible
    for step in range(settings.iterations):
        for group in optimizer.param_groups:
            group["lr"] = reference_rate(settings, step)
        drawn = overlapping[torch.randint(len(overlapping), (settings.batch_size,))]
        loss = model(drawn[:, :-1].contiguous(), drawn[:, 1:].contiguous())[1]
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.grad_clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()  # as its log does
        if step + 1 in run.marks:
            run.mark(lambda idx: model(idx, idx)[0], step + 1)
    return run.result(lambda idx: model(idx, idx)[0], model, settings.batch_size)


def train_ours(settings: Ours, parts: tuple[Tensor, Tensor, int], seed: int) -> dict[str, Any]:
    """Train `CopyingGPT` on windows that do not overlap, in a random order."""
    train, validation, V = parts
    torch.manual_seed(seed)
    run = Run("ours", seed, settings.iterations, validation)
    model = CopyingGPT(GPTConfig(V, T, settings.d_model, settings.n_heads, settings.n_layers))
    optimizer = language_optimizer(model, settings.lr, settings.lr_tables)
    schedule = cosine(optimizer, settings.iterations, settings.warmup)
    pair, generator = token_windows(train, T), torch.Generator().manual_seed(seed)
    done, history, waiting = 0, History(), iter(())
    for mark in run.marks:
        while done < mark:
            drawn = list(islice(waiting, mark - done))
            if not drawn:
                waiting = batches(*pair, settings.batch_size, generator)
                continue
            train_epoch(model, drawn, optimizer, schedule, token_loss, history)
            done += len(drawn)
        run.mark(model, done)
    return run.result(model, model, settings.batch_size)


@torch.no_grad()
def exact_loss(scores: Scores, ids: Tensor) -> float:
    """The mean over all of a text, in windows of 64 that do not overlap. Units: nats."""
    x, y = token_windows(ids, T)
    pairs = zip(x.split(256), y.split(256))
    return sum(token_loss(scores(a), b).item() * len(a) for a, b in pairs) / len(x)


@torch.no_grad()
def random_loss(scores: Scores, ids: Tensor, seed: int, n: int = 200) -> float:
    """As nanoGPT estimates it: the mean over 200 random batches of 12. Units: nats."""
    generator = torch.Generator().manual_seed(seed)
    starts = torch.randint(len(ids) - T, (n, 12), generator=generator)
    drawn = ids.unfold(0, T + 1, 1)
    pairs = ((drawn[at][:, :-1].contiguous(), drawn[at][:, 1:]) for at in starts)
    return mean(token_loss(scores(x), y).item() for x, y in pairs)


def ngram_losses(train: Tensor, validation: Tensor, V: int) -> dict[str, float]:
    """What Kneser–Ney models of several orders, counted on the training part, lose a character."""
    orders = {str(n): NGram(train, n, V) for n in range(4, 9)}
    return {n: -model.log_probs(validation).mean().item() for n, model in orders.items()}


def compare(
    module: ModuleType, parts: tuple[Tensor, Tensor, int], seeds: list[int]
) -> dict[str, Any]:
    """Both on every seed, in turns; ratios of times are the reference's over ours."""
    runs: dict[str, list[dict]] = {"nanogpt": [], "ours": []}
    for i, seed in enumerate(seeds):
        turns = {
            "nanogpt": lambda seed=seed: train_reference(module, Reference(), parts, seed),
            "ours": lambda seed=seed: train_ours(Ours(), parts, seed),
        }
        for name in turns if i % 2 == 0 else reversed(turns):
            runs[name].append(turns[name]())
            print(name, json.dumps(runs[name][-1]), flush=True)
    results: dict[str, Any] = {**runs, "ngram": ngram_losses(*parts)}
    for unit in ("cpu_seconds", "seconds"):
        ratios = [a[unit] / b[unit] for a, b in zip(runs["nanogpt"], runs["ours"])]
        results[f"{unit}_ratio"] = {"per_seed": ratios, "median": median(ratios)}
    return results


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    seed_everything(0)
    torch.set_num_threads(options.threads)
    parts = characters(options.tune)
    if options.nanogpt is None:
        for seed in options.seeds:
            print(json.dumps(train_ours(Ours(), parts, seed)), flush=True)
        return
    module, head = nanogpt(options.nanogpt)
    results = compare(module, parts, options.seeds)
    results["machine_state"] = {"threads": options.threads, "load_average": os.getloadavg()[0]}
    if options.record:
        record = records.Record(
            name="shakespeare",
            what="Validation loss by characters and seconds of training on tiny Shakespeare, of "
            "nanoGPT's CPU configuration and of ours, in turns; windows of 64 for both.",
            command="python -m utils.fullscale.shakespeare --nanogpt FOLDER --record"
            f" --seeds {' '.join(map(str, options.seeds))} --threads {options.threads}"
            f" (FOLDER: a clone of {REPOSITORY} at {head[:8]})",
            seeds=options.seeds,
            settings={"nanogpt": asdict(Reference()), "ours": asdict(Ours())},
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.shakespeare",
        description="Train on Shakespeare's characters, alone or in turns with nanoGPT.",
    )
    parser.add_argument("--nanogpt", type=Path, help=f"a clone of {REPOSITORY}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="S")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tune", action="store_true", help="score on a part of the training text")
    parser.add_argument("--record", action="store_true", help="write book/results/shakespeare.json")
    options = parser.parse_args(arguments)
    if options.record and (options.nanogpt is None or options.tune):
        parser.error("--record goes with --nanogpt, and without --tune")
    return options


if __name__ == "__main__":
    main()
