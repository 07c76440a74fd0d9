"""Where the time of a training step goes, for GPTs from narrow to wide: eager, profiled, compiled.

Times are of the processor, so that other programs on the machine count little; the compiled step
is Inductor's, which needs a C++ compiler.

Explained in: 6.1
"""

import argparse
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from utils import records
from utils.fullscale import commit
from utils.language import token_loss
from utils.measure import parameters
from utils.models import GPT, GPTConfig
from utils.runtime import seed_everything

WIDTHS = (16, 64, 256)
VOCABULARY, CONTEXT, HEADS, BLOCKS = 512, 64, 2, 2
TURNS = 15
PRODUCTS = ("mm", "addmm", "bmm")
MOVES = (
    *("view", "reshape", "t", "transpose", "permute", "expand", "as_strided", "slice", "select"),
    *("unbind", "detach", "empty", "empty_like", "empty_strided", "resize_", "fill_", "zeros"),
    *("zeros_like", "ones", "ones_like", "new_empty", "new_zeros", "squeeze", "unsqueeze"),
    *("linear", "matmul", "flatten", "tril", "zero_", "alias", "item", "_local_scalar_dense"),
    *("_unsafe_view", "lift_fresh"),
)


def gpt_and_row(width: int, seed: int) -> tuple[nn.Module, Tensor]:
    """A GPT of this width and one row of tokens for it: (1, T + 1)."""
    torch.manual_seed(seed)
    net = GPT(GPTConfig(VOCABULARY, CONTEXT, width, HEADS, BLOCKS))
    return net, torch.randint(VOCABULARY, (1, CONTEXT + 1))


def row_loss(net: nn.Module, row: Tensor) -> Tensor:
    """The mean loss of the row's tokens."""
    return token_loss(net(row[:, :-1]), row[:, 1:])


def training_pass(loss: Callable, net: nn.Module, row: Tensor) -> float:
    """Forward and backward; gradients are dropped, and the loss is returned."""
    value = loss(net, row)
    value.backward()
    net.zero_grad(set_to_none=True)
    return value.item()


def kind_of(name: str) -> str:
    """The group that an event of the profiler belongs to."""
    operator = name.removeprefix("aten::")
    if operator == name or operator in MOVES:
        return "bookkeeping"
    if operator in PRODUCTS:
        return "products"
    return "attention" if "scaled_dot_product" in operator else "other arithmetic"


def time_shares(run: Callable[[], object]) -> dict[str, float]:
    """Shares of the time of `run()` by group, from the times of operators without what they call.

    What passes between the operators, in Python and in autograd, is bookkeeping too.
    """
    groups = dict.fromkeys(("products", "attention", "other arithmetic", "bookkeeping"), 0.0)
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
        start = perf_counter()
        run()
        whole = 1e6 * (perf_counter() - start)
    for event in seen.key_averages():
        groups[kind_of(event.key)] += event.self_cpu_time_total
    groups["bookkeeping"] += max(whole - sum(groups.values()), 0.0)
    return {name: time / sum(groups.values()) for name, time in groups.items()}


def pass_operations(net: nn.Module, row: Tensor) -> tuple[int, int]:
    """Floating-point operations of a pass, attention included, and calls of operators."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        training_pass(row_loss, net, row)
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
        training_pass(row_loss, net, row)
    calls = sum(e.count for e in seen.key_averages() if e.key.startswith("aten::"))
    return counter.get_total_flops(), calls


def in_turns(*runs: Callable[[], object]) -> list[list[float]]:
    """Milliseconds of processor time of each function, called in turns."""
    times: list[list[float]] = [[] for _ in runs]
    for turn in range(TURNS):
        for k in range(len(runs)) if turn % 2 else reversed(range(len(runs))):
            start = process_time()
            runs[k]()
            times[k].append(1e3 * (process_time() - start))
    return times


def at_width(width: int, seeds: list[int], backend: str) -> dict[str, Any]:
    """All figures of one width; the compiler works once, on the first seed's network."""
    torch.compiler.reset()
    compiled, runs, seconds = torch.compile(row_loss, backend=backend, fullgraph=True), [], 0.0
    for seed in seeds:
        net, row = gpt_and_row(width, seed)
        before, start = os.times(), process_time()
        fast = training_pass(compiled, net, row)
        if seed == seeds[0]:  # with the compilers that were called
            after = os.times()
            children = after.children_user + after.children_system
            children -= before.children_user + before.children_system
            seconds = process_time() - start + children
        slow = training_pass(row_loss, net, row)
        eager_ms, compiled_ms = in_turns(
            lambda net=net, row=row: training_pass(row_loss, net, row),
            lambda net=net, row=row: training_pass(compiled, net, row),
        )
        parts = [time_shares(lambda: training_pass(row_loss, net, row)) for _ in range(TURNS)]  # noqa: B023
        runs.append(
            {
                "seed": seed,
                "eager_ms": median(eager_ms),
                "compiled_ms": median(compiled_ms),
                "ratio": median(e / c for e, c in zip(eager_ms, compiled_ms)),
                "loss_gap": abs(fast - slow),
                "shares": {name: median(part[name] for part in parts) for name in parts[0]},
            }
        )
    flops, calls = pass_operations(net, row)
    sizes = {"width": width, "parameters": parameters(net), "flops": flops, "calls": calls}
    return sizes | {"compile_s": seconds, "runs": runs}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.step_times")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--backend", default="inductor", help="of torch.compile")
    parser.add_argument("--record", action="store_true", help="write book/results/step-times.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    os.environ.setdefault("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1")
    results = {}
    for width in WIDTHS:
        results[str(width)] = at_width(width, options.seeds, options.backend)
        print(results[str(width)], flush=True)
    if options.record:
        record = records.Record(
            name="step-times",
            what="Processor time of forward and backward of a GPT of two blocks on 64 tokens, by "
            "width: eager, compiled by Inductor, and by kind of operator.",
            command="python -m utils.fullscale.step_times --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings={
                "blocks": BLOCKS,
                "heads": HEADS,
                "context_length": CONTEXT,
                "vocabulary": VOCABULARY,
                "turns": TURNS,
                "backend": options.backend,
            },
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
