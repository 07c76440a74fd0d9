"""MNIST to 99 % test accuracy on a CPU: a well-known recipe and ours, timed in turns.

The reference is what `mnist/main.py` of pytorch/examples does on a CPU, written anew: its network
with dropout, batches of 64 in the files' order, Adadelta from 1.0 falling by 0.7 an epoch, and a
DataLoader that turns every picture into a normalised tensor each time it is read. torchvision is
not needed: `ItemByItem` does the same with less work, so the comparison favours the reference.
It also may stop at the first epoch that passes 99 % on the test set; ours has a fixed length that
was chosen on training pictures held out (`--validation`), and its last accuracy counts.

Explained in: 4.1
"""

import argparse
import json
import math
import os
from collections import Counter
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import islice
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, StepLR
from torch.utils.data import DataLoader, Dataset

from utils import data, records
from utils.fullscale import commit
from utils.models import ConvNet
from utils.runtime import device
from utils.training import History, batches, evaluate, one_cycle, train_epoch

MEAN, STD = 0.1307, 0.3081  # of the training pixels, as the reference writes them
GOAL = 0.99
SEEN = 26  # of 28 rows and columns: without padding, both pools round down

Examples = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Recipe:
    """What a recipe does differently from the reference; the defaults are the reference's."""

    document_network: bool = False  # the document's network, mended without padding
    in_memory: bool = False  # normalised once, as one tensor, and shuffled
    adamw: bool = False  # fused AdamW without decay at `rate`, in place of Adadelta
    one_cycle: bool = False  # up to `peak` and down, in place of a step down per epoch
    channels_last: bool = False  # the memory order in which CPU convolutions read fastest
    pool_first: bool = False  # the same function with a quarter of the ReLU's work
    crop: bool = False  # the same function without two rows and columns that it never sees
    smooth_labels: bool = False  # 5 % of each target spread over all classes
    epochs: float = 14
    batch_size: int = 64
    rate: float = 1e-3
    peak: float = 3e-3


SWITCHES = [field.name for field in fields(Recipe) if field.type is bool]
REFERENCE = Recipe()
FAST = Recipe(epochs=1.5, **dict.fromkeys(SWITCHES, True))
STEPS = {
    name: Recipe(epochs=FAST.epochs, **dict.fromkeys(SWITCHES[:n], True))
    for n, name in enumerate(["reference", *SWITCHES])
}
"""From the reference to ours: each step keeps those before it."""


class ReferenceNet(nn.Module):
    """The reference's network: one pool only, hence 9,216 features, and two dropouts.

    Shapes:
        images (B, 1, 28, 28) -> log-probabilities (B, 10).
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(64 * 12 * 12, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x))))  # (B, 64, 24, 24)
        x = torch.flatten(self.dropout1(F.max_pool2d(x, 2)), 1)  # (B, 9216)
        x = self.dropout2(F.relu(self.fc1(x)))  # (B, 128)
        return F.log_softmax(self.fc2(x), dim=1)


class PoolFirst(ConvNet):
    """`ConvNet` with each pool before its ReLU: the maximum and the ReLU may change places."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class ItemByItem(Dataset):
    """Pictures turned into tensors one at a time, as torchvision's data set and transforms do.

    Shapes:
        pictures (N, 28, 28) bytes -> items (1, 28, 28), normalised, with their label.
    """

    def __init__(self, pictures: Tensor, labels: Tensor):
        self.pictures, self.labels = pictures, labels

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.pictures[i].numpy())
        x = torch.from_numpy(np.array(picture))[None].float().div(255)
        return x.sub(MEAN).div(STD), int(self.labels[i])


