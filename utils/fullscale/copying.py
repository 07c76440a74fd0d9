"""What each part of `CopyingGPT` is worth, and what longer training of a wider one adds.

All are trained on the source code of `language` and scored on its test files; the settings of
the full network were chosen on its validation files, and no other has settings of its own.

Explained in: 4.3
"""

import argparse
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

import torch
from torch import nn

from utils import records
from utils.fullscale import commit
from utils.language import Corpus, losses_in_context, source_corpus, token_windows
from utils.language import train_language_model as train
from utils.measure import parameters
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything

T = 256


@dataclass(frozen=True)
class Variant:
    """What differs from the full network of the chapter."""

    copies_at_start: bool = True  # else the usual random matrices, and outputs of zero
    mixes: bool = True  # else the shares of the place before stay at zero
    d_model: int = 64
    epochs: int = 2
    lr: float = 6e-3


VARIANTS = {
    "all parts": Variant(),
    "no mixing": Variant(mixes=False),
    "usual start": Variant(copies_at_start=False),
    "neither": Variant(copies_at_start=False, mixes=False),
    "4 passes": Variant(epochs=4),
    "twice as wide, 4 passes": Variant(d_model=128, epochs=4, lr=4e-3),
}


def build(variant: Variant, vocab_size: int) -> CopyingGPT:
    """The network of a variant, from the global random generator."""
    net = CopyingGPT(GPTConfig(vocab_size, T, variant.d_model, 2, 2))
    for block in net.blocks:
        if not variant.copies_at_start:
            nn.init.normal_(block.attention.qkv.weight, std=variant.d_model**-0.5)
            nn.init.zeros_(block.attention.proj.weight)
        if not variant.mixes:
            block.share1.requires_grad_(False)
            block.share2.requires_grad_(False)
    return net


def run(variant: Variant, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Train a variant once. Units: nats a token, seconds of all threads in training."""
    torch.manual_seed(seed)
    net = build(variant, corpus.tokenizer.vocab_size)
    start = process_time()
    train(net, token_windows(corpus.ids["train"], T), variant.epochs, lr=variant.lr)
    seconds = process_time() - start
    loss = losses_in_context(net, corpus.ids["test"], T)[0].mean().item()
    return {
        "seed": seed,
        "test_loss": loss,
        "cpu_seconds": round(seconds, 2),
        "parameters": parameters(net),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.copying")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/copying.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    corpus = source_corpus()
    results: dict[str, list[dict]] = {name: [] for name in VARIANTS}
    for seed in options.seeds:
        for name, variant in VARIANTS.items():
            results[name].append(run(variant, corpus, seed))
            print(name, results[name][-1], flush=True)
    if options.record:
        record = records.Record(
            name="copying",
            what="Test losses on source code, in nats a token, of CopyingGPT, without some of its "
            "parts, and trained longer.",
            command="python -m utils.fullscale.copying --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings={name: asdict(variant) for name, variant in VARIANTS.items()},
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
