"""4.3's network, trained on code and then taught prose: by low-rank adapters, or by training more.

Every way takes the same steps over the same text, at each of a few rates; the rate of a way is
chosen by the loss on validation prose. What is learned is read off test prose, what is forgotten
off test code. The grid of rates is kept whole: it shows forgetting against learning.

Explained in: 7.2.2
"""

import argparse
import copy
import math
from collections.abc import Callable
from time import process_time
from typing import Any

import torch
from torch import Tensor, nn

from utils import data, records, training
from utils.fullscale import commit
from utils.language import (
    PARTS,
    Corpus,
    clip_gradients,
    losses_in_context,
    source_corpus,
    split_files,
    token_loss,
    token_windows,
    trained_model,
)
from utils.measure import parameters
from utils.models import CopyingGPT
from utils.runtime import seed_everything

CONTEXT, BATCH, PASSES, ALPHA, SCORED = 256, 2, 2, 16.0, 16_384
RANKS = (1, 4, 16, 64)
CUTS = (1, 4, 16, 32, 64)
EQUAL = (("rank 4", 1e-2), ("matrices", 3e-4))  # ways and rates that learn about equally much
ADAPTER_RATES = (1e-3, 3e-3, 1e-2, 3e-2)
MATRIX_RATES = (3e-4, 1e-3, 3e-3, 1e-2)


