"""MNIST read by four kinds of classifier on the same split, and what disturbs or deceives them.

50,000 training pictures train and 10,000 choose settings and temperatures; the 10,000 test pictures
are looked at once. The networks see their pictures as they are, or moved by chance at every step.

Explained in: 5.2.1
"""

import argparse
import json
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from torch import Tensor, nn

from utils import data, records
from utils.fullscale import commit
from utils.measure import binomial_interval, parameters
from utils.runtime import seed_everything
from utils.training import History, batches, one_cycle, train_epoch

Predict = Callable[[Tensor], np.ndarray]
EPOCHS, BATCH, PEAK, REACH = 5, 128, 1e-2, 2
HELD_OUT = 10_000  # of the 60,000 training pictures
NETWORKS = {"ConvNet": 0, "ConvNet, moved pictures": REACH}
"""How many pixels a training picture may move, each way."""
TRIED = {
    "nearest neighbours": [{"k": k} for k in (1, 3, 5)],
    "SVM": [{"C": C, "gamma": gamma} for C in (3.0, 10.0) for gamma in (0.015, 0.03)],
}


def narrow_convnet(channels: tuple[int, ...] = (16, 32, 64)) -> nn.Sequential:
    """3×3 convolutions with batch normalisation, each followed by a pooling; one linear layer.

    Shapes:
        images (B, 1, 28, 28) -> logits (B, 10).
    """
    layers: list[nn.Module] = []
    for C_in, C_out in zip((1, *channels), channels):
        layers += [nn.Conv2d(C_in, C_out, 3, padding=1, bias=False), nn.BatchNorm2d(C_out)]
        layers += [nn.MaxPool2d(2), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))


def moved_by_chance(images: Tensor, reach: int, generator: torch.Generator) -> Tensor:
    """Each picture moved by up to `reach` pixels down and right, or up and left; empty moves in.

    Shapes:
        images (B, 1, H, W) -> (B, 1, H, W).

    Explained in: 5.2.1
    """
    B, _, H, W = images.shape
    framed = F.pad(images, (reach,) * 4)
    top, left = torch.randint(2 * reach + 1, (2, B, 1, 1), generator=generator)
    rows, columns = top + torch.arange(H)[:, None], left + torch.arange(W)  # (B, H, 1), (B, 1, W)
    return framed[torch.arange(B)[:, None, None], 0, rows, columns][:, None]


def best_temperature(logits: Tensor, labels: Tensor) -> float:
    """The T for which softmax(logits / T) is likeliest on held-out cases, by Newton's method.

    Shapes:
        logits (N, K), labels (N,).

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    Explained in: 5.2.1
    """
    z, beta = logits.double(), torch.tensor(1.0).double()  # beta = 1 / T
    for _ in range(30):
        p = (beta * z).softmax(1)  # (N, K)
        mean = (p * z).sum(1)
        slope = (mean - z.gather(1, labels[:, None])[:, 0]).mean()
        curvature = (p * (z - mean[:, None]) ** 2).sum(1).mean()
        beta = (beta - slope / curvature).clamp(beta / 2, 2 * beta)
    return 1 / beta.item()


def calibration_error(certainty: Tensor, right: Tensor, bins: int = 15) -> float:
    """Expected calibration error: |share right - mean certainty| over bins of equal width.

    Shapes:
        certainty (N,) from 0 to 1, right (N,) truth values.

    Source: Guo et al. 2017, equation 3.
    Explained in: 5.2.1
    """
    place = (certainty.double() * bins).long().clamp(max=bins - 1)
    surplus = torch.zeros(bins).double()
    surplus.index_add_(0, place, right.double() - certainty.double())
    return surplus.abs().sum().item() / len(certainty)


def shifted_by(images: Tensor, pixels: int) -> Tensor:
    """Moved right, the empty column moving in: (N, 1, H, W)."""
    return F.pad(images, (pixels, 0))[..., : images.shape[-1]]


def with_noise(images: Tensor, spread: float) -> Tensor:
    """Gaussian noise on every pixel, the same at every call, cut off at empty and full ink."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    return (images + spread * noise.to(images)).clamp(0, 1)


def with_patch(images: Tensor, share: float) -> Tensor:
    """The middle covered by a white square, of this share of the side."""
    side = images.shape[-1]
    width = round(share * side)
    start = (side - width) // 2
    covered = images.clone()
    covered[..., start : start + width, start : start + width] = 0
    return covered


DISTURBED = {
    "moved by 2 pixels": lambda x: shifted_by(x, 2),
    "moved by 4 pixels": lambda x: shifted_by(x, 4),
    "noise 0.4": lambda x: with_noise(x, 0.4),
    "a quarter of the side covered": lambda x: with_patch(x, 0.25),
    "half the ink": lambda x: x / 2,
}


def fit_network(x: Tensor, y: Tensor, reach: int, seed: int) -> nn.Module:
    """Train one network in bfloat16 and channels last; it predicts in single precision."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = narrow_convnet()
    net(x[:2])  # sizes the linear layer
    net.to(memory_format=torch.channels_last)
    steps = EPOCHS * -(-len(x) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), PEAK, weight_decay=0.0, fused=True)
    scheduler = one_cycle(optimizer, steps, PEAK)
    for _ in range(EPOCHS):
        examples = batches(x, y, BATCH, generator)
        if reach:
            examples = ((moved_by_chance(a, reach, generator), b) for a, b in examples)
        # without its cache, which would keep the first step's weights for the whole epoch
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            train_epoch(net, examples, optimizer, scheduler, F.cross_entropy, History())
    return net.eval()


