"""Every check passes what is right with one line, and is shown able to fail."""

import html
import json
import re

import numpy as np
import pytest
import sympy
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from utils import check
from utils.check import CheckFailed, claims

quick = settings(max_examples=25, deadline=None)
numbers = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: abs(x) > 1e-6)


@pytest.fixture
def line(capsys):
    """The one line that a passed check prints."""

    def read(run, *args, **kwargs):
        capsys.readouterr()
        assert run(*args, **kwargs) is None
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1, lines
        return lines[0]

    return read


def failure(run, *args, **kwargs) -> str:
    with pytest.raises(CheckFailed) as caught:
        run(*args, **kwargs)
    message = str(caught.value)
    assert message.startswith("✗ ") and "\n" not in message.strip()
    return message


def double(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---- close


def test_close_says_how_many_agree_to_which_tolerance(line):
    x = double(2, 24, 24)
    assert (
        line(check.close, "im2col = torch conv2d", x, x * (1 + 1e-12), rtol=1e-10)
        == "✓ im2col = torch conv2d: 1,152 numbers agree to a relative 1e-10"
    )


@quick
@given(st.lists(numbers, min_size=1, max_size=8), st.data())
def test_close_accepts_below_the_tolerance_and_rejects_above(values, data):
    i = data.draw(st.integers(0, len(values) - 1))
    rtol = data.draw(st.sampled_from([1e-3, 1e-6, 1e-9]))
    inside, outside = list(values), list(values)
    inside[i] *= 1 + 0.9 * rtol
    outside[i] *= 1 + 1.1 * rtol
    check.close("inside", inside, values, rtol=rtol)
    with pytest.raises(CheckFailed, match=re.escape(f"[{i}]")):
        check.close("outside", np.array(outside), np.array(values), rtol=rtol)


@quick
@given(numbers, st.floats(1e-9, 1e-1))
def test_close_respects_an_absolute_tolerance(value, atol):
    assume(atol > 1e-8 * abs(value))
    check.close("inside", value + 0.9 * atol, value, atol=atol)
    with pytest.raises(CheckFailed):
        check.close("outside", value + 1.1 * atol, value, atol=atol)


def test_close_names_the_offending_entry_with_both_values():
    x = torch.zeros(3, 4) + 1
    y = x.clone()
    y[2, 1], y[0, 3] = 1.25, 1.1
    message = failure(check.close, "a = b", y, x)
    assert message == (
        "✗ a = b: 2 of 12 numbers differ by more than a relative 1e-5 and an absolute 1e-6; "
        "the largest error is 0.25 at [2, 1]: 1.25 came and 1 was expected."
    )


def test_close_goes_through_lists_and_dictionaries(line):
    tree = {"weight": [double(2, 3), double(4)], "n": 3}
    assert "11 numbers agree" in line(check.close, "trees", tree, {**tree})
    bent = {"weight": [double(2, 3), double(4) + torch.tensor([0, 0, 1, 0])], "n": 3}
    assert "at ['weight'][1][2]" in failure(check.close, "trees", bent, tree)
    assert "'n'" in failure(check.close, "trees", {"weight": tree["weight"]}, tree)
    assert "1 items came" in failure(check.close, "trees", [double(2)], [double(2), double(2)])


@pytest.mark.parametrize(
    ("actual", "expected", "says"),
    [
        (torch.ones(2, 3), torch.ones(3, 2), "the shapes differ: (2, 3) came and (3, 2)"),
        (torch.ones(3), torch.ones(1), "shapes differ"),
        (torch.ones(3).long(), torch.ones(3), "integer (int64) came and floating (float32)"),
        (torch.ones(3) > 0, [1, 1, 1], "boolean (bool) came and integer"),
        (torch.tensor([1.0, torch.nan]), torch.ones(2), "NaN came and 1 was expected at [1]"),
        (torch.ones(2), torch.tensor([1.0, torch.nan]), "1 came and NaN was expected at [1]"),
        ([float("nan")], [float("nan")], "both sides are NaN"),
        (torch.tensor(torch.inf), torch.tensor(-torch.inf), "infinity came and -infinity was"),
        (1.0, float("inf"), "infinity was expected"),
        ([], [], "nothing was compared"),
        ("abc", torch.ones(3), "what came is not made of numbers but is a str"),
        (torch.ones(3), None, "the expected is not made of numbers but is a NoneType"),
        ([[1, 2], [3]], [[1, 2], [3, 4]], "what came has rows of unlike lengths"),
        (torch.ones(1), [sympy.Symbol("x")], "not made of numbers"),
        (1 + 1j, 1 - 1j, "the largest error is 2"),
        (2**53 + 1, 2**53, "the number differs; "),
        (1e-9, 0.0, "only `atol` allows"),
    ],
)
def test_close_fails_on(actual, expected, says):
    assert says in failure(check.close, "a = b", actual, expected)


def test_close_is_exact_on_integers_and_takes_a_number_for_all(line):
    assert line(check.close, "n", [1, 2], np.array([1, 2])) == "✓ n: 2 numbers are equal"
    assert line(check.close, "rows", torch.ones(3), 1) == (
        "✓ rows: 3 numbers agree to a relative 1e-5 and an absolute 1e-6"
    )
    infinite = torch.tensor([torch.inf, -torch.inf])
    assert "agree" in line(check.close, "infinite", infinite, infinite.clone())
    nan = torch.tensor([1.0, torch.nan])
    assert "agree" in line(check.close, "NaN", nan, nan.clone(), equal_nan=True)
    failure(check.close, "NaN", nan, torch.ones(2), equal_nan=True)


@pytest.mark.parametrize(
    ("dtype", "rtol"),
    [
        (torch.float64, "1e-7"),
        (torch.float32, "1e-5"),
        (torch.float16, "0.001"),
        (torch.bfloat16, "0.016"),
        (torch.complex64, "1e-5"),
    ],
)
def test_close_takes_its_tolerance_from_the_coarser_dtype(line, dtype, rtol):
    kind = torch.complex128 if dtype.is_complex else torch.float64
    x = double(50).to(kind)
    assert f"a relative {rtol} " in line(check.close, "x", x.to(dtype), x)
    failure(check.close, "x", (x * (1 + 3 * float(rtol))).to(dtype), x)


@pytest.mark.parametrize("bad", [{"rtol": -1}, {"rtol": 1}, {"atol": float("nan")}, {"atol": "x"}])
def test_close_rejects_tolerances_that_make_no_sense(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        check.close("a", 1.0, 1.0, **bad)


@pytest.mark.parametrize("run", [check.close, check.equal, check.symbolic])
@pytest.mark.parametrize("what", ["", "  ", None, 3])
def test_a_check_says_what_it_compares(run, what):
    with pytest.raises(ValueError, match="in words"):
        run(what, 1, 1)


# ---- equal, within, raises


def test_equal_compares_shapes_words_and_trees(line):
    assert line(check.equal, "shape", torch.ones(8, 3).shape, (8, 3)) == "✓ shape: both are (8, 3)"
    assert line(check.equal, "long", [*range(99)], [*range(99)]) == (
        "✓ long: 99 values, the same on both sides"
    )
    assert line(check.equal, "sets", {"a", "b"}, {"b", "a"}) == (
        "✓ sets: 2 values, the same on both sides"
    )


@pytest.mark.parametrize(
    ("actual", "expected", "says"),
    [
        ((8, 3, 4), (8, 3, 3), "4 came at [2] and 3 was expected"),
        ((8, 3), (8, 3, 3), "another length"),
        (1, True, "(int and bool)"),
        (1, 1.0, "(int and float)"),
        (float("nan"), float("nan"), "nan came"),
        ("hello world", "hello there", "from character 6 on 'world' came and 'there'"),
        ("ab", "abc", "from character 2 on '' came and 'c'"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "2 came at ['a'][1]['b']"),
        ({"a": 1}, {"b": 1}, "on one side only: 'a', 'b'"),
        (torch.tensor([[1, 2]]), [[1, 3]], "2 came at [0][1]"),
        (None, 0, "None came"),
    ],
)
def test_equal_fails_on(actual, expected, says):
    assert says in failure(check.equal, "a = b", actual, expected)


def test_within_shows_the_bounds_and_not_the_value(line):
    assert line(check.within, "accuracy", 0.9812, low=0.97) == "✓ accuracy: at least 0.97"
    assert line(check.within, "gap", torch.tensor(0.01), high=0.02) == "✓ gap: at most 0.02"
    found = line(check.within, "probs", torch.rand(2, 3), 0, 1)
    assert found == "✓ probs: 6 numbers, all between 0 and 1"
    assert line(check.within, "edge", 1, 1, 1) == "✓ edge: between 1 and 1"


@pytest.mark.parametrize(
    ("value", "low", "high", "says"),
    [
        (0.96, 0.97, None, "0.96 is not at least 0.97"),
        (1.1, 0, 1, "1.1 is not between 0 and 1"),
        (torch.tensor([0.5, 9, -3]), 0, 1, "9 at [1] is not between"),
        (float("nan"), 0, None, "NaN is not"),
        (torch.tensor([0.5, torch.nan]), 0, 1, "NaN at [1]"),
        (float("inf"), 0, None, "infinity is not at least 0"),
        ([], 0, 1, "nothing was compared"),
        (True, 0, 1, "boolean values have no order"),
        (1j, 0, 1, "complex values have no order"),
        ("x", 0, 1, "not made of numbers"),
    ],
)
def test_within_fails_on(value, low, high, says):
    assert says in failure(check.within, "value", value, low, high)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (None, None, "nothing could fail"),
        (2, 1, "swap them"),
        (float("nan"), 1, "bounds nothing"),
        (float("-inf"), None, "bounds nothing"),
        ("a", 1, "is a number"),
    ],
)
def test_within_rejects_bounds_that_make_no_sense(low, high, says):
    with pytest.raises(ValueError, match=says):
        check.within("value", 1.0, low, high)


