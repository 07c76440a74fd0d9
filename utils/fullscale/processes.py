"""One training run in one process and, by `torchrun`, in two: the same losses.

Explained in: 4.3
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import torch

from utils import records
from utils.fullscale import commit
from utils.language import source_corpus, token_windows, train_language_model
from utils.models import GPT, GPTConfig
from utils.runtime import seed_everything

ROOT = Path(__file__).resolve().parents[2]
SHOWN = [1, 2, 5, 10, 20]


def first_losses(n_windows: int = 80, batch_size: int = 4) -> list[float]:
    """The losses of a GPT's first steps on source code; under `torchrun`, of all its processes.

    Units: nats a token.
    """
    corpus = source_corpus()
    config = GPTConfig(corpus.tokenizer.vocab_size, 256, 64, 2, 2)
    pair = tuple(part[:n_windows] for part in token_windows(corpus.ids["train"], 256))
    torch.manual_seed(0)
    rates = {"lr": 4e-3, "lr_tables": 4e-3}
    return train_language_model(GPT(config), pair, 1, batch_size=batch_size, **rates).step_losses


def in_two_processes() -> list[list[float]]:
    """What each of two processes notes as its losses."""
    with tempfile.TemporaryDirectory() as folder:
        launch = ["torch.distributed.run", "--standalone", "--nproc_per_node=2"]
        program = ["-m", "utils.fullscale.processes", "--worker", folder]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", *launch, *program]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return [json.loads(Path(folder, rank).read_text()) for rank in ("0", "1")]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.processes")
    parser.add_argument("--worker", type=Path, help="write this process's losses into a folder")
    parser.add_argument("--record", action="store_true", help="write two-processes.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    if options.worker is not None:
        (options.worker / os.environ["RANK"]).write_text(json.dumps(first_losses()))
        return
    start = perf_counter()
    one = first_losses()
    middle = perf_counter()
    two, other = in_two_processes()
    seconds = {"one": round(middle - start, 2), "two": round(perf_counter() - middle, 2)}
    largest = max(abs(a - b) / b for a, b in zip(two + other, one + one))
    print(f"{len(one)} losses differ by {largest:.1e} of themselves at most")
    if options.record:
        record = records.Record(
            name="two-processes",
            what="Losses of 20 steps of a GPT in one process and, by torchrun, in two on halves "
            "of the same batches; seconds include starting the processes.",
            command="python -m utils.fullscale.processes --record",
            seeds=[0],
            settings={"windows": 80, "batch_size": 4, "context_length": 256},
            results={
                "one": one,
                "two": two,
                "shown_steps": SHOWN,
                "largest_relative_difference": largest,
                "seconds": seconds,
            },
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
