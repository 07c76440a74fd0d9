"""What models cost and how sure a figure is: sizes, operations, times, energy, intervals.

Leaves out what a library has (`scikit-learn` for other metrics); a formula stands here because
a chapter shows it. Counts follow `torch.utils.flop_counter`: a multiplication and an addition
are two operations, and biases, activations and pooling are not counted.

Explained in: 1.1, 3.2.1, 4.1, 7.4.2
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
import torch
from scipy import special
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class Layer:
    """One row of a layer table; shapes without the batch, counts for one example."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    flops: int
    activations: int


class LayerTable(list[Layer]):
    """Rows of `Layer`, printed as a table with a line of totals."""

    def __str__(self) -> str:
        rows = [("layer", "kind", "output", "parameters", "FLOPs", "activations")]
        rows += [
            (r.name, r.kind, "×".join(map(str, r.output_shape)))
            + (f"{r.parameters:,}", f"{r.flops:,}", f"{r.activations:,}")
            for r in self
        ]
        counts = (sum(getattr(r, k) for r in self) for k in ("parameters", "flops", "activations"))
        rows.append(("total", "", "") + tuple(f"{count:,}" for count in counts))
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = (
            "  ".join(
                cell.ljust(width) if i < 3 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths))
            ).rstrip()
            for row in rows
        )
        return "\n".join(lines)

    __repr__ = __str__


def parameters(model: nn.Module) -> int:
    """How many numbers training changes in `model`; a shared one counts once."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def bytes_of(thing: Tensor | nn.Module) -> int:
    """The bytes that a tensor, or a model's parameters and buffers, take in memory.

    Example: a float32 tensor of shape (10, 10) takes 400 bytes.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(thing, Tensor):
        return thing.numel() * thing.element_size()
    if isinstance(thing, nn.Module):
        return sum(bytes_of(t) for t in [*thing.parameters(), *thing.buffers()])
    raise TypeError(f"bytes_of takes a tensor or a module; this is a {type(thing).__name__}.")