def test_raises_shows_the_error_and_the_words(line):
    def f():
        torch.ones(10).view(3, -1)

    assert line(check.raises, "flatten", RuntimeError, f, says="invalid for input of size 10") == (
        "✓ flatten: RuntimeError, “invalid for input of size 10”"
    )
    assert line(check.raises, "flatten", (ValueError, RuntimeError), f).startswith(
        "✓ flatten: RuntimeError, “shape '[3, -1]' is invalid"
    )
    assert "nothing was raised" in failure(check.raises, "flatten", ValueError, lambda: 1)
    assert "ValueError was expected and RuntimeError came" in failure(
        check.raises, "flatten", ValueError, f
    )
    assert "without the words “size 9”" in failure(
        check.raises, "flatten", RuntimeError, f, says="size 9"
    )


@pytest.mark.parametrize(("error", "f"), [("ValueError", print), (int, print), (ValueError, 3)])
def test_raises_rejects_what_it_cannot_call(error, f):
    with pytest.raises(TypeError):
        check.raises("x", error, f)


# ---- gradient


def test_gradient_takes_complex_steps_where_f_is_analytic(line):
    found = line(
        check.gradient, "chain", lambda X, W: torch.tanh(X @ W), [double(3, 4), double(4, 2)]
    )
    assert found == (
        "✓ chain: 20 derivatives (X, W) by autograd and by complex steps "
        "agree to 1e-10 of the largest"
    )