class LowRank(nn.Module):
    """A linear layer whose weights stay, plus a trained product of rank r: W + (α/r) B A.

    Shapes:
        x (..., d_in) -> (..., d_out); A (r, d_in), B (d_out, r).

    Source: Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1.
    Explained in: 7.2.2
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float):
        super().__init__()
        self.base, self.scale = base.requires_grad_(False), alpha / rank
        self.A = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.scale * (x @ self.A.T) @ self.B.T

    def merged(self) -> Tensor:
        return self.base.weight + self.scale * self.B @ self.A


def linear_layers(net: nn.Module) -> list[tuple[nn.Module, str]]:
    """Each linear layer of `net`, as the module that holds it and its name there."""
    return [
        (parent, name)
        for parent in net.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Linear) and not isinstance(parent, LowRank)
    ]


def adapted(net: nn.Module, rank: int, alpha: float = ALPHA, seed: int = 0) -> nn.Module:
    """A copy of `net` in which only a new low-rank adapter at every linear layer trains.

    Raises:
        ValueError: a rank below 1, or a network without linear layers.

    Explained in: 7.2.2
    """
    if rank < 1 or not linear_layers(net):
        raise ValueError(f"Adapters need a rank of 1 or more (not {rank}) and a linear layer.")
    torch.manual_seed(seed)
    net = copy.deepcopy(net).requires_grad_(False)
    for parent, name in linear_layers(net):
        setattr(parent, name, LowRank(getattr(parent, name), rank, alpha))
    return net


def opened(net: nn.Module, only_linear: bool) -> nn.Module:
    """A copy of `net` in which all parameters train, or only the weights of linear layers."""
    net = copy.deepcopy(net).requires_grad_(not only_linear)
    for parent, name in linear_layers(net):
        getattr(parent, name).requires_grad_(True)
    return net


def prose_corpus(corpus: Corpus, budget: int = 3_000_000) -> Corpus:
    """Docstrings of files that are not in `source_corpus`, split by file, in `corpus`'s tokens.

    Units: the budget in bytes of source, of which prose is a twelfth.

    Explained in: 7.2.2
    """
    known = set(data.source(data.text.PACKAGES, budget=600_000).names)
    docs = data.docs(budget=budget)
    files: dict[str, str] = {}
    for name, text in zip(docs.names, docs.texts):
        file = name.split(":")[0]
        if file not in known:
            files[file] = files.get(file, "") + text + "\n\n"
    parts = split_files(list(files.values()))
    ids = {part: torch.tensor(corpus.tokenizer.encode("".join(parts[part]))) for part in PARTS}
    n_bytes = {part: sum(len(text.encode()) for text in parts[part]) for part in PARTS}
    return Corpus(corpus.tokenizer, ids, n_bytes, {part: len(parts[part]) for part in PARTS})


def teach(
    net: nn.Module, ids: Tensor, rate: float, passes: int = PASSES, seed: int = 0
) -> nn.Module:
    """Train what is open in `net` on a row of ids, by Adam without decay; vectors and tables,
    which 4.3 trains faster, at five times the rate. Returns `net`.

    Explained in: 7.2.2
    """
    pair = token_windows(ids, CONTEXT)
    is_fast = {name: p.dim() == 1 or name == "token.weight" for name, p in net.named_parameters()}
    groups = [
        {"params": [p for n, p in net.named_parameters() if p.requires_grad and is_fast[n] == fast]}
        | {"lr": 5 * rate if fast else rate}
        for fast in (False, True)
    ]
    groups = [group for group in groups if group["params"]]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    optimizer.register_step_pre_hook(clip_gradients)
    steps = passes * math.ceil(len(pair[0]) / BATCH)
    schedule = training.cosine(optimizer, steps, warm_up=min(20, steps // 5))
    options = {"optimizer": optimizer, "scheduler": schedule, "loss": token_loss}
    training.fit(net, pair, epochs=passes, batch_size=BATCH, seed=seed, **options)
    return net


def loss_on(net: nn.Module, ids: Tensor) -> float:
    """The mean loss of a token with half a context before it, in the first of the text. In nats."""
    return losses_in_context(net, ids[:SCORED], CONTEXT)[0].mean().item()


def best_cut(change: Tensor, rank: int) -> tuple[Tensor, float]:
    """The nearest matrix of this rank, and its share of the squared length of `change`.

    Source: Eckart and Young 1936.
    Explained in: 7.2.2
    """
    U, S, Vh = torch.linalg.svd(change, full_matrices=False)
    share = S[:rank].square().sum() / S.square().sum()
    return (U[:, :rank] * S[:rank]) @ Vh[:rank], share.item()


def cut_update(before: nn.Module, after: nn.Module, rank: int) -> tuple[nn.Module, float]:
    """`before` with the best cut of the change of each linear layer; the share kept of all."""
    net, kept, total = copy.deepcopy(before), 0.0, 0.0
    layers = zip(linear_layers(net), linear_layers(after), strict=True)
    with torch.no_grad():
        for (parent, name), (trained, _) in layers:
            weight = getattr(parent, name).weight
            change = getattr(trained, name).weight - weight
            cut, share = best_cut(change, rank)
            weight += cut
            size = change.square().sum().item()
            kept, total = kept + share * size, total + size
    return net, kept / total


WAYS: dict[str, tuple[Callable[[nn.Module, int], nn.Module], tuple[float, ...]]] = {
    **{
        f"rank {rank}": (lambda net, seed, rank=rank: adapted(net, rank, seed=seed), ADAPTER_RATES)
        for rank in RANKS
    },
    "matrices": (lambda net, seed: opened(net, True), MATRIX_RATES),
    "everything": (lambda net, seed: opened(net, False), MATRIX_RATES),
}


def losses(net: nn.Module, code: Corpus, prose: Corpus) -> dict[str, float]:
    """On validation prose, test prose and test code. Units: nats a token."""
    texts = {"validation": prose.ids["validation"], "prose": prose.ids["test"]}
    return {name: loss_on(net, ids) for name, ids in (texts | {"code": code.ids["test"]}).items()}


def gathered(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def run_grid(code: Corpus, prose: Corpus, seeds: list[int]) -> dict[str, Any]:
    """Every way at every rate, from a network of every seed; then the cuts of full updates."""
    results: dict[str, Any] = {"none": [], "parameters": {}} | {way: [] for way in WAYS}
    bases, full = {}, {}
    for seed in seeds:
        bases[seed] = trained_model(code, CopyingGPT, seed=seed)
        results["none"].append({"seed": seed, **losses(bases[seed], code, prose)})
        for way, (make, rates) in WAYS.items():
            rows, start = [], process_time()
            for rate in rates:
                net = make(bases[seed], seed)
                results["parameters"][way] = parameters(net)
                teach(net, prose.ids["train"], rate, seed=seed)
                rows.append(losses(net, code, prose))
                if way == "matrices":
                    full[seed, rate] = net
            seconds = round(process_time() - start, 1)
            results[way].append({"seed": seed, "cpu_seconds": seconds, **gathered(rows)})
            print(way, results[way][-1], flush=True)
    results["chosen"] = {way: best_rate(results[way], rates) for way, (_, rates) in WAYS.items()}
    results["cut"] = []
    for seed in seeds:
        after, rows = full[seed, results["chosen"]["matrices"]], []
        for rank in CUTS:
            net, kept = cut_update(bases[seed], after, rank)
            rows.append({"kept": kept, **losses(net, code, prose)})
        results["cut"].append({"seed": seed, **gathered(rows)})
    return results


def best_rate(runs: list[dict[str, Any]], rates: tuple[float, ...]) -> float:
    """The rate with the least mean loss on validation prose."""
    means = [sum(run["validation"][n] for run in runs) for n in range(len(rates))]
    return rates[means.index(min(means))]


def length_of_update(before: nn.Module, after: nn.Module) -> float:
    """The root of the summed squares of what the weights of all linear layers changed by.

    Explained in: 7.2.2
    """
    if low := [layer for layer in after.modules() if isinstance(layer, LowRank)]:
        changes = [layer.merged() - layer.base.weight for layer in low]
    else:
        pairs = zip(linear_layers(after), linear_layers(before), strict=True)
        changes = [getattr(p, n).weight - getattr(q, m).weight for (p, n), (q, m) in pairs]
    return math.sqrt(sum(change.square().sum().item() for change in changes))


def compare_lengths(code: Corpus, prose: Corpus, seeds: list[int]) -> dict[str, Any]:
    """How far two ways that learn about equally much move the weights."""
    results: dict[str, Any] = {way: [] for way, _ in EQUAL}
    for seed in seeds:
        base = trained_model(code, CopyingGPT, seed=seed)
        for way, rate in EQUAL:
            net = WAYS[way][0](base, seed)
            teach(net, prose.ids["train"], rate, seed=seed)
            row = {"seed": seed, "length": length_of_update(base, net)}
            results[way].append(row | losses(net, code, prose))
            print(way, results[way][-1], flush=True)
    return results


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.adapters")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/adapters.json")
    parser.add_argument("--lengths", action="store_true", help="only adapter-lengths.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    code = source_corpus()
    prose = prose_corpus(code)
    command = "python -m utils.fullscale.adapters --record --seeds " + " ".join(
        map(str, options.seeds)
    )
    if options.lengths:
        results = compare_lengths(code, prose, options.seeds)
        if options.record:
            record = records.Record(
                name="adapter-lengths",
                what="How far 4.3's network moves when it is taught prose by adapters of rank 4 "
                "and by training its matrices at a low rate, and its losses, in nats a token.",
                command=command + " --lengths",
                seeds=options.seeds,
                settings={"alpha": ALPHA, "rates": dict(EQUAL)},
                results=results,
                commit=commit(),
            )
            print("recorded in", records.write(record, replace=True).name)
        return
    results = run_grid(code, prose, options.seeds)
    if options.record:
        record = records.Record(
            name="adapters",
            what="Losses in nats a token of 4.3's network after it was taught prose, by low-rank "
            "adapters or by training its weights: on prose, which it learns, and on code, which "
            "it forgets; for each way one number for each rate. And the same for the best cuts "
            "to some ranks of what training all matrices changed.",
            command=command,
            seeds=options.seeds,
            settings={
                "alpha": ALPHA,
                "batch_size": BATCH,
                "context_length": CONTEXT,
                "passes": PASSES,
                "scored_tokens": SCORED,
                "cut_ranks": list(CUTS),
                "rates": {way: list(rates) for way, (_, rates) in WAYS.items()},
            },
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
