"""A function of tensors as a function to one number, and its slopes by small steps.

Explained in: `gradients`, which chooses the kind of step and compares the slopes.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence

import torch

COMPLEX_STEP = 1e-20
CENTRAL_STEP = torch.finfo(torch.float64).eps ** (1 / 3)
UPSTREAM_SEED = 271_828  # not 0, which inputs are drawn from: equal draws would hide a transpose

Tensors = torch.Tensor | Sequence[torch.Tensor] | Mapping[str, torch.Tensor]


class Point:
    """f as a function to one number, at the point where it is differentiated."""

    def __init__(self, f: Callable, inputs: Tensors, upstream: torch.Tensor | None) -> None:
        if not callable(f):
            raise TypeError(f"`f` is a function of the inputs; this is {f!r:.60}.")
        self.f, self.by_name = f, isinstance(inputs, Mapping)
        self.inputs = _named_inputs(f, inputs)
        self.at = {k: x for k, x in self.inputs.items() if x.is_floating_point()}
        if sum(x.numel() for x in self.at.values()) == 0:
            raise ValueError("There is no floating-point entry in `inputs` to differentiate by.")
        if not all(torch.isfinite(x).all() for x in self.at.values()):
            raise ValueError("The inputs hold NaN or infinity, where nothing has a derivative.")
        value = self.output({})
        if not torch.isfinite(value).all():
            raise ValueError("`f` is NaN or infinite at this point, where it has no derivative.")
        self.is_scalar, self.is_upstream_given = value.ndim == 0, upstream is not None
        self.upstream = self._upstream(value, upstream)
        self.value = float((value * self.upstream).sum())
        self.size = float((value * self.upstream).abs().sum())
        if not torch.equal(value, self.output({})):
            raise ValueError("`f` gives two results for one input (dropout? a random draw?).")

    def output(self, replaced: dict[str, torch.Tensor]) -> torch.Tensor:
        """f with some inputs replaced, and the others copied so that f cannot change them."""
        values = {k: replaced[k] if k in replaced else x.clone() for k, x in self.inputs.items()}
        try:
            y = self.f(**values) if self.by_name else self.f(*values.values())
        except RuntimeError as error:
            if replaced or not re.search("dtype|double", str(error), re.I):
                raise
            raise ValueError(
                "`f` is given float64 and holds something of another dtype: make its weights and "
                f"constants float64 too, as net.double() does. torch says: {error}"
            ) from error
        if not isinstance(y, torch.Tensor):
            raise ValueError(f"`f` returns a tensor; this one returned {type(y).__name__}.")
        if not replaced and y.dtype != torch.float64:
            dtype = str(y.dtype).removeprefix("torch.")
            raise ValueError(
                f"`f` was given float64 and returned {dtype}: derivatives by steps need float64 "
                "all through, so create tensors in `f` with the dtype of its input."
            )
        return y

    def contracted(self, replaced: dict[str, torch.Tensor]) -> torch.Tensor:
        return (self.output(replaced) * self.upstream).sum()

    def moved(self, name: str, i: int, step: float | complex) -> torch.Tensor:
        x = self.at[name].to(torch.complex128 if isinstance(step, complex) else torch.float64)
        x = x.clone(memory_format=torch.contiguous_format)
        x.view(-1)[i] += step
        return x

    def width(self, name: str, i: int) -> float:
        return CENTRAL_STEP * max(1.0, abs(float(self.at[name].reshape(-1)[i])))

    def slope(self, name: str, i: int, method: str) -> float:
        if method == "complex":
            others = {k: x.to(torch.complex128) for k, x in self.at.items()}
            y = self.contracted(others | {name: self.moved(name, i, complex(0, COMPLEX_STEP))})
            return float(y.imag) / COMPLEX_STEP if y.is_complex() else 0.0
        there, back = (self.moved(name, i, s * self.width(name, i)) for s in (1, -1))
        run = float((there - back).reshape(-1)[i])  # the step that float64 really took
        return float(self.contracted({name: there}) - self.contracted({name: back})) / run

    def one_sided(self, name: str, i: int) -> tuple[float, float]:
        """The slopes to the left and to the right of an entry; at a kink they differ."""
        h = self.width(name, i)
        back, there = (float(self.contracted({name: self.moved(name, i, s)})) for s in (-h, h))
        return (self.value - back) / h, (there - self.value) / h

    def rounding(self, method: str) -> float:
        """About the error that rounding of f leaves in a slope."""
        size = 10 * torch.finfo(torch.float64).eps * self.size
        return size / CENTRAL_STEP if method == "central" else size

    def _upstream(self, value: torch.Tensor, given: torch.Tensor | None) -> torch.Tensor:
        if given is not None:
            if not isinstance(given, torch.Tensor) or given.shape != value.shape:
                shape = tuple(getattr(given, "shape", ()))
                raise ValueError(f"`upstream` is {shape} where f gives {tuple(value.shape)}.")
            return given.detach().to(value)
        if self.is_scalar:
            return torch.ones_like(value)
        fixed = torch.Generator().manual_seed(UPSTREAM_SEED)
        return torch.randn(value.shape, generator=fixed, dtype=torch.float64).to(value)


def _named_inputs(f: Callable, inputs: Tensors) -> dict[str, torch.Tensor]:
    if isinstance(inputs, torch.Tensor):
        inputs = [inputs]
    if isinstance(inputs, Mapping):
        tensors = dict(inputs)
    elif isinstance(inputs, (list, tuple)):
        try:
            names = list(inspect.signature(f).bind(*inputs).signature.parameters)[: len(inputs)]
        except (TypeError, ValueError, AttributeError):
            names = []
        if len(names) != len(inputs):
            names = [f"input {i}" for i in range(len(inputs))]
        tensors = dict(zip(names, inputs))
    else:
        raise TypeError(f"`inputs` are tensors; this is {type(inputs).__name__}.")
    for name, x in tensors.items():
        if not isinstance(x, torch.Tensor) or x.is_complex():
            raise TypeError(f"Input {name} is not a real tensor but {type(x).__name__}.")
    return {
        k: x.detach()
        .to(torch.float64 if x.is_floating_point() else x.dtype, copy=True)
        .contiguous()
        for k, x in tensors.items()
    }