@pytest.mark.parametrize(
    "f",
    [
        lambda x: F.relu(x).sum(),
        lambda x: x.abs().square().sum(),  # a modulus takes complex numbers and is not analytic
        lambda x: (x * x.conj()).real.sum(),
        lambda x: F.conv2d(x[None, None], torch.ones(1, 1, 2, 2).to(x)).square(),
        lambda x: F.max_pool2d(x[None], 2),
    ],
)
def test_gradient_falls_back_to_central_differences(line, f):
    found = line(check.gradient, "f", f, double(4, 4))
    assert "by central differences agree to 1e-6 of the largest" in found
    with pytest.raises(ValueError, match="method='central'"):
        check.gradient("f", f, double(4, 4), method="complex")


def right_backward(upstream, X, W):
    return upstream @ W.T, X.T @ upstream


PLANTED = {
    "sign": lambda u, X, W: (u @ W.T, -X.T @ u),
    "factor": lambda u, X, W: (2 * u @ W.T, X.T @ u),
    "mean for sum": lambda u, X, W: (u @ W.T, X.T @ u / len(X)),
    "transposed weight": lambda u, X, W: (u @ W, X.T @ u),
    "transposed result": lambda u, X, W: (u @ W.T, (X.T @ u).T),
    "upstream forgotten": lambda u, X, W: (torch.ones_like(u) @ W.T, X.T @ u),
    "one entry": lambda u, X, W: (u @ W.T, (X.T @ u) * (1 + 1e-4 * torch.eye(3))),
    "NaN": lambda u, X, W: (u @ W.T, X.T @ u * torch.nan),
}


