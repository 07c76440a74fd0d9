"""Mixtures of experts in 4.3's network against dense ones: equal operations, equal parameters.

Every network has 4.3's attention, text, order and passes; only the feed-forward layers differ.
Rates are chosen on the validation files with the first seed, one for each shape of layer. Kept of
each run: its losses, and what its routers did on the test text.

Explained in: 7.2.1
"""

import argparse
import keyword
import math
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

import torch
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
)
from utils.measure import flops, parameters
from utils.mixtures import load_shares, mixture_gpt
from utils.models import GPTConfig
from utils.runtime import seed_everything

CONTEXT, BATCH, PASSES, RATE_OF_REST = 256, 2, 2, 3e-2
RATES = (6e-3, 12e-3)  # of the matrices; the first is that of 4.3
CAPACITIES = (1.0, 1.25, 1.5, 2.0)
TOGETHER = (1, 4, 16, 64)  # tokens in one step, of which the experts are counted
KINDS = ("space", "word", "keyword", "digits", "sign", "mixed")


@dataclass(frozen=True)
class Variant:
    """Feed-forward layers of one kind: their sizes, the weight of the balance loss, the router."""

    d_ff: int
    n_experts: int
    top_k: int
    balance: float = 0.0
    is_frozen: bool = False


VARIANTS = {
    "dense": Variant(256, 1, 1),
    "dense, four times as wide": Variant(1024, 1, 1),
    "1 of 4, balanced": Variant(256, 4, 1, 0.01),
    "2 of 8, balanced": Variant(128, 8, 2, 0.01),
    "1 of 4": Variant(256, 4, 1),
    "2 of 8": Variant(128, 8, 2),
    "2 of 8, router never trained": Variant(128, 8, 2, is_frozen=True),
}


def token_kind(text: str) -> str:
    """One of `KINDS`: what a token's text is made of.

    Explained in: 7.2.1
    """
    core = text.strip()
    if not core:
        return "space"
    if keyword.iskeyword(core):
        return "keyword"
    if core.replace("_", "a").isalpha():
        return "word"
    if core.isdigit():
        return "digits"
    return "mixed" if any(map(str.isalnum, core)) else "sign"


def mutual_information(a: Tensor, b: Tensor) -> float:
    """How much two rows of labels tell of each other, by their counts. Units: bits.

    Shapes:
        a (N,), b (N,), whole numbers from 0.

    Explained in: 7.2.1
    """
    joint = torch.zeros(int(a.max()) + 1, int(b.max()) + 1, dtype=torch.float64)
    joint.index_put_((a, b), torch.ones(len(a), dtype=torch.float64), accumulate=True)
    joint /= len(a)
    apart = joint.sum(1, keepdim=True) * joint.sum(0)
    return float((joint * (joint / apart).log2()).nansum())


def dropped_share(chosen: Tensor, n_experts: int, factor: float) -> float:
    """The share of choices beyond the capacity of their expert, `factor` times the mean load.

    Shapes:
        chosen (N, K).

    Explained in: 7.2.1
    """
    capacity = math.ceil(factor * chosen.numel() / n_experts)
    counts = chosen.flatten().bincount(minlength=n_experts)
    return ((counts - capacity).clamp(min=0).sum() / chosen.numel()).item()


def with_experts(variant: Variant, vocab_size: int, seed: int) -> nn.Module:
    """4.3's network with these feed-forward layers."""
    torch.manual_seed(seed)
    config = GPTConfig(vocab_size, CONTEXT, 64, 2, 2)
    net = mixture_gpt(config, variant.d_ff, variant.n_experts, variant.top_k)
    for block in net.blocks:
        block.experts.router.weight.requires_grad_(not variant.is_frozen)
    return net


