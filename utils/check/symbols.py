"""`symbolic`: whether two formulas are the same, by algebra.

Both sides are first evaluated at random rational points, in 50 digits: a point where they differ
settles it. Where none does, sympy must prove that the difference is zero. What is neither refuted
nor proved has not been decided, and does not pass.
"""

import random
import re
from collections.abc import Iterator

import sympy
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.parsing.sympy_parser import parse_expr

from utils.check.reporting import failed, named, passed

POINTS = 6
DIGITS = 50
OPAQUE = (AppliedUndef, MatrixElement, sympy.Indexed, sympy.Derivative, sympy.Subs)
"""What stands for an arbitrary value, such as f(x) of an unknown f."""


def symbolic(what: str, left: object, right: object) -> None:
    """Check that two sympy expressions, strings, matrices or equations are the same.

    In a string every name is a symbol, but for functions such as exp(x) and the constants pi, E, I.
    Matrices are compared entry by entry, with the same shape. Two equations are the same when
    they are so after moving all to one side, up to a constant factor. State what is known of a
    symbol (`sympy.symbols("x", positive=True)`), for some identities hold only then.

    Raises:
        CheckFailed: with a point where the two sides differ, or saying that it is not decided.
        ValueError: if a side cannot be read as a formula.
    """
    what = named(what)
    left, right = _read(left, "left"), _read(right, "right")
    is_equation = [isinstance(side, sympy.Equality) for side in (left, right)]
    if is_equation[0] != is_equation[1]:
        raise ValueError("An equation is compared with an equation; one side here is none.")
    if is_equation[0]:
        _check_equations(what, left, right)
        return
    cells = list(_cells(what, left, right))
    for place, a, b in cells:
        _check_entry(what, place, a, b)
    sides = f"all {len(cells)} entries" if len(cells) > 1 else "both sides"
    passed(what, f"{sides} are identical, by algebra")


def _read(side: object, name: str) -> object:
    if isinstance(side, str):
        halves = side.split("=")
        if len(halves) == 2:
            return sympy.Eq(_parse(halves[0], name), _parse(halves[1], name), evaluate=False)
        return _parse(side, name)
    if isinstance(side, (list, tuple)):
        side = sympy.Matrix(side)
    try:
        read = _exact(sympy.sympify(side))
    except (sympy.SympifyError, TypeError, AttributeError):
        read = None
    if isinstance(read, sympy.MatrixExpr):
        read = read.as_explicit() if all(sympy.sympify(n).is_Integer for n in read.shape) else None
    if isinstance(read, (sympy.Expr, sympy.MatrixBase, sympy.Equality)):
        return read
    if isinstance(read, sympy.logic.boolalg.BooleanAtom):
        raise ValueError(
            f"The {name} side is already {read}: write the equation with sympy.Eq(…, "
            "evaluate=False), or compare its two sides."
        )
    raise ValueError(f"The {name} side is no formula that sympy reads: {side!r:.80}.")


def _parse(text: str, name: str) -> sympy.Expr:
    try:
        return _exact(
            parse_expr(text.replace("^", "**"), {n: sympy.Symbol(n) for n in _letters(text)})
        )
    except Exception as error:  # the parser runs the text: anything can come
        raise ValueError(f"The {name} side is no formula: {text.strip()!r:.80}.") from error


def _letters(text: str) -> set[str]:
    """Names that stand for a value: all but the functions and sympy's constants."""
    return set(re.findall(r"\b[^\W\d]\w*\b(?!\s*\()", text)) - {"pi", "E", "I", "oo"}


def _exact(read: object) -> object:
    """With 0.1 read as 1/10, for a decimal cannot be proved equal to anything."""
    if not isinstance(read, sympy.Basic) or not read.has(sympy.Float):
        return read
    return read.xreplace({x: sympy.Rational(str(x)) for x in read.atoms(sympy.Float)})


def _cells(what: str, left: object, right: object) -> Iterator[tuple[str, sympy.Expr, sympy.Expr]]:
    shapes = [tuple(s.shape) if isinstance(s, sympy.MatrixBase) else () for s in (left, right)]
    if shapes[0] != shapes[1]:
        raise failed(what, f"the shapes differ: {shapes[0]} on the left, {shapes[1]} on the right.")
    if not shapes[0]:
        yield "", left, right
        return
    if 0 in shapes[0]:
        raise failed(what, "nothing was compared, for both sides are empty.")
    for i in range(left.rows):
        for j in range(left.cols):
            yield f" at [{i}, {j}]", left[i, j], right[i, j]


def _check_entry(what: str, place: str, left: sympy.Expr, right: sympy.Expr) -> None:
    refuted = _point_of_difference(left, right)
    if refuted:
        point, a, b = refuted
        raise failed(what, f"the two sides differ{place}: {a} and {b}{point}.")
    if not _is_zero(left - right):
        raise _undecided(what, place)