@torch.no_grad()
def logits_of(net: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([net(part) for part in x.split(1000)])


def nearest(x: Tensor, y: Tensor, k: int) -> Predict:
    """The most frequent label among the k nearest pictures; the nearest of them breaks ties."""
    flat, squares = x.flatten(1), x.flatten(1).square().sum(1)

    def predict(new: Tensor) -> np.ndarray:
        answers = []
        for part in new.flatten(1).split(500):
            close = (squares - 2 * part @ flat.T).topk(k, largest=False).indices  # (B, k)
            votes = F.one_hot(y[close], 10).double()  # (B, k, 10)
            nearer = 1 - 1e-3 * torch.arange(k)[:, None]
            answers.append((votes * nearer).sum(1).argmax(1))
        return torch.cat(answers).numpy()

    return predict


def fit_classical(name: str, x: Tensor, y: Tensor, **settings: Any) -> Predict:
    """A classifier without a network: pixels, or for the SVM their first 50 components."""
    if name == "nearest neighbours":
        return nearest(x, y, **settings)
    rbf = make_pipeline(PCA(50, random_state=0), SVC(**settings)) if name == "SVM" else None
    model = rbf or LogisticRegression(max_iter=100)
    model.fit(x.flatten(1).numpy(), y.numpy())
    return lambda new: model.predict(new.flatten(1).numpy())


def chosen_settings(x: Tensor, y: Tensor, new: Tensor, labels: Tensor) -> dict[str, dict]:
    """For each classical method the settings that a fifth of the data likes best on `new`."""
    chosen: dict[str, dict] = {"logistic regression": {}}
    for name, tried in TRIED.items():
        scores = []
        for settings in tried:
            predict = fit_classical(name, x[::5], y[::5], **settings)
            scores.append((predict(new[::5]) == labels[::5].numpy()).mean())
        chosen[name] = tried[int(np.argmax(scores))]
    return chosen


def compare_methods(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], seeds: list[int], held_out: int
) -> dict[str, Any]:
    """Every method on the same test pictures, as they are and disturbed."""
    (x, new), (y, labels) = (part.split([len(part) - held_out, held_out]) for part in train)
    x_test, y_test = test
    chosen = chosen_settings(x, y, new, labels)
    rows: dict[str, dict] = {}
    reference: np.ndarray | None = None
    for name, settings in sorted(chosen.items(), key=lambda item: item[0] != "SVM"):
        start = process_time()
        predict = fit_classical(name, x, y, **settings)
        is_right = predict(x_test) == y_test.numpy()
        seconds = process_time() - start
        reference = is_right if name == "SVM" else reference
        run = summary(is_right, reference) | {"disturbed": disturbed(predict, *test)}
        rows[name] = {"settings": settings, "runs": [run | {"cpu_seconds": round(seconds, 1)}]}
        print(name, settings, json.dumps(run), flush=True)
    for name, reach in NETWORKS.items():
        runs = []
        for seed in seeds:
            start = process_time()
            net = fit_network(x, y, reach, seed)
            seconds = process_time() - start
            z = logits_of(net, x_test)
            run = summary((z.argmax(1) == y_test).numpy(), reference)
            run |= certainties(logits_of(net, new), labels, z, y_test)
            run["disturbed"] = disturbed(
                lambda t, net=net: logits_of(net, t).argmax(1).numpy(), *test
            )
            runs.append(run | {"seed": seed, "cpu_seconds": round(seconds, 1)})
            print(name, json.dumps(runs[-1]), flush=True)
        rows[name] = {"parameters": parameters(net), "runs": runs}
    return {"methods": rows, "n_train": len(x), "n_held_out": held_out, "n_test": len(y_test)}


def summary(is_right: np.ndarray, reference: np.ndarray) -> dict[str, Any]:
    """Errors, in each half of the test set too, Wilson's interval, and images won and lost."""
    n, right = len(is_right), int(is_right.sum())
    return {
        "errors": n - right,
        "errors_by_half": [int((~half).sum()) for half in np.array_split(is_right, 2)],
        "accuracy": right / n,
        "interval": [round(end, 5) for end in binomial_interval(right, n)],
        "won": int((is_right & ~reference).sum()),
        "lost": int((~is_right & reference).sum()),
    }


def certainties(held_out: Tensor, labels: Tensor, z: Tensor, y: Tensor) -> dict[str, float]:
    """The temperature from held-out pictures, and the calibration error with and without it."""
    T = best_temperature(held_out, labels)
    found = {"temperature": round(T, 4)}
    for name, scaled in (("calibration_error", z), ("calibration_error_scaled", z / T)):
        certainty, answer = scaled.double().softmax(1).max(1)
        found[name] = round(calibration_error(certainty, answer == y), 5)
    return found


def disturbed(predict: Predict, x: Tensor, y: Tensor) -> dict[str, float]:
    """The accuracy on every fifth picture, disturbed in each way."""
    x, y = x[::5], y[::5].numpy()
    return {name: round(float((predict(f(x)) == y).mean()), 4) for name, f in DISTURBED.items()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.handwriting", description=__doc__
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/handwriting.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    train, test = ((s.x, s.y) for s in (data.load("mnist", part=p) for p in ("train", "test")))
    results = compare_methods(train, test, options.seeds, min(HELD_OUT, len(train[0]) // 6))
    if options.record:
        record = records.Record(
            name="handwriting",
            what="Errors of classical methods and of a small ConvNet on MNIST's test pictures, "
            "trained on the same 50,000; images won and lost against the SVM; accuracies on every "
            "fifth picture, disturbed; calibration before and after scaling the temperature.",
            command="python -m utils.fullscale.handwriting --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings={"epochs": EPOCHS, "batch_size": BATCH, "peak": PEAK, "moved_by": REACH},
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
