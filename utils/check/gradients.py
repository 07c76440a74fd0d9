"""`gradient`: derivatives by small steps against autograd, or against formulas.

A complex step, Im f(x + ih) / h, subtracts nothing, so h = 1e-20 leaves rounding error alone; it
needs an analytic f whose operations take complex numbers and keep so small an imaginary part
(torch's convolutions do not: they multiply by Gauss's three-product trick). Central differences,
(f(x + h) - f(x - h)) / 2h, need neither; h = u^(1/3) max(1, |x|), u = 2^-52, balances their
truncation error of order h^2 against rounding of order u / h.

Source: Squire and Trapp (1998), Using complex variables to estimate derivatives of real
functions, SIAM Review 40; Nocedal and Wright (2006), Numerical Optimization, section 8.1.
"""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

from utils.check.reporting import CheckFailed, count, failed, named, passed, short, tolerance

COMPLEX_STEP = 1e-20
CENTRAL_STEP = torch.finfo(torch.float64).eps ** (1 / 3)
DEFAULTS = {"complex": 1e-10, "central": 1e-6}
"""Tolerances, relative to the largest entry of an input's gradient: some thousand times the error
the two methods leave."""

Tensors = torch.Tensor | Sequence[torch.Tensor] | Mapping[str, torch.Tensor]


def gradient(
    what: str,
    f: Callable[..., torch.Tensor],
    inputs: Tensors,
    against: Tensors | Callable[..., Tensors] | None = None,
    method: str = "auto",
    rtol: float | None = None,
    atol: float | None = None,
    upstream: torch.Tensor | None = None,
) -> None:
    """Check the gradient of `f` with respect to every floating-point tensor in `inputs`.

    f is called as `f(*inputs)`, or `f(**inputs)` for a dictionary, with copies in float64;
    integer tensors are passed on as they are. A tensor-valued f is contracted to a number,
    L = sum(upstream * f), with `upstream` = dL/df given or drawn from a fixed seed.

    `against` names the other side: None for autograd; or the gradients themselves, one for each
    floating-point input (a tensor-valued f needs `upstream` then); or a function that returns
    them, called with the inputs, after `upstream` where f is tensor-valued.

    `method` is "complex", "central", or "auto": complex steps where f proves analytic along a
    random direction, central differences elsewhere. The line says which.

    An entry passes when it differs by at most atol + rtol * (largest entry of that input's
    gradient). Without tolerances `DEFAULTS` apply, with `atol` 0. A gradient no larger than the
    steps' own rounding error proves nothing and fails, unless an `atol` above it is given.

    Shapes: a gradient has the shape of its input.
    Raises:
        CheckFailed: naming the worst entry, and a kink of f where there seems to be one.
        ValueError: if there is nothing to differentiate, or f is not real, random or not float64.
    """
    what = named(what)
    if method not in ("auto", "complex", "central"):
        raise ValueError(f"`method` is 'auto', 'complex' or 'central'; this is {method!r}.")
    point = _Point(f, inputs, upstream)
    method = _choose(point, method)
    rtol = DEFAULTS[method] if rtol is None and atol is None else tolerance(rtol or 0, "rtol")
    atol = tolerance(atol or 0, "atol")
    other, by = _reference(what, point, against)
    for name, gradient_there in other.items():
        numeric = torch.empty_like(point.at[name])
        for i in range(numeric.numel()):
            numeric.view(-1)[i] = point.slope(name, i, method)
        _compare(what, point, name, (gradient_there, numeric), (rtol, atol), (by, method))
    n = sum(g.numel() for g in other.values())
    to = " and ".join(
        [f"{short(rtol)} of the largest"] * (rtol > 0) + [f"an absolute {short(atol)}"] * (atol > 0)
    )
    steps = "complex steps" if method == "complex" else "central differences"
    agree = f"by {by} and by {steps} agree to {to or 'the last digit'}"
    passed(what, f"{count(n, 'derivative')} ({', '.join(other)}) {agree}")


class _Point:
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
        self.is_scalar = value.ndim == 0
        self.upstream = self._upstream(value, upstream)
        self.value = float((value * self.upstream).sum())
        self.size = float((value * self.upstream).abs().sum())
        if not torch.equal(value, self.output({})):
            raise ValueError("`f` gives two results for one input (dropout? a random draw?).")

    def output(self, replaced: dict[str, torch.Tensor]) -> torch.Tensor:
        """f with some inputs replaced, and the others copied so that f cannot change them."""
        values = {k: replaced[k] if k in replaced else x.clone() for k, x in self.inputs.items()}
        y = self.f(**values) if self.by_name else self.f(*values.values())
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
            return given.detach().to(torch.float64)
        if self.is_scalar:
            return torch.ones((), dtype=torch.float64)
        fixed = torch.Generator().manual_seed(0)
        return torch.randn(value.shape, generator=fixed, dtype=torch.float64)


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
        k: x.detach().to("cpu", torch.float64 if x.is_floating_point() else x.dtype, copy=True)
        for k, x in tensors.items()
    }


def _choose(point: _Point, method: str) -> str:
    if method == "central":
        return method
    why = _not_analytic(point)
    if why and method == "complex":
        raise ValueError(f"Complex steps do not work here, since {why}; use method='central'.")
    return "central" if why else "complex"