def _check_equations(what: str, left: sympy.Equality, right: sympy.Equality) -> None:
    a, b = (sympy.expand((eq.lhs - eq.rhs).doit()) for eq in (left, right))
    for side, name in ((a, "left"), (b, "right")):
        if _is_zero(side):
            raise failed(what, f"the equation on the {name} says 0 = 0, which holds for anything.")
    ratio = sympy.simplify(a / b)
    if not ratio.is_number:
        scale = _ratio_at_a_point(a, b)
        refuted = _point_of_difference(a, scale * b) if scale is not None else None
        if refuted:
            raise failed(
                what, f"the equations differ by more than a constant factor; they part{refuted[0]}."
            )
        raise _undecided(what, "")
    passed(what, "both equations are identical, by algebra")


def _ratio_at_a_point(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
    for point in _points(a, b):
        x, y = (_value(side, point) for side in (a, b))
        if x is not None and y is not None and abs(y) > 1e-20:
            return x / y
    return None


def _undecided(what: str, place: str) -> Exception:
    return failed(
        what,
        f"not decided{place}: the two sides agree at every point tried, and sympy did not prove "
        "them equal; simplify a side, or say what is known of the symbols (real, positive, …).",
    )


def _is_zero(difference: sympy.Expr) -> bool:
    """Whether sympy proves it, by the cheapest means that does."""
    means = (
        lambda d: d,
        sympy.expand,
        lambda d: d.doit(),
        sympy.simplify,
        lambda d: sympy.simplify(sympy.expand(d.rewrite(sympy.exp), complex=False)),
        lambda d: sympy.simplify(d.rewrite(sympy.Piecewise)),
        lambda d: 0 if d.equals(0) else d,
    )
    for mean in means:
        try:
            if mean(difference) == 0:
                return True
        except Exception:  # a means that gives up on this expression proves nothing
            continue
    return False


def _point_of_difference(
    left: sympy.Expr, right: sympy.Expr
) -> tuple[str, sympy.Expr, sympy.Expr] | None:
    """Where the two sides take different values, with these in a few digits."""
    for point in _points(left, right):
        a, b = _value(left, point), _value(right, point)
        if a is None or b is None:
            continue
        if abs(a - b) > sympy.Float(10) ** (10 - DIGITS) * (1 + abs(a) + abs(b)):
            names = sorted(f"{name} = {value}" for name, value in point.items())
            where = f" where {', '.join(names)}" if names else ""
            return where, sympy.N(a, 6), sympy.N(b, 6)
    return None


def _points(*sides: sympy.Expr) -> Iterator[dict]:
    """Random rational values, the same at each run, for all that the sides leave open."""
    fixed = random.Random(0)
    sides = tuple(side.doit() for side in sides)
    opaque = set().union(*(_outermost(side) for side in sides))
    hidden = {symbol for atom in opaque for symbol in atom.free_symbols}
    unknowns = sorted(opaque | set().union(*(s.free_symbols for s in sides)), key=str)
    for _ in range(POINTS):
        point = {u: _draw(u, fixed) for u in unknowns if not _is_base(u, hidden)}
        if None in point.values():
            return
        yield point


def _is_base(unknown: object, hidden: set) -> bool:
    """Whether it is the matrix or array that an opaque entry belongs to, which has no value."""
    return unknown in hidden and not (isinstance(unknown, sympy.Symbol) and unknown.is_commutative)


def _outermost(side: sympy.Expr) -> set:
    if isinstance(side, OPAQUE):
        return {side}
    return set().union(*(_outermost(arg) for arg in side.args)) if side.args else set()


def _draw(unknown: sympy.Expr, fixed: random.Random) -> sympy.Rational | None:
    """A value that all assumptions about the unknown allow."""
    assumed = unknown.assumptions0 if isinstance(unknown, sympy.Symbol) else {}
    for _ in range(300):
        whole = assumed.get("integer") or fixed.random() < 0.1
        value = sympy.Rational(fixed.randint(-40, 40), 1 if whole else fixed.randint(2, 17))
        if all(
            getattr(value, f"is_{fact}", None) in (holds, None) for fact, holds in assumed.items()
        ):
            return value
    return None


def _value(side: sympy.Expr, point: dict) -> sympy.Expr | None:
    """The side in 50 digits, or None where it has no finite value."""
    stand_ins = {u: sympy.Dummy() for u in point if not isinstance(u, sympy.Symbol)}
    values = {stand_ins.get(u, u): v for u, v in point.items()}
    try:
        value = sympy.N(side.doit().xreplace(stand_ins).subs(values), DIGITS)
    except Exception:  # no value here, for whatever reason; another point may have one
        return None
    return value if value.is_number and value.is_finite and not value.has(sympy.nan) else None