def trained_mixture(
    corpus: Corpus, variant: Variant, seed: int, rate: float
) -> tuple[nn.Module, dict[str, Any]]:
    """A trained network, and its losses."""
    net = with_experts(variant, corpus.tokenizer.vocab_size, seed)
    pair = token_windows(corpus.ids["train"], CONTEXT)
    steps = PASSES * math.ceil(len(pair[0]) / BATCH)
    optimizer = language_optimizer(net, rate, RATE_OF_REST)
    schedule = training.cosine(optimizer, steps, warm_up=min(20, steps // 5))

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        balance = sum(block.experts.balance for block in net.blocks)
        return token_loss(logits, targets) + variant.balance * balance

    options = {"epochs": PASSES, "batch_size": BATCH, "seed": seed, "loss": loss}
    start = process_time()
    training.fit(net, pair, optimizer=optimizer, scheduler=schedule, **options)
    run = {"seed": seed, "rate": rate, "cpu_seconds": round(process_time() - start, 1)}
    for part in ("validation", "test"):
        losses, _ = losses_in_context(net, corpus.ids[part], CONTEXT)
        run[f"{part}_loss"] = losses.mean().item()
    return net, run


@torch.no_grad()
def routing(net: nn.Module, corpus: Corpus, variant: Variant) -> list[dict[str, Any]]:
    """What the routers of a network do on the test text: a dict for each block."""
    inputs, _ = token_windows(corpus.ids["test"], CONTEXT)
    chosen: list[list[Tensor]] = [[] for _ in net.blocks]
    balances: list[list[float]] = [[] for _ in net.blocks]
    for batch in inputs.split(BATCH):
        net(batch)
        for n, block in enumerate(net.blocks):
            chosen[n].append(block.experts.chosen)
            balances[n].append(block.experts.balance.item())
    texts = [corpus.tokenizer.decode([i]) for i in range(corpus.tokenizer.vocab_size)]
    kinds = torch.tensor([KINDS.index(token_kind(text)) for text in texts])
    ids = inputs.flatten()
    labels = {
        "token": ids,
        "kind": kinds[ids],
        "token before": torch.cat([torch.zeros_like(inputs[:, :1]), inputs[:, :-1]], 1).flatten(),
        "place": (torch.arange(CONTEXT) // 32).expand_as(inputs).flatten(),
    }
    return [
        described(batches, sum(balance) / len(balance), labels, variant.n_experts)
        for batches, balance in zip(chosen, balances)
    ]


def described(
    batches: list[Tensor], balance: float, labels: dict[str, Tensor], n_experts: int
) -> dict[str, Any]:
    """One block: shares, what is dropped, experts that tokens share, and what the router reads."""
    chosen = torch.cat(batches)  # (N, K)
    first, fixed = chosen[:, 0], torch.Generator().manual_seed(0)
    kind_counts = torch.zeros(len(KINDS), n_experts, dtype=torch.long)
    kind_counts.index_put_((labels["kind"], first), torch.ones_like(first), accumulate=True)
    shuffled = first[torch.randperm(len(first), generator=fixed)]
    touched = {}
    for n in TOGETHER:
        draws = torch.randint(len(chosen), (500, n), generator=fixed)
        sets = torch.zeros(500, n_experts).scatter_(1, chosen[draws].flatten(1), 1.0)
        touched[str(n)] = sets.sum(1).mean().item()
    return {
        "shares": load_shares(chosen, n_experts).tolist(),
        "balance_loss": balance,
        "dropped": {
            str(c): sum(dropped_share(b, n_experts, c) for b in batches) / len(batches)
            for c in CAPACITIES
        },
        "touched": touched,
        "kind_counts": kind_counts.tolist(),
        "bits": {name: mutual_information(label, first) for name, label in labels.items()},
        "bits_shuffled": {
            name: mutual_information(label, shuffled) for name, label in labels.items()
        },
    }


def compare(corpus: Corpus, seeds: list[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All trials of a rate, and all results. The first variant of a shape chooses its rate."""
    trials: list[dict[str, Any]] = []
    results: dict[str, Any] = {}
    rates: dict[tuple[int, int], float] = {}
    for name, variant in VARIANTS.items():
        runs, shape = [], (variant.n_experts, variant.d_ff)
        for seed in seeds:
            is_choice = shape not in rates
            candidates = RATES if is_choice else [rates[shape]]
            tried = [trained_mixture(corpus, variant, seed, rate) for rate in candidates]
            net, run = min(tried, key=lambda pair: pair[1]["validation_loss"])
            if is_choice:
                rates[shape] = run["rate"]
                trials += [{"variant": name} | other for _, other in tried]
            runs.append(run | {"blocks": routing(net, corpus, variant)})
            print(name, run, flush=True)
        example = torch.zeros(1, CONTEXT, dtype=torch.long)
        sizes = {"parameters": parameters(net), "flops_a_token": flops(net, example) / CONTEXT}
        results[name] = sizes | {"runs": runs}
    return trials, results


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.experts")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/experts.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    corpus = source_corpus()
    trials, results = compare(corpus, options.seeds)
    if options.record:
        record = records.Record(
            name="experts",
            what="Losses on source code, in nats a token, of 4.3's network with dense layers and "
            "with mixtures of experts, and what their routers do.",
            command="python -m utils.fullscale.experts --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings={
                "batch_size": BATCH,
                "context_length": CONTEXT,
                "passes": PASSES,
                "kinds": list(KINDS),
                "variants": {name: asdict(variant) for name, variant in VARIANTS.items()},
                "trials": trials,
            },
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