@pytest.mark.parametrize("method", ["complex", "central"])
@pytest.mark.parametrize("fault", PLANTED)
def test_gradient_rejects_a_wrong_formula(line, fault, method):
    inputs = [double(5, 3), double(3, 3, seed=1)]
    f = torch.matmul
    assert "by the formula" in line(
        check.gradient, "matmul", f, inputs, against=right_backward, method=method
    )
    message = failure(check.gradient, "matmul", f, inputs, PLANTED[fault], method)
    assert re.search(r"at input \d\[\d, \d\]: .* by the formula and .* by ", message)


def test_gradient_names_another_shape():
    inputs = {"X": double(5, 3), "W": double(3, 2)}
    message = failure(
        check.gradient,
        "matmul",
        lambda X, W: X @ W,
        inputs,
        against=lambda u, X, W: {"X": u @ W.T, "W": (X.T @ u).T},
    )
    assert "the formula's gradient for W is (2, 3) and W itself is (3, 2)" in message


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.floats(0.1, 10), st.integers(0, 99))
def test_gradient_sees_any_factor_but_one(n, m, factor, seed):
    assume(abs(factor - 1) > 1e-3)
    x = double(n, m, seed=seed)
    check.gradient("x³", lambda x: (x**3).sum(), x, against=3 * x**2)
    with pytest.raises(CheckFailed):
        check.gradient("x³", lambda x: (x**3).sum(), x, against=factor * 3 * x**2)


def test_gradient_catches_a_wrong_autograd_function():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, upstream):
            return upstream * ctx.saved_tensors[0]  # the 2 is missing

    assert "by autograd" in failure(check.gradient, "square", Square.apply, double(3))


def test_gradient_suggests_a_kink():
    message = failure(check.gradient, "relu", F.relu, torch.tensor([1.0, 0.0]))
    assert "at x[1]" in message.replace("input 0", "x").replace("input[", "x[")
    assert "slopes left and right of it are 0 and" in message and "kink" in message


def test_gradient_does_not_pass_what_rounding_hides(line):
    def constant(x):
        return F.softmax(x, -1).sum()

    assert "nothing can be told" in failure(check.gradient, "softmax", constant, double(2, 3))
    assert "an absolute 1e-7" in line(check.gradient, "softmax", constant, double(2, 3), atol=1e-7)
    assert "2 derivatives" in line(check.gradient, "unused", lambda x: 0 * x[0] + x[1], double(2))
    tiny = failure(check.gradient, "tiny", lambda x: 1 + 1e-13 * x.abs().sum(), double(2))
    assert "nothing can be told" in tiny


def test_gradient_leaves_its_inputs_and_the_random_state_alone():
    x, labels = torch.randn(4, 3, requires_grad=True), torch.tensor([0, 2, 1, 1])
    before, state = x.detach().clone(), torch.get_rng_state()

    def f(x, labels):
        x = x + 0
        x *= 2  # in place
        labels.clamp_(min=0)
        return F.cross_entropy(x, labels)

    check.gradient("cross entropy", f, [x, labels])
    assert torch.equal(x, before) and x.grad is None and x.dtype == torch.float32
    assert torch.equal(torch.get_rng_state(), state)


def test_gradient_takes_an_upstream_and_strided_inputs(line):
    x, upstream = double(3, 4).T, double(4, 3)
    assert "12 derivatives" in line(
        check.gradient, "x²", torch.square, x, against=2 * x * upstream, upstream=upstream
    )
    failure(check.gradient, "x²", torch.square, x, against=2 * x, upstream=upstream)


