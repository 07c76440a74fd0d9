"""CartPole learned ten times by each of three methods: how many steps each run takes.

All stop by one rule, chosen before: the running mean of a hundred training returns, then of a
hundred validation episodes, reaches 490. The test is a hundred episodes of Gymnasium's own
CartPole-v1 from other starts. Settings were chosen on seeds 0 to 2.

Explained in: 6.4
"""

import argparse
import json
from time import process_time
from typing import Any

import torch

from utils import records
from utils.fullscale import commit
from utils.reinforcement import balances, cartpoles, first_returns, most_probable, ppo, reinforce

TEST_STARTS = 6000
METHODS = {
    "REINFORCE, no baseline": (reinforce, 16, {"baseline": False, "rate": 2e-2}),
    "REINFORCE, baseline": (reinforce, 16, {}),
    "PPO": (ppo, 32, {}),
}


def run_method(name: str, seed: int, limit: int) -> dict[str, Any]:
    """One run: steps of the environment until the rule, and the returns of the test."""
    method, copies, options = METHODS[name]
    start = process_time()
    agent, log = method(cartpoles(copies), seed, stop=balances, limit=limit, **options)
    seconds = process_time() - start
    tested = first_returns(most_probable(agent), cartpoles(100, fast=False), TEST_STARTS)
    return {
        "method": name,
        "seed": seed,
        "steps": log.steps,
        "stopped": bool(balances(agent, log)),
        "test_mean": float(tested.mean()),
        "test_lowest": float(tested.min()),
        "cpu_seconds": round(seconds, 2),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m utils.fullscale.cartpole",
        description="Learn CartPole by three methods and count the steps that each seed takes.",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10, 20)), metavar="S")
    parser.add_argument("--limit", type=int, default=500_000, help="steps that a run may take")
    parser.add_argument("--record", action="store_true", help="write book/results/cartpole.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    runs = []
    for seed in options.seeds:
        for name in METHODS:
            runs.append(run_method(name, seed, options.limit))
            print(json.dumps(runs[-1]), flush=True)
    if options.record:
        record = records.Record(
            name="cartpole",
            what="CartPole learned by REINFORCE with and without a baseline and by PPO: steps of "
            "the environment until the rule to stop, and the mean return of 100 test episodes.",
            command="python -m utils.fullscale.cartpole --record",
            seeds=options.seeds,
            settings={"limit": options.limit},
            results={"runs": runs},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