def train(
    recipe: Recipe, examples: Examples, test: Examples, seed: int, stop_at: float = math.inf
) -> dict[str, Any]:
    """Train once, for the recipe's epochs or until `test` shows an accuracy of `stop_at`.

    Shapes:
        examples and test: pictures (N, 28, 28) bytes, labels (N,).

    Units: `seconds` of wall clock and `cpu_seconds` of all threads are spent on training from
    the bytes to the last step; `evaluation_seconds` come on top.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    clock, history = Clock(), History()
    model = _network(recipe).to(device())
    steps = -(-len(examples[0]) // recipe.batch_size)  # per epoch
    steps_left = round(steps * recipe.epochs)
    optimizer, scheduler = _optimizer(recipe, model, steps, steps_left)
    if recipe.in_memory:
        x = _normalised(recipe, examples[0])
    else:
        loader = DataLoader(ItemByItem(*examples), recipe.batch_size)
    loss = partial(F.cross_entropy, label_smoothing=0.05 if recipe.smooth_labels else 0.0)
    clock.lap("training")
    accuracies: list[float] = []
    while steps_left > 0:
        if recipe.in_memory:
            loader = batches(x, examples[1], recipe.batch_size, generator)
        train_epoch(model, islice(loader, steps_left), optimizer, scheduler, loss, history)
        steps_left -= steps
        clock.lap("training")
        accuracies.append(evaluate(model, _normalised(recipe, test[0]), test[1]).accuracy)
        clock.lap("evaluation")
        if accuracies[-1] >= stop_at:
            break
    return {
        "seed": seed,
        "epochs": round(len(history.step_losses) / steps, 3),
        "accuracies": accuracies,
        "seconds": round(clock.wall["training"], 2),
        "cpu_seconds": round(clock.cpu["training"], 2),
        "evaluation_seconds": round(clock.wall["evaluation"], 2),
    }


class Clock:
    """Adds up wall-clock and processor seconds under names, from lap to lap."""

    def __init__(self):
        self.wall, self.cpu = Counter(), Counter()
        self._last = perf_counter(), process_time()

    def lap(self, name: str) -> None:
        now = perf_counter(), process_time()
        self.wall[name] += now[0] - self._last[0]
        self.cpu[name] += now[1] - self._last[1]
        self._last = now


def _network(recipe: Recipe) -> nn.Module:
    if not recipe.document_network:
        model = ReferenceNet()
    else:
        kind = PoolFirst if recipe.pool_first else ConvNet
        model = kind(SEEN if recipe.crop else 28, padding=0)
    order = torch.channels_last if recipe.channels_last else torch.contiguous_format
    return model.to(memory_format=order)


def _optimizer(
    recipe: Recipe, model: nn.Module, steps_per_epoch: int, steps: int
) -> tuple[Optimizer, LRScheduler | None]:
    if not recipe.adamw:
        optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
        return optimizer, StepLR(optimizer, step_size=steps_per_epoch, gamma=0.7)
    optimizer = torch.optim.AdamW(model.parameters(), recipe.rate, weight_decay=0.0, fused=True)
    if not recipe.one_cycle:
        return optimizer, None
    return optimizer, one_cycle(optimizer, steps, recipe.peak)


def _normalised(recipe: Recipe, pictures: Tensor) -> Tensor:
    if recipe.crop:
        pictures = pictures[:, :SEEN, :SEEN]
    return (pictures[:, None].float() / 255 - MEAN) / STD  # (N, 1, H, W)


def compare(examples: Examples, test: Examples, seeds: list[int]) -> dict[str, Any]:
    """Both recipes on every seed, in turns, and how many times faster ours is.

    The reference may stop at its first epoch that passes the goal; ours may not.
    """
    runs: dict[str, list[dict]] = {"reference": [], "fast": []}
    for i, seed in enumerate(seeds):
        for name in ("reference", "fast") if i % 2 == 0 else ("fast", "reference"):
            runs[name].append(train(RECIPES[name], examples, test, seed, STOP_AT[name]))
            print(name, json.dumps(runs[name][-1]), flush=True)
    results: dict[str, Any] = dict(runs)
    for unit in ("seconds", "cpu_seconds"):
        ratios = [a[unit] / b[unit] for a, b in zip(runs["reference"], runs["fast"])]
        results[f"{unit}_ratio"] = {"per_seed": ratios, "median": median(ratios)}
    return results


def walk(examples: Examples, test: Examples, seeds: list[int]) -> dict[str, Any]:
    """Every step from the reference to ours, each for as many steps as ours, in one run."""
    rows = []
    for name, recipe in STEPS.items():
        rows += [{"step": name, **train(recipe, examples, test, seed)} for seed in seeds]
        print(json.dumps(rows[-len(seeds) :]), flush=True)
    return {"steps": rows}


def load(validation: bool = False) -> tuple[Examples, Examples]:
    """MNIST's training and test pictures, as bytes; or 50,000 and 10,000 of the training ones."""
    x, y = _bytes("train")
    if not validation:
        return (x, y), _bytes("test")
    n = len(x) - len(x) // 6
    return (x[:n], y[:n]), (x[n:], y[n:])


def _bytes(part: str) -> Examples:
    images = data.load("mnist", part=part)
    return (images.x[:, 0] * 255).round().to(torch.uint8), images.y


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    state = {
        "threads": options.threads,
        "omp_wait_policy": os.environ["OMP_WAIT_POLICY"],
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    examples, test = load(options.validation)
    if options.recipe in RECIPES:
        for seed in options.seeds:
            run = train(RECIPES[options.recipe], examples, test, seed, STOP_AT[options.recipe])
            print(json.dumps(run), flush=True)
        return
    name, what, measure, recipes = RECORDED[options.recipe]
    results = measure(examples, test, options.seeds)
    if options.record:
        seeds = " ".join(map(str, options.seeds))
        record = records.Record(
            name=name,
            what=what,
            command=f"python -m utils.fullscale.mnist --recipe {options.recipe} --record"
            f" --seeds {seeds} --threads {options.threads}",
            seeds=options.seeds,
            settings={key: asdict(recipe) for key, recipe in recipes.items()},
            results={**results, "machine_state": state},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


RECIPES = {"reference": REFERENCE, "fast": FAST}
STOP_AT = {"reference": GOAL, "fast": math.inf}
RECORDED = {
    "both": (
        "mnist-99",
        "Seconds of training that the reference and our recipe take to 99 % test accuracy on "
        "MNIST, in turns; the reference stops at the first epoch that passes, ours at its last.",
        compare,
        RECIPES,
    ),
    "steps": (
        "mnist-steps",
        "Seconds of training and test accuracies on MNIST, from the reference to our recipe one "
        "step at a time, each for our recipe's number of epochs.",
        walk,
        STEPS,
    ),
}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.mnist",
        description="Train on MNIST with the reference's recipe or ours, or compare them.",
    )
    parser.add_argument("--recipe", choices=[*RECIPES, *RECORDED], default="fast")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="S")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    parser.add_argument(
        "--validation",
        action="store_true",
        help="test on the last 10,000 training pictures and train on the others",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="write book/results/mnist-99.json (both) or mnist-steps.json (steps)",
    )
    options = parser.parse_args(arguments)
    if options.record and (options.recipe in RECIPES or options.validation):
        parser.error("--record goes with --recipe both or steps, and without --validation")
    return options


if __name__ == "__main__":
    main()
