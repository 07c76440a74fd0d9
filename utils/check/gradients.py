"""`gradient`: derivatives by small steps against autograd, or against formulas.

A complex step, Im f(x + ih) / h, subtracts nothing, so h = 1e-20 leaves rounding error alone; it
needs an analytic f whose operations take complex numbers and keep so small an imaginary part
(torch's convolutions do not: they multiply by Gauss's three-product trick). Central differences,
(f(x + h) - f(x - h)) / 2h, need neither; h = u^(1/3) max(1, |x|), u = 2^-52, balances their
truncation error of order h^2 against rounding of order u / h.

Source: Squire and Trapp (1998), Using complex variables to estimate derivatives of real
functions, SIAM Review 40; Nocedal and Wright (2006), Numerical Optimization, section 8.1.
"""

import warnings
from collections.abc import Callable, Mapping
from functools import partial

import torch

from utils.check.reporting import CheckFailed, count, failed, named, passed, short, tolerance
from utils.check.steps import CENTRAL_STEP, COMPLEX_STEP, UPSTREAM_SEED, Point, Tensors

DEFAULTS = {"complex": 1e-10, "central": 1e-6}
"""Tolerances, relative to the largest entry of an input's gradient: some thousand times the error
the two methods leave."""


def gradient(
    what: str,
    f: Callable[..., torch.Tensor],
    inputs: Tensors,
    against: Tensors | Callable[..., Tensors] | None = None,
    method: str = "auto",
    rtol: float | None = None,
    atol: float = 0.0,
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
    gradient), with the `rtol` of `DEFAULTS` where none is given. A gradient no larger than the
    steps' own rounding error proves nothing and fails, unless an `atol` above it is given.

    Shapes: a gradient has the shape of its input.
    Raises:
        CheckFailed: naming the worst entry, and a kink of f where there seems to be one.
        ValueError: if there is nothing to differentiate, or f is not real, random or not float64.
    """
    what = named(what)
    if method not in ("auto", "complex", "central"):
        raise ValueError(f"`method` is 'auto', 'complex' or 'central'; this is {method!r}.")
    point = Point(f, inputs, upstream)
    method = _choose(point, method)
    rtol, atol = (
        tolerance(DEFAULTS[method] if rtol is None else rtol, "rtol"),
        tolerance(atol, "atol"),
    )
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


def _choose(point: Point, method: str) -> str:
    if method == "central":
        return method
    why = _not_analytic(point)
    if why and method == "complex":
        raise ValueError(f"Complex steps do not work here, since {why}; use method='central'.")
    return "central" if why else "complex"


def _not_analytic(point: Point) -> str | None:
    """Why a complex step would be wrong: compared along one direction with a real step."""
    fixed = torch.Generator().manual_seed(UPSTREAM_SEED + 1)
    ways = {
        k: torch.randn(x.shape, generator=fixed, dtype=x.dtype).to(x) for k, x in point.at.items()
    }
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
    what: str, point: Point, against: Tensors | Callable | None
) -> tuple[dict[str, torch.Tensor], str]:
    if against is None:
        return _by_autograd(point), "autograd"
    if callable(against):
        first = [] if point.is_scalar else [point.upstream.clone()]
        copies = {k: x.clone() for k, x in point.inputs.items()}
        call = partial(against, *first)
        against = call(**copies) if point.by_name else call(*copies.values())
    elif not point.is_scalar and not point.is_upstream_given:
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
    return {k: g.detach().to(x) for (k, x), g in zip(point.at.items(), given)}, "the formula"


def _by_autograd(point: Point) -> dict[str, torch.Tensor]:
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
    point: Point,
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
    point: Point,
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
    values = f"{float(there.reshape(-1)[i]):.10g} by {sources[0]}"
    values += f" and {float(numeric.reshape(-1)[i]):.10g} by {steps}"
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
        f"{short(allowed)}; the largest error is {short(float(errors.reshape(-1)[i]))} at {at}: "
        f"{values}.{kink}",
    )