def _not_analytic(point: _Point) -> str | None:
    """Why a complex step would be wrong: compared along one direction with a real step."""
    fixed = torch.Generator().manual_seed(1)
    ways = {k: torch.randn(x.shape, generator=fixed, dtype=x.dtype) for k, x in point.at.items()}
    there = {k: torch.complex(x, COMPLEX_STEP * ways[k]) for k, x in point.at.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # torch warns where an imaginary part is thrown away
            y = point.contracted(there)
    except Exception as error:
        return f"f does not take complex numbers ({type(error).__name__})"
    if not y.is_complex():
        return "f returns no complex number"
    along = float(y.imag) / COMPLEX_STEP
    h = CENTRAL_STEP
    ends = [
        point.contracted({k: x + s * h * ways[k] for k, x in point.at.items()}) for s in (1, -1)
    ]
    real = float(ends[0] - ends[1]) / (2 * h)
    if abs(along - real) <= 1e-4 * abs(real) + point.rounding("central"):
        return None
    return "f is not analytic (a modulus, a conjugate?), or loses the small imaginary part"


def _reference(
    what: str, point: _Point, against: Tensors | Callable | None
) -> tuple[dict[str, torch.Tensor], str]:
    if against is None:
        return _by_autograd(point), "autograd"
    if callable(against):
        first = [] if point.is_scalar else [point.upstream.clone()]
        copies = {k: x.clone() for k, x in point.inputs.items()}
        call = partial(against, *first)
        against = call(**copies) if point.by_name else call(*copies.values())
    elif not point.is_scalar and torch.equal(point.upstream, point._upstream(point.upstream, None)):
        raise ValueError("f is tensor-valued: give `upstream`, for which `against` was computed.")
    if isinstance(against, Mapping):
        if against.keys() != point.at.keys():
            raise ValueError(f"`against` names {list(against)}, and f depends on {list(point.at)}.")
        given = [against[k] for k in point.at]
    else:
        given = [against] if isinstance(against, torch.Tensor) else list(against)
    if len(given) != len(point.at):
        wanted = f"{len(point.at)} ({', '.join(point.at)})"
        raise ValueError(
            f"`against` gives {count(len(given), 'gradient')}, and there are {wanted}."
        )
    for (name, x), g in zip(point.at.items(), given):
        if not isinstance(g, torch.Tensor):
            raise ValueError(f"The gradient given for {name} is no tensor: {type(g).__name__}.")
        if g.shape != x.shape:
            shapes = f"{tuple(g.shape)} and {name} itself is {tuple(x.shape)}"
            raise failed(what, f"the formula's gradient for {name} is {shapes}.")
    return {k: g.detach().cpu().double() for k, g in zip(point.at, given)}, "the formula"


def _by_autograd(point: _Point) -> dict[str, torch.Tensor]:
    leaves = {k: x.clone().requires_grad_() for k, x in point.at.items()}
    with torch.enable_grad():
        y = point.contracted(leaves)
    if not y.requires_grad:
        raise ValueError(
            "autograd lost its way in `f` (a detach, an .item(), NumPy?); keep to tensors, or "
            "give the formula as `against`."
        )
    found = torch.autograd.grad(y, list(leaves.values()), allow_unused=True)
    return {k: torch.zeros_like(x) if g is None else g for (k, x), g in zip(leaves.items(), found)}


def _compare(
    what: str,
    point: _Point,
    name: str,
    sides: tuple[torch.Tensor, torch.Tensor],
    tolerances: tuple[float, float],
    sources: tuple[str, str],
) -> None:
    there, numeric = sides
    (rtol, atol), method = tolerances, sources[1]
    if not (there.any() or numeric.any()):  # both sides are zero, to the last bit
        return
    largest, floor = float(numeric.abs().max()), point.rounding(method)
    if max(largest, float(there.abs().max())) <= floor and atol < floor:
        raise failed(
            what,
            f"the gradient by {name} is no larger than the rounding error of the steps, about "
            f"{floor:.0e}, so nothing can be told; scale f up, or accept it as 0 by an `atol` "
            "above that.",
        )
    allowed = atol + rtol * largest
    if not bool(((there - numeric).abs() <= allowed).all()):
        raise _offence(what, point, name, sides, allowed, sources)


def _offence(
    what: str,
    point: _Point,
    name: str,
    sides: tuple[torch.Tensor, torch.Tensor],
    allowed: float,
    sources: tuple[str, str],
) -> CheckFailed:
    there, numeric = sides
    errors = torch.where(torch.isfinite(there - numeric), (there - numeric).abs(), torch.inf)
    i = int(errors.argmax())
    index = [int(j) for j in torch.unravel_index(torch.tensor(i), errors.shape)]
    at = f"{name}{index if index else ''}"
    n = int((~(errors <= allowed)).sum())
    verb = "differs" if n == 1 else "differ"
    steps = "complex steps" if sources[1] == "complex" else "central differences"
    values = f"{float(there.view(-1)[i]):.10g} by {sources[0]}"
    values += f" and {float(numeric.view(-1)[i]):.10g} by {steps}"
    left, right = point.one_sided(name, i)
    kink = ""
    if abs(left - right) > 1e-3 * max(abs(left), abs(right)) + point.rounding("central"):
        kink = (
            f" The slopes left and right of it are {short(left)} and {short(right)}: f has a kink"
            " there (a ReLU, a max, an abs), where no derivative exists; move the point."
        )
    return failed(
        what,
        f"{n:,} of {count(errors.numel(), 'derivative')} by {name} {verb} by more than "
        f"{short(allowed)}; the largest error is {short(float(errors.view(-1)[i]))} at {at}: "
        f"{values}.{kink}",
    )