@pytest.mark.parametrize(
    ("f", "inputs", "options", "says"),
    [
        (lambda x: x.float().sum(), double(2), {}, "returned float32"),
        (lambda x: F.dropout(x), double(9), {}, "two results"),
        (lambda x: x.sum().item(), double(2), {}, "returned float"),
        (lambda x: x.detach().exp().abs(), double(2), {}, "autograd lost its way"),
        (lambda x: x.log(), -torch.ones(2), {}, "NaN or infinite at this point"),
        (lambda x: x, torch.tensor([torch.nan]), {}, "inputs hold NaN"),
        (lambda x: x, torch.tensor([1, 2]), {}, "no floating-point entry"),
        (lambda x: x, torch.ones(0), {}, "no floating-point entry"),
        (lambda x: x, [1.0], {}, "not a real tensor"),
        (lambda x: x, 1.0, {}, "`inputs` are tensors"),
        (3, double(2), {}, "`f` is a function"),
        (lambda x: x, double(2), {"method": "forward"}, "'central'"),
        (lambda x: x, double(2), {"rtol": -1}, "rtol"),
        (lambda x: x, double(2), {"against": double(2)}, "give `upstream`"),
        (lambda x: x, double(2), {"upstream": double(3)}, "`upstream` is (3,) where f gives (2,)"),
        (lambda x: x.sum(), double(2), {"against": []}, "0 gradients"),
        (lambda x: x.sum(), double(2), {"against": [1.0]}, "no tensor"),
        (lambda x: x.sum(), double(2), {"against": {"y": double(2)}}, "names ['y']"),
        (lambda x: x @ torch.ones(2), double(2), {}, "dtype"),
    ],
)
def test_gradient_refuses_in_one_sentence(f, inputs, options, says):
    with pytest.raises((ValueError, TypeError), match=re.escape(says)):
        check.gradient("f", f, inputs, **options)


# ---- symbolic

x, y = sympy.symbols("x y")
p = sympy.Symbol("p", positive=True)
g = sympy.Function("g")
A, B = sympy.MatrixSymbol("A", 2, 3), sympy.MatrixSymbol("B", 3, 2)
sigmoid = 1 / (1 + sympy.exp(-x))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("(x + 1)^2", "x**2 + 2*x + 1"),
        ("0.1 + 0.2", "0.3"),
        ("beta*gamma + S*N", "N*S + gamma*beta"),
        (sympy.sqrt(p**2), p),
        (sympy.sin(x) ** 2 + sympy.cos(x) ** 2, 1),
        (sympy.diff(sigmoid, x), sigmoid * (1 - sigmoid)),
        ("tanh(x)", "(exp(2*x) - 1)/(exp(2*x) + 1)"),
        (sympy.diff(g(x) ** 2, x), 2 * g(x) * sympy.diff(g(x), x)),
        (sympy.Sum(sympy.Symbol("k"), (sympy.Symbol("k"), 1, p)), p * (p + 1) / 2),
        ((A * B).T, B.T * A.T),
        ([x, 2 * x], sympy.Matrix([x, x + x])),
        ("2*x = 4", "x = 2"),
        (sympy.Eq(x + y, 1), sympy.Eq(y, 1 - x)),
    ],
)
def test_symbolic_accepts_an_identity(line, left, right):
    assert line(check.symbolic, "identity", left, right).endswith("identical, by algebra")


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        ("(x + 1)**2", "x**2 + x + 1", "the two sides differ: 28.4444 and 24.1111 where x = 13/3"),
        ("sqrt(x**2)", "x", "where x = -"),
        ("1", "2", "the two sides differ: 1.00000 and 2.00000."),
        ("x", "x + 1e-20", "differ"),
        (sympy.diff(sigmoid, x), sigmoid * (1 + sigmoid), "differ"),
        (sympy.diff(g(x) ** 2, x), g(x) * sympy.diff(g(x), x), "where Derivative(g(x), x) ="),
        ((A * B).T, 2 * B.T * A.T, "at [0, 0]"),
        (sympy.Matrix([[1, x], [x, 1]]), sympy.Matrix([[1, x], [-x, 1]]), "at [1, 0]"),
        (A, B, "the shapes differ: (2, 3) on the left, (3, 2) on the right"),
        (sympy.Matrix([x]), x, "the shapes differ"),
        (sympy.zeros(0, 0), sympy.zeros(0, 0), "nothing was compared"),
        ("2*x = 4", "x = 3", "more than a constant factor"),
        ("x = x", "x = 3", "says 0 = 0"),
        ("floor(x)", "x", "differ"),
    ],
)
def test_symbolic_rejects_what_is_not_one(left, right, says):
    assert says in failure(check.symbolic, "identity", left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sympy.log(sympy.exp(x)), x),  # true for real x only, and x may be complex
        (sympy.Symbol("t", irrational=True), sympy.Symbol("s", irrational=True)),  # no point
    ],
)
def test_symbolic_never_passes_what_is_not_decided(left, right):
    assert "not decided" in failure(check.symbolic, "identity", left, right)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=4), st.data())
