"""The house settings of a run: seed, threads, device, progress bars, a description of the machine.

Holds nothing about data or models. Chapters call `seed_everything(0)` in their first code cell.
"""

import os
import platform
import random
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

Item = TypeVar("Item")

THREADS = 1
"""Threads torch and NumPy compute with. Sums of floats depend on their number, so it is fixed."""


def seed_everything(seed: int = 0) -> None:
    """Seed Python, NumPy and PyTorch, fix the threads, and demand deterministic algorithms.

    Raises:
        ValueError: if `seed` is not a whole number from 0 to 2**32 - 1, the range NumPy takes.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"A seed is a whole number from 0 to 4294967295; this is {seed!r}.")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries draw from the global generator
    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    threadpool_limits(THREADS)  # NumPy's, through the linear algebra libraries in this process
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
    torch.use_deterministic_algorithms(True)


def device() -> torch.device:
    """CUDA where there is one, else the CPU. No stored output depends on which."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def progress(
    items: Iterable[Item], description: str, total: int | None = None
) -> Iterator[Item] | tqdm:
    """Iterate over `items` behind a progress bar, in a terminal or a notebook.

    The bar clears itself at the end, and `LARGE_MODELS_PROGRESS=0` (set where notebooks are
    run to be stored or compared) leaves it out, so none is ever stored.
    """
    shown = os.environ.get("LARGE_MODELS_PROGRESS", "1") != "0"
    return tqdm(items, desc=description, total=total, leave=False, disable=not shown)


def machine() -> dict[str, str | int]:
    """What a recorded run says of its machine: processor, cores, memory, accelerator, versions.

    Units: `memory_gib` in GiB (2**30 bytes), 0 where the system does not tell.
    """
    return {
        "processor": _processor_name(),
        "cores": os.cpu_count() or 0,
        "memory_gib": _memory_gib(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> int:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, ValueError, OSError):
        return 0
