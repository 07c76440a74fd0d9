"""One training loop, its schedules, its history, and checkpoints.

Leaves out the models (`models`) and the data (`data`): data are two tensors in memory, (x, y).
Under `torchrun` the same loop runs in several processes, each on its part of every batch.

Explained in: 4.1
"""

import atexit
import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    SequentialLR,
)

from utils import tensorfile
from utils.runtime import device, progress

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass
class History:
    """What a training run left behind, as plain lists.

    Units: losses as the loss function gives them; `seconds` of training, without evaluation.
    """

    step_losses: list[float] = field(default_factory=list)  # one per step
    learning_rates: list[float] = field(default_factory=list)  # one per step
    train_losses: list[float] = field(default_factory=list)  # one per epoch: mean over examples
    validation_losses: list[float] = field(default_factory=list)  # one per epoch
    validation_accuracies: list[float] = field(default_factory=list)  # one per epoch
    seconds: list[float] = field(default_factory=list)  # one per epoch


class Evaluation(NamedTuple):
    """Mean loss, share of right answers (None where targets are not classes), predictions."""

    loss: float
    accuracy: float | None
    predictions: Tensor


def batches(
    x: Tensor, y: Tensor, batch_size: int, generator: torch.Generator | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the examples in batches: shuffled by `generator`, in order without one.

    Shapes:
        x (N, ...), y (N, ...) -> pairs (B, ...), (B, ...); the last one may be smaller.
    """
    order = (
        torch.arange(len(x)) if generator is None else torch.randperm(len(x), generator=generator)
    )
    for idx in order.split(batch_size):
        yield x[idx], y[idx]


def fit(
    model: nn.Module,
    train: tuple[Tensor, Tensor],
    *,
    epochs: int,
    batch_size: int,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
    loss: Loss = F.cross_entropy,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    history: History | None = None,
    checkpoint: str | Path | None = None,
) -> History:
    """Train `model` until it has seen `train` `epochs` times; return the history.

    The scheduler steps after every batch. `seed` sets the order of the examples, which is the
    same on every device. With `checkpoint`, the state is saved after every epoch; to resume,
    pass the `history` that `load_checkpoint` returns: the losses are those of an unbroken run.
    Under `torchrun` each process takes its part of every batch, and the losses stay those of one
    process (but for dropout and batch normalisation, which each part draws and averages anew).

    Shapes:
        train and validation: x (N, ...) and y (N, ...); loss(model(x), y) is a mean over examples.

    Raises:
        ValueError: no examples, x and y of different lengths, a batch size or number of epochs
            below one, an optimizer of another model.
        FloatingPointError: a loss that is not finite.

    Explained in: 4.1
    """
    _check_examples(*train)
    _check_settings(model, epochs, batch_size, optimizer)
    rank, world_size = _join_processes()
    model.to(device())
    replica = DistributedDataParallel(model) if world_size > 1 else model
    history = history or History()
    epochs_done = len(history.train_losses)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs_done):
        torch.randperm(len(train[0]), generator=generator)  # the orders already used

    for _ in progress(range(epochs_done, epochs), "Training"):
        start = perf_counter()
        examples = batches(*train, batch_size, generator)
        train_epoch(replica, examples, optimizer, scheduler, loss, history, rank, world_size)
        history.seconds.append(perf_counter() - start)
        if validation is not None:
            result = evaluate(model, *validation, loss=loss)
            history.validation_losses.append(result.loss)
            if result.accuracy is not None:
                history.validation_accuracies.append(result.accuracy)
        if checkpoint is not None and rank == 0:
            save_checkpoint(checkpoint, model, optimizer, scheduler, history)
    return history


def train_epoch(
    model: nn.Module,
    examples: Iterable[tuple[Tensor, Tensor]],
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    loss: Loss,
    history: History,
    rank: int = 0,
    world_size: int = 1,
) -> None:
    """Go once through batches of examples, a step for each, and note the losses in `history`.

    Shapes:
        examples: pairs x (B, ...), y (B, ...), from `batches` or a `DataLoader`.

    Raises:
        FloatingPointError: a loss that is not finite, before the model is changed.
    """
    model.train()
    total, seen = 0.0, 0
    for x, y in examples:
        n = len(x)
        x, y, weight = _part_of_batch(x, y, rank, world_size)
        step_loss = weight * loss(model(x.to(device())), y.to(device()))
        value = _mean_over_processes(step_loss, world_size)
        if not math.isfinite(value):
            step = len(history.step_losses) + 1
            raise FloatingPointError(
                f"The loss is {value} at step {step}: lower the learning rate, or look for NaN."
            )
        optimizer.zero_grad()
        step_loss.backward()
        optimizer.step()
        history.step_losses.append(value)
        history.learning_rates.append(float(optimizer.param_groups[0]["lr"]))
        if scheduler is not None:
            scheduler.step()
        total, seen = total + n * value, seen + n
    history.train_losses.append(total / seen)


@torch.no_grad()
def evaluate(
    model: nn.Module, x: Tensor, y: Tensor, batch_size: int = 1000, loss: Loss = F.cross_entropy
) -> Evaluation:
    """The mean loss, the accuracy and the predictions of `model` on all of (x, y).

    Shapes:
        x (N, ...), y (N, ...) -> predictions (N, ...): classes where y holds classes and the
        model gives one score for each, else the model's outputs.

    Raises:
        ValueError: no examples, or x and y of different lengths.
    """
    _check_examples(x, y)
    was_training = model.training
    model.to(device()).eval()
    total, predictions = 0.0, []
    for inputs, targets in batches(x, y, batch_size):
        outputs = model(inputs.to(device()))
        total += len(inputs) * loss(outputs, targets.to(device())).item()
        are_classes = not targets.is_floating_point() and outputs.shape[:-1] == targets.shape
        predictions.append((outputs.argmax(-1) if are_classes else outputs).cpu())
    model.train(was_training)
    predictions = torch.cat(predictions)
    accuracy = (predictions == y.cpu()).double().mean().item() if are_classes else None
    return Evaluation(total / len(x), accuracy, predictions)


def cosine(optimizer: Optimizer, steps: int, warm_up: int = 0) -> LRScheduler:
    """From the optimizer's learning rate along half a cosine to 0, after a linear warm-up.

    Units: `steps` counts all steps, `warm_up` those of the warm-up.

    Raises:
        ValueError: unless 0 <= warm_up < steps.

    Source: Loshchilov and Hutter 2017, SGDR, equation 5, without restarts.
    """
    if not 0 <= warm_up < steps:
        raise ValueError(f"A warm-up of {warm_up} steps does not fit before the end at {steps}.")
    if warm_up == 0:
        return CosineAnnealingLR(optimizer, steps)
    rise = LinearLR(optimizer, start_factor=1 / (warm_up + 1), total_iters=warm_up)
    fall = CosineAnnealingLR(optimizer, steps - warm_up)
    return SequentialLR(optimizer, [rise, fall], milestones=[warm_up])


def one_cycle(optimizer: Optimizer, steps: int, peak: float, warm_up: float = 0.3) -> LRScheduler:
    """Up to `peak` during the share `warm_up` of all `steps`, then down to almost nothing.

    Source: Smith and Topin 2018, Super-Convergence.
    """
    return OneCycleLR(optimizer, max_lr=peak, total_steps=steps, pct_start=warm_up)


def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: Optimizer | None = None,
    scheduler: LRScheduler | None = None,
    history: History | None = None,
) -> Path:
    """Write everything that training needs to go on, as one safetensors file, all or nothing.

    Holds the model, the optimizer, the scheduler, the history and the random generator.
    """
    parts = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict() if optimizer else None,
        "scheduler": scheduler.state_dict() if scheduler else None,
        "history": asdict(history) if history else None,
        "random": _random_state(),
        "kinds": _kinds(optimizer, scheduler),
    }
    return tensorfile.write(path, parts)


def load_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: Optimizer | None = None,
    scheduler: LRScheduler | None = None,
) -> History:
    """Put a checkpoint's state into `model`, `optimizer` and `scheduler`; return its history.

    Nothing is changed unless everything that is asked for is there and fits.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is no whole checkpoint, or one of another model or optimizer.
    """
    parts = tensorfile.read(path)
    if "kinds" not in parts:
        raise ValueError(f"{path} is no checkpoint: save one with save_checkpoint.")
    _check_fit(path, parts, model, optimizer, scheduler)
    if optimizer is not None:  # the first, since it may still refuse
        state = parts["optimizer"]["state"]  # JSON made strings of its whole-number keys
        parts["optimizer"]["state"] = {int(key): value for key, value in state.items()}
        optimizer.load_state_dict(parts["optimizer"])
    model.load_state_dict(parts["model"])
    if scheduler is not None:
        scheduler.load_state_dict(parts["scheduler"])
    torch.set_rng_state(parts["random"]["cpu"])
    if "cuda" in parts["random"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(parts["random"]["cuda"])
    return History(**parts["history"]) if parts["history"] else History()


def _check_fit(
    path: str | Path,
    parts: dict[str, Any],
    model: nn.Module,
    optimizer: Optimizer | None,
    scheduler: LRScheduler | None,
) -> None:
    """Say in one sentence why a checkpoint does not belong to this model and optimizer."""
    stored, wanted = (
        {key: tuple(value.shape) for key, value in state.items()}
        for state in (parts["model"], model.state_dict())
    )
    for key in wanted.keys() | stored.keys():
        if wanted.get(key) != stored.get(key):
            raise ValueError(
                f"{path} is a checkpoint of another model: it holds {key} of shape "
                f"{stored.get(key, 'nothing')}, this model {wanted.get(key, 'nothing')}."
            )
    for name, kind in _kinds(optimizer, scheduler).items():
        if kind is not None and parts["kinds"][name] != kind:
            raise ValueError(f"{path} holds as {name} {parts['kinds'][name]}, not {kind}.")


def _kinds(optimizer: Optimizer | None, scheduler: LRScheduler | None) -> dict[str, str | None]:
    named = {"optimizer": optimizer, "scheduler": scheduler}
    return {key: type(value).__name__ if value else None for key, value in named.items()}


def _random_state() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _join_processes() -> tuple[int, int]:
    """This process's rank and the number of processes, joined if `torchrun` started several."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return 0, 1
    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        atexit.register(dist.destroy_process_group)
    return dist.get_rank(), dist.get_world_size()


def _part_of_batch(
    x: Tensor, y: Tensor, rank: int, world_size: int
) -> tuple[Tensor, Tensor, float]:
    """This process's examples, and the weight that makes the mean of the parts the batch's mean."""
    n = len(x[rank::world_size])
    if n == 0:  # fewer examples than processes: compute one, count none
        return x[:1], y[:1], 0.0
    return x[rank::world_size], y[rank::world_size], n * world_size / len(x)


def _mean_over_processes(value: Tensor, world_size: int) -> float:
    value = value.detach()
    if world_size > 1:
        value = value.clone()
        dist.all_reduce(value)
        value /= world_size
    return value.item()


def _check_examples(x: Tensor, y: Tensor) -> None:
    if len(x) != len(y):
        raise ValueError(f"Every example needs a target: there are {len(x)} and {len(y)}.")
    if len(x) == 0:
        raise ValueError("There are no examples.")


def _check_settings(model: nn.Module, epochs: int, batch_size: int, optimizer: Optimizer) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is at least 1; this is {value}.")
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    if not any(id(parameter) in held for parameter in model.parameters()):
        raise ValueError("The optimizer holds none of this model's parameters: build it from them.")