def test_symbolic_sees_any_wrong_coefficient(roots, data):
    product = sympy.prod([x - r for r in roots])
    expanded = sympy.expand(product)
    check.symbolic("roots", product, expanded)
    power = data.draw(st.integers(0, len(roots)))
    with pytest.raises(CheckFailed):
        check.symbolic("roots", product, expanded + x**power)


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        ("2*/x", "x", "left side is no formula"),
        ("x", object(), "right side is no formula"),
        (None, "x", "left side is no formula"),
        (sympy.Eq(x, x), sympy.Eq(x, 1), "already True"),
        ("x = 1", "x", "compared with an equation"),
        (sympy.MatrixSymbol("M", sympy.Symbol("n"), 2), x, "no formula"),
    ],
)
def test_symbolic_refuses_in_one_sentence(left, right, says):
    with pytest.raises(ValueError, match=says):
        check.symbolic("identity", left, right)


# ---- claim


def test_claim_shows_a_badge_a_line_and_a_record():
    because = "The sum needs `i < j` & a *flipped* kernel <script>."
    shown = check.claim("3.2.1", "imprecise", because)
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == f"Claim 3.2.1: imprecise. {because}"
    assert bundle[claims.MIME] == {"id": "3.2.1", "verdict": "imprecise", "because": because}
    assert json.loads(json.dumps(bundle)) == bundle
    page = bundle["text/html"]
    assert '<div class="claim">' in page
    assert '<span class="verdict verdict-imprecise">imprecise</span>' in page
    assert "<code>i &lt; j</code> &amp; a <em>flipped</em> kernel &lt;script&gt;." in page
    assert html.unescape(re.sub("<[^>]+>", "", page)).endswith(
        because.replace("`", "").replace("*", "")
    )


@pytest.mark.parametrize("text", ["2 * 3 * 4", "a ** b", "`", "``", "*", "5 < 6", "`x` and `y`"])
def test_inline_text_loses_nothing(text):
    assert "".join(part for _, part in claims.inline_parts(text)) == re.sub("`(.+?)`", r"\1", text)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("3.2.11", "wrong", "It is false."), "no claim '3.2.11'. The nearest one is '3.2.1'"),
        (("3.2.1", "true", "It is right."), "A verdict is one of 'holds'"),
        (("3.2.1", "wrong", ""), "is a sentence"),
        (("3.2.1", "wrong", "no"), "is a sentence"),
        (("3.2.1", "wrong", "It has no full stop"), "full stop"),
        (("3.2.1", "wrong", None), "is a sentence"),
        (("3.2.1", "holds when", "The step equals two."), "needs its condition"),
    ],
)
def test_claim_refuses_in_one_sentence(arguments, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        check.claim(*arguments)


def test_claim_takes_a_condition_and_works_without_the_book(monkeypatch, tmp_path):
    assert (
        "verdict-holds-when"
        in check.claim(
            "3.2.1", "holds when", "It does so only where the kernel is symmetric."
        )._repr_html_()
    )
    monkeypatch.setattr(claims, "STATEMENTS", tmp_path / "claims.yml")
    claims.statements.cache_clear()
    try:
        assert check.claim("99.z", "wrong", "It is false.").id == "99.z"
    finally:
        claims.statements.cache_clear()