def kept_bytes(run: Callable[[], object], net: nn.Module) -> int:
    """The bytes that autograd keeps of `run()` for its backward pass, apart from `net`'s own.

    Storage that several kept tensors share counts once. `run` returns what it computed, so that
    nothing is freed, and no address used twice, before all is counted.

    Explained in: 1.1, 3.1.2
    """
    own = {tensor.untyped_storage().data_ptr() for tensor in net.parameters()}
    stored: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        stored[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        _outputs = run()
    return sum(size for address, size in stored.items() if address not in own)


def conv_output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Pixels along one side after a convolution or a pooling: ⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1.

    Raises:
        ValueError: if the kernel does not fit into the padded input, or a setting is no setting.

    Explained in: 3.2.1
    """
    if min(kernel, stride, dilation) < 1 or padding < 0:
        raise ValueError("Kernel, stride and dilation are at least 1, and padding at least 0.")
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError(f"A kernel of {kernel} does not fit {size} pixels padded by {padding}.")
    return room // stride + 1


def layer_flops(layer: nn.Module, output_shape: Sequence[int]) -> int:
    """Operations of one layer for one example; 0 for a layer that is no convolution nor linear.

    A convolution: 2 · K_h · K_w · C_in/groups for each output number; a linear layer: 2 · in.

    Shapes:
        output_shape: of one example, without the batch.
    """
    if isinstance(layer, CONVOLUTIONS):
        return (
            2
            * math.prod(layer.kernel_size)
            * layer.in_channels
            // layer.groups
            * math.prod(output_shape)
        )
    if isinstance(layer, nn.Linear):
        return 2 * layer.in_features * math.prod(output_shape)
    return 0


def flops(model: nn.Module, example: Tensor | Sequence[int], backward: bool = False) -> int:
    """Operations of `model` on one input, as `torch.utils.flop_counter` counts them.

    `backward` adds the gradients of all parameters. That of the input itself, which training does
    not need, is not counted.

    Shapes:
        example: a batch (B, ...), or the shape of one, filled with zeros.
    """
    with _evaluating(model), FlopCounterMode(display=False) as counter:
        outputs = model(_as_input(example))
        if backward:
            grads = torch.autograd.grad(outputs.sum(), [*model.parameters()], allow_unused=True)
            del grads  # computed for their count; the parameters' own gradients stay untouched
    return counter.get_total_flops()


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Counting must not change the running means of batch normalisation, nor any module's mode."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@torch.no_grad()
def layer_table(model: nn.Module, example: Tensor | Sequence[int]) -> LayerTable:
    """What every layer of `model` gives out and costs, for one example.

    Layers are the modules without children, in the order of their use. Where the library counts
    operations outside them (a matrix product in `forward`), a last row holds these.

    Shapes:
        example: a batch of one, (1, ...), or its shape, filled with zeros.

    Raises:
        ValueError: if the batch is not of one.
    """
    inputs = _as_input(example)
    if len(inputs) != 1:
        raise ValueError(f"A layer table is for a batch of one; this is of {len(inputs)}.")
    table = LayerTable()

    def note(name: str) -> Callable[[nn.Module, tuple, Tensor], None]:
        def hook(layer: nn.Module, _: tuple, output: Tensor) -> None:
            shape = tuple(output.shape[1:])
            cost = (parameters(layer), layer_flops(layer, shape), math.prod(shape))
            table.append(Layer(name, type(layer).__name__, shape, *cost))

        return hook

    leaves = [(name, layer) for name, layer in model.named_modules() if not [*layer.children()]]
    handles = [layer.register_forward_hook(note(name)) for name, layer in leaves]
    try:
        total = flops(model, inputs)
    finally:
        for handle in handles:
            handle.remove()
    rest = total - sum(row.flops for row in table)
    rest_parameters = parameters(model) - sum(row.parameters for row in table)
    if rest or rest_parameters:
        table.append(Layer("(outside layers)", "", (), rest_parameters, rest, 0))
    return table


@dataclass(frozen=True)
class TimeRatio:
    """How the times of two functions compare. Units: seconds; `ratio` is first over second."""

    first: float
    second: float
    ratio: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.first:.3g} s against {self.second:.3g} s: "
            f"ratio {self.ratio:.2f} ({self.low:.2f} to {self.high:.2f})"
        )


def time_ratio(f: Callable[[], object], g: Callable[[], object], repeats: int = 7) -> TimeRatio:
    """Time `f` and `g` in turns, in one run, so that both meet the same state of the machine.

    Each runs once unmeasured; the order changes at every turn. Times are medians, the ratio the
    median of the turns' ratios, `low` and `high` their smallest and largest. On a GPU the
    functions must wait for their result themselves (`torch.cuda.synchronize`).

    Raises:
        ValueError: if `repeats` is below 2: there would be no spread.
    """
    if repeats < 2:
        raise ValueError(f"A spread needs at least 2 repeats; this is {repeats}.")
    f(), g()
    turns = []
    for i in range(repeats):
        if i % 2:
            b, a = _seconds(g), _seconds(f)
        else:
            a, b = _seconds(f), _seconds(g)
        turns.append((a, b))
    ratios = [a / b for a, b in turns]
    first, second = (median(times) for times in zip(*turns))
    return TimeRatio(first, second, median(ratios), min(ratios), max(ratios))


def energy(watts: float, seconds: float) -> float:
    """Joules that a machine of a steady power of `watts` takes in `seconds`: E = P · t.

    Units: W · s = J; 3.6e6 J are one kWh. `watts` is a data sheet's or a meter's figure: this
    function measures nothing.

    Raises:
        ValueError: if one of them is negative or not finite.
    """
    for name, value in (("watts", watts), ("seconds", seconds)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is a finite number, not below zero; this is {value}.")
    return watts * seconds


def accuracy(predictions: Tensor | np.ndarray, labels: Tensor | np.ndarray) -> float:
    """The share of predictions that equal their label, from 0 to 1.

    Shapes:
        predictions (N,), labels (N,).

    Raises:
        ValueError: if there are none, or if the shapes differ (they would be broadcast).
    """
    predictions, labels = np.asarray(predictions), np.asarray(labels)
    if predictions.shape != labels.shape or predictions.size == 0:
        raise ValueError(
            "Accuracy needs as many predictions as labels, and at least one: "
            f"the shapes are {predictions.shape} and {labels.shape}."
        )
    return float((predictions == labels).mean())


@dataclass(frozen=True)
class Spread:
    """A mean over runs, their standard deviation (n − 1), and an interval for the true mean."""

    mean: float
    std: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.4g} ± {self.std:.2g} ({self.low:.4g} to {self.high:.4g}, n = {self.n})"


def spread(values: Sequence[float], level: float = 0.95) -> Spread:
    """Mean and spread of repeated runs, and Student's t interval of `level` for the mean.

    The interval supposes independent runs of roughly normal values; with three seeds it is wide,
    as it should be.

    Raises:
        ValueError: fewer than two values, a value that is not finite, a level outside (0, 1).
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"A spread needs two values at least; these are {array.size}.")
    if not np.isfinite(array).all():
        raise ValueError(f"A spread needs finite values; these are {array.tolist()}.")
    _check_level(level)
    mean, std, n = array.mean(), array.std(ddof=1), len(array)
    half = special.stdtrit(n - 1, (1 + level) / 2) * std / math.sqrt(n)
    return Spread(float(mean), float(std), float(mean - half), float(mean + half), n)


def binomial_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share, such as an accuracy, of which `successes` in `n` were seen.

    Raises:
        ValueError: unless 0 <= successes <= n, n > 0 and 0 < level < 1.

    Source: Wilson 1927; Brown, Cai and DasGupta 2001, equation 4.
    """
    if not (n > 0 and 0 <= successes <= n):
        raise ValueError(f"Successes are from 0 to n, and n is above 0: {successes} of {n}.")
    _check_level(level)
    z = special.ndtri((1 + level) / 2)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _as_input(example: Tensor | Sequence[int]) -> Tensor:
    return example if isinstance(example, Tensor) else torch.zeros(*example)


def _seconds(f: Callable[[], object]) -> float:
    start = perf_counter()
    f()
    return perf_counter() - start


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"A level lies between 0 and 1, as 0.95 does; this is {level}.")
