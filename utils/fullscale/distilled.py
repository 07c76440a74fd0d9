"""A small student of 4.3's network: taught by its probabilities, by the text alone, or by both.

Student and rates are the same for all; only the targets differ. Temperature and share of the soft
targets are chosen on the validation files with the first seed, for each number of passes.

Explained in: 7.2.3
"""

import argparse
import math
from collections.abc import Sequence
from time import process_time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import records, training
from utils.fullscale import commit
from utils.language import (
    Corpus,
    language_optimizer,
    losses_in_context,
    source_corpus,
    token_loss,
    token_windows,
    trained_model,
)
from utils.measure import parameters
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything

CONTEXT, BATCH = 256, 2
PASSES = (2, 8)
CHOICES = ((1.0, 1.0), (2.0, 1.0), (1.0, 0.5), (2.0, 0.5))  # temperature, share of soft targets
RATES = ((6e-3, 3e-2), (12e-3, 3e-2), (24e-3, 3e-2))  # the first are those of 4.3


def soft_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T² times the mean divergence of the softened student from the softened teacher.

    Units: nats.

    Shapes:
        student, teacher (B, T, V), logits -> ().

    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".
    Explained in: 7.2.3
    """
    q, p = (F.log_softmax(z.flatten(0, -2) / temperature, 1) for z in (student, teacher))
    return temperature**2 * F.kl_div(q, p, reduction="batchmean", log_target=True)


def small_student(corpus: Corpus, seed: int) -> CopyingGPT:
    """One block, half as wide as the network of 4.3."""
    torch.manual_seed(seed)
    return CopyingGPT(GPTConfig(corpus.tokenizer.vocab_size, CONTEXT, 32, 2, 1))


@torch.no_grad()
def answers(teacher: nn.Module, inputs: Tensor) -> Tensor:
    """The teacher's logits for all inputs (N, T) -> (N, T, V)."""
    return torch.cat([teacher(part) for part in inputs.split(16)])


def taught(
    corpus: Corpus,
    logits: Tensor | None,
    passes: int,
    seed: int,
    temperature: float = 1.0,
    share: float = 0.0,
    rates: Sequence[float] = RATES[0],
) -> tuple[nn.Module, float]:
    """A student after so many passes, and the seconds of processor time that it took.

    Shapes:
        logits: the teacher's (N, T, V), or None for the text alone.
    """
    inputs, labels = token_windows(corpus.ids["train"], CONTEXT)
    targets = torch.arange(len(inputs))[:, None]  # which windows these are

    def loss(output: Tensor, windows: Tensor) -> Tensor:
        at = windows.flatten()
        hard = token_loss(output, labels[at]) if share < 1 else 0
        soft = soft_loss(output, logits[at], temperature) if share > 0 else 0
        return share * soft + (1 - share) * hard

    student = small_student(corpus, seed)
    optimizer = language_optimizer(student, *rates)
    steps = passes * math.ceil(len(inputs) / BATCH)
    schedule = training.cosine(optimizer, steps, warm_up=min(20, steps // 5))
    options = {"epochs": passes, "batch_size": BATCH, "seed": seed, "loss": loss}
    start = process_time()
    training.fit(student, (inputs, targets), optimizer=optimizer, scheduler=schedule, **options)
    return student, process_time() - start


def loss_on(net: nn.Module, corpus: Corpus, part: str) -> float:
    """The mean loss of a token with half a context before it. Units: nats."""
    return losses_in_context(net, corpus.ids[part], CONTEXT)[0].mean().item()


def chosen_targets(corpus: Corpus, logits: Tensor, seed: int) -> dict[str, Any]:
    """Rates for the text alone, then temperature and share, by validation loss in two passes."""
    trials: list[dict[str, Any]] = []

    def trial(**setting: Any) -> float:
        net, _ = taught(corpus, logits, PASSES[0], seed, **setting)
        trials.append(setting | {"validation_loss": loss_on(net, corpus, "validation")})
        print(trials[-1], flush=True)
        return trials[-1]["validation_loss"]

    rates = min(RATES, key=lambda rates: trial(rates=list(rates)))
    best = min(CHOICES, key=lambda c: trial(rates=list(rates), temperature=c[0], share=c[1]))
    return {"rates": list(rates), "temperature": best[0], "share": best[1], "trials": trials}


def train_students(corpus: Corpus, seeds: list[int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was chosen, and all results."""
    inputs, _ = token_windows(corpus.ids["train"], CONTEXT)
    start = process_time()
    teacher = trained_model(corpus, CopyingGPT)
    seconds = process_time() - start
    logits = answers(teacher, inputs)
    best = chosen_targets(corpus, logits, seeds[0])
    soft = {key: best[key] for key in ("temperature", "share")}
    results: dict[str, Any] = {
        "teacher": {
            "parameters": parameters(teacher),
            "test_loss": loss_on(teacher, corpus, "test"),
            "cpu_seconds": round(seconds, 1),
        },
        "student_parameters": parameters(small_student(corpus, 0)),
    }
    for passes in PASSES:
        for name, setting in (("text", {}), ("teacher", soft)):
            runs = []
            for seed in seeds:
                net, seconds = taught(corpus, logits, passes, seed, rates=best["rates"], **setting)
                losses = {f"{part}_loss": loss_on(net, corpus, part) for part in ("train", "test")}
                runs.append({"seed": seed, "cpu_seconds": round(seconds, 1), **losses})
                print(passes, name, runs[-1], flush=True)
            results[f"{name}, {passes} passes"] = runs
    return best, results


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.distilled")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/distilled.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    corpus = source_corpus()
    best, results = train_students(corpus, options.seeds)
    if options.record:
        record = records.Record(
            name="distilled",
            what="Test losses on source code, in nats a token, of a small student that learns "
            "from the text, or from the text and 4.3's network.",
            command="python -m utils.fullscale.distilled --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings={"batch_size": BATCH, "context_length": CONTEXT, **best},
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
