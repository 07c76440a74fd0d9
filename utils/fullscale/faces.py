"""Olivetti's 40 people: faces compared by six methods, on people whom none of them has seen.

In each of several partitions the people fall into four folds of ten. Each fold is the test once,
and a method is fitted to the 30 others. What it leaves open is chosen before, on 20 against 10 of
those 30. Photographs of 64x64 pixels are halved to 32x32.

Explained in: 5.2.3
"""

import argparse
import copy
import json
from collections.abc import Callable
from statistics import mean
from time import process_time
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from utils import data, records
from utils.fullscale import commit
from utils.recognition import (
    FaceEmbedder,
    accepted_at,
    all_pairs,
    embed,
    equal_error,
    error_rates,
    standardised,
    train_embedder,
)

FOLDS = 4
Place = Callable[[Tensor], Tensor]  # pictures (N, 1, 32, 32) -> unit vectors (N, d)
Fit = Callable[[Tensor, Tensor, Any, int], Place]  # pictures, people, the open choice, a seed


def pixels(x: Tensor, y: Tensor, choice: None, seed: int) -> Place:
    return lambda new: F.normalize(_rows(new), dim=1)


def eigenfaces(x: Tensor, y: Tensor, components: int, seed: int) -> Place:
    pca = PCA(components, svd_solver="full").fit(_rows(x).numpy())
    return lambda new: _unit(pca.transform(_rows(new).numpy()))


def fisherfaces(x: Tensor, y: Tensor, components: int, seed: int) -> Place:
    """Principal components, then discriminants with a shrunk covariance."""
    pca = PCA(components, svd_solver="full").fit(_rows(x).numpy())
    lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    lda.fit(pca.transform(_rows(x).numpy()), y.numpy())
    return lambda new: _unit(lda.transform(pca.transform(_rows(new).numpy())))


def photographs_only(x: Tensor, y: Tensor, steps: int, seed: int) -> Place:
    net = train_embedder(x, y, steps=steps, people=20, k=4, seed=seed)
    return lambda new: embed(net, new)


def drawn_only(net: FaceEmbedder) -> Fit:
    """The network that has seen drawn faces only, as it is."""
    return lambda x, y, choice, seed: lambda new: embed(net, new)


def drawn_first(net: FaceEmbedder) -> Fit:
    """The same network, trained on with photographs, more gently."""

    def fit(x: Tensor, y: Tensor, steps: int, seed: int) -> Place:
        more = train_embedder(
            x, y, steps=steps, people=20, k=4, peak=3e-3, seed=seed, net=copy.deepcopy(net)
        )
        return lambda new: embed(more, new)

    return fit


def methods(net: FaceEmbedder) -> dict[str, tuple[Fit, tuple]]:
    """Each method, with the choices that it leaves open."""
    return {
        "pixels": (pixels, (None,)),
        "eigenfaces": (eigenfaces, (20, 60, 120)),
        "Fisherfaces": (fisherfaces, (30, 60, 120)),
        "network": (photographs_only, (100, 300)),
        "network of drawn faces": (drawn_only(net), (None,)),
        "drawn faces, then photographs": (drawn_first(net), (50, 150)),
    }


def folds(n_people: int, seed: int) -> list[Tensor]:
    """The people in random order, cut into as many parts."""
    order = torch.randperm(n_people, generator=torch.Generator().manual_seed(seed))
    return list(order.chunk(FOLDS))


def of_people(x: Tensor, y: Tensor, people: Tensor) -> tuple[Tensor, Tensor]:
    """The pictures of these people, who are numbered anew from 0."""
    at = torch.cat([torch.nonzero(y == person)[:, 0] for person in people])
    counts = torch.stack([(y == person).sum() for person in people])
    return x[at], torch.arange(len(people)).repeat_interleave(counts)


def measured(place: Place, x: Tensor, y: Tensor) -> dict[str, float]:
    """Error rates over all pairs; and the first picture of each as gallery for the others."""
    z = place(x)
    scores, first, second = all_pairs(z, y)
    _, far, tar = error_rates(scores, first == second)
    is_first = torch.cat([torch.ones(1, dtype=torch.bool), y[1:] != y[:-1]])
    nearest = (z[~is_first] @ z[is_first].T).argmax(1)
    return {
        "eer": equal_error(far, tar),
        "tar_at_far_1_percent": accepted_at(far, tar),
        "rank_1": float((nearest == y[~is_first]).double().mean()),
    }


def run_folds(x: Tensor, y: Tensor, seed: int, drawn: int = 600) -> list[dict[str, Any]]:
    """All methods on each fold of one partition.

    Shapes:
        x: (N, 1, 32, 32); y: (N,); `drawn` steps are trained on drawn faces first.
    """
    portraits = data.portraits(400)
    net = train_embedder(portraits.x, portraits.y, steps=drawn, seed=seed)
    rows, parts = [], folds(int(y.max()) + 1, seed)
    for at, test in enumerate(parts):
        train = torch.cat(parts[:at] + parts[at + 1 :])
        inner = train[: -len(train) // 3], train[-len(train) // 3 :]
        for name, (fit, choices) in methods(net).items():
            start = process_time()
            choice = choices[0]
            if len(choices) > 1:
                fitted = {c: fit(*of_people(x, y, inner[0]), c, seed) for c in choices}
                held_out = of_people(x, y, inner[1])
                choice = min(choices, key=lambda c: measured(fitted[c], *held_out)["eer"])
            place = fit(*of_people(x, y, train), choice, seed)
            row = {"method": name, "seed": seed, "fold": at, "choice": choice}
            row |= measured(place, *of_people(x, y, test))
            rows.append(row | {"cpu_seconds": round(process_time() - start, 2)})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """For each method the mean over the folds, partition by partition."""
    result: dict[str, Any] = {}
    for name in dict.fromkeys(row["method"] for row in rows):
        for measure in ("eer", "tar_at_far_1_percent", "rank_1"):
            of = [row for row in rows if row["method"] == name]
            means = [
                mean(row[measure] for row in of if row["seed"] == seed)
                for seed in dict.fromkeys(row["seed"] for row in of)
            ]
            result.setdefault(name, {})[measure] = means
    return result


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.faces",
        description="Compare photographs of people unseen in training by six methods.",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/faces.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    photographs = data.load("faces")
    x = F.avg_pool2d(photographs.x, 2)
    rows = [row for seed in options.seeds for row in run_folds(x, photographs.y, seed)]
    results = summary(rows)
    print(json.dumps(results, indent=1))
    if options.record:
        record = records.Record(
            name="faces",
            what="Olivetti's 40 people, those of the test unseen in training: equal error rate, "
            "accepted at 1 % false accepts, and found first among ten, by six methods.",
            command="python -m utils.fullscale.faces --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings={name: list(choices) for name, (_, choices) in methods(None).items()},
            results={"means": results, "runs": rows},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


def _rows(x: Tensor) -> Tensor:
    return standardised(x).flatten(1).double()


def _unit(points) -> Tensor:
    return F.normalize(torch.from_numpy(points).double(), dim=1)


if __name__ == "__main__":
    main()
