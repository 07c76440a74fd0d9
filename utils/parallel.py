"""Real processes for a notebook: started once, they run any function that is sent to them.

Each process has its own memory. They reach each other through `torch.distributed` alone, with the
backend gloo, and this kernel through a pipe.

Explained in: 7.1.2
"""

import tempfile
import traceback
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import cloudpickle
import torch.distributed as dist
from torch.multiprocessing import get_context

from utils.runtime import seed_everything

PATIENCE = 120
"""Seconds that a process waits for another before it gives up."""


class Processes:
    """`n` processes in one group of `torch.distributed`, kept until `close`."""

    def __init__(self, n: int = 2) -> None:
        """Start them; each imports PyTorch for itself, which takes some seconds.

        Raises:
            ValueError: if `n` is below 1.
        """
        if n < 1:
            raise ValueError(f"At least one process is needed; this is {n}.")
        self.n = n
        self._folder = tempfile.TemporaryDirectory()
        meeting = Path(self._folder.name, "meeting").as_uri()
        context = get_context("spawn")
        self._pipes, self._processes = [], []
        for rank in range(n):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(rank, n, meeting, there), daemon=True)
            process.start()
            there.close()
            self._pipes.append(here)
            self._processes.append(process)

    def run(self, function: Callable, *arguments: Any) -> list:
        """What `function(rank, *arguments)` returns in each process, in the order of ranks.

        The function may stand in a notebook. All processes call it at the same time, so that
        collective operations inside it meet.

        Raises:
            RuntimeError: with the message of the first process that failed; all are closed then.
        """
        if not self._pipes:
            raise RuntimeError("These processes are closed: start new ones.")
        for pipe in self._pipes:
            pipe.send_bytes(cloudpickle.dumps((function, arguments)))
        results = []
        for rank, pipe in enumerate(self._pipes):
            try:
                succeeded, result = cloudpickle.loads(pipe.recv_bytes())
            except EOFError:
                succeeded, result = False, "it ended without a word"
            if not succeeded:
                self.close()
                raise RuntimeError(f"Process {rank} failed: {result}")
            results.append(result)
        return results

    def close(self) -> None:
        """End the processes; a second call does nothing."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(2)
            process.terminate()
            process.join()
        self._pipes, self._processes = [], []
        self._folder.cleanup()


def _serve(rank: int, n: int, meeting: str, pipe: Any) -> None:
    """Join the group, then run what comes through the pipe until it is closed."""
    warnings.simplefilter("ignore")
    seed_everything(0)
    dist.init_process_group("gloo", meeting, timedelta(seconds=PATIENCE), rank=rank, world_size=n)
    while True:
        try:
            function, arguments = cloudpickle.loads(pipe.recv_bytes())
        except EOFError:
            break
        try:
            answer = (True, function(rank, *arguments))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            answer = (False, f"{type(error).__name__} in line {last.lineno}: {error}")
        pipe.send_bytes(cloudpickle.dumps(answer))
    dist.destroy_process_group()
