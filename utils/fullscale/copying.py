"""What each change from GPT to `CopyingGPT` is worth, and what longer training adds to either.

All are trained on the source code of `language` and scored on its test files. The rates of the
two networks were chosen on its validation files; a variant has those of its network.

Explained in: 4.3
"""

import argparse
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

import torch
from torch import Tensor, nn

from utils import records
from utils.fullscale import commit
from utils.language import (
    Corpus,
    losses_in_context,
    source_corpus,
    token_windows,
    train_language_model,
)
from utils.measure import parameters
from utils.models import GPT, CopyingAttention, CopyingGPT, GPTConfig
from utils.runtime import seed_everything

T, C = 256, 64


@dataclass(frozen=True)
class Variant:
    """Which of the changes are made, and how long and fast the network is trained."""

    has_late_keys: bool = True
    mixes: bool = True  # else the shares of the place before stay at zero
    copies_at_start: bool = True  # else the usual random matrices, and outputs of zero
    leaves_out_own: bool = True  # else the scores come from the whole stream, as in GPT-2
    is_gpt2: bool = False  # then none of these, but GPT-2's layers
    epochs: int = 2
    lr: float = 6e-3
    lr_tables: float = 3e-2


GPT2 = {"is_gpt2": True, "lr": 4e-3, "lr_tables": 4e-3}
VARIANTS = {
    "copying GPT": Variant(),
    "keys not late": Variant(has_late_keys=False),
    "no mixing": Variant(mixes=False),
    "usual start": Variant(copies_at_start=False),
    "whole stream": Variant(leaves_out_own=False),
    "none of the four": Variant(False, False, False, False),
    "GPT": Variant(**GPT2),
    "GPT, 8 passes": Variant(**GPT2, epochs=8),
    "copying GPT, 4 passes": Variant(epochs=4),
}


class PunctualAttention(CopyingAttention):
    """Keys of a place itself, as usual."""

    def late(self, k: Tensor, cache: dict[str, Tensor] | None) -> Tensor:
        return k


def variant_network(variant: Variant, vocab_size: int) -> nn.Module:
    """The network of a variant, from the global random generator."""
    config = GPTConfig(vocab_size, T, C, 2, 2)
    if variant.is_gpt2:
        net = GPT(config)
        nn.init.normal_(net.token.weight, std=0.1)
        return net
    net = CopyingGPT(config)
    for block in net.blocks:
        if not variant.has_late_keys:
            block.attention = PunctualAttention(config)
        if not variant.copies_at_start:
            nn.init.normal_(block.attention.qkv.weight, std=C**-0.5)
            nn.init.zeros_(block.attention.proj.weight)
        if not variant.mixes:
            block.share1.requires_grad_(False)
            block.share2.requires_grad_(False)
    if not variant.leaves_out_own:
        nn.init.zeros_(net.own).requires_grad_(False)
    return net


def train_variant(variant: Variant, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Train a variant once. Units: nats a token, seconds of all threads in training."""
    torch.manual_seed(seed)
    net = variant_network(variant, corpus.tokenizer.vocab_size)
    pair, rates = token_windows(corpus.ids["train"], T), (variant.lr, variant.lr_tables)
    start = process_time()
    train_language_model(net, pair, variant.epochs, lr=rates[0], lr_tables=rates[1])
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
            results[name].append(train_variant(variant, corpus, seed))
            print(name, results[name][-1], flush=True)
    if options.record:
        record = records.Record(
            name="copying",
            what="Test losses on source code, in nats a token, of CopyingGPT, without each of its "
            "changes, of GPT, and of both trained longer.",
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
