"""The notebook check accepts what it should and rejects everything else, in a real pytest run."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.nbval_numbers import Tolerance, settle, tolerance_of

ROOT = Path(__file__).resolve().parents[2]
PERCENT = {"rtol": 1e-2, "atol": 0}


def printed(text):
    return new_output("stream", name="stdout", text=text)


def shown(text, html=None):
    data = {"text/plain": text} | ({"text/html": html} if html else {})
    return new_output("execute_result", data=data, execution_count=1)


PICTURE = new_output("display_data", data={"image/png": "aGk="})
ERROR = new_output("error", ename="E", evalue="", traceback=[])
HTML = (
    "class Page:\n    _repr_html_ = lambda self: '<td>0.501</td>'\n    __repr__ = lambda s: 'a'\n"
)

# id, source, stored output, tolerance, whether the check passes
CASES = [
    ("same", "print('loss 0.500')", printed("loss 0.500\n"), None, True),
    ("below", "print('loss 0.501, 360 images')", printed("loss 0.500, 360 images\n"), PERCENT, 1),
    ("below-shown", "0.501", shown("0.5"), PERCENT, True),
    ("below-html", HTML + "Page()", shown("a", "<td>0.5</td>"), PERCENT, True),
    ("below-atol", "print(1e-9)", printed("0.0\n"), {"atol": 1e-6}, True),
    ("above", "print('loss 0.510')", printed("loss 0.500\n"), PERCENT, False),
    ("one-of-two", "print(0.501, 0.6)", printed("0.5 0.5\n"), PERCENT, False),
    ("undeclared", "print('loss 0.501')", printed("loss 0.500\n"), None, False),
    ("changed-word", "print('lost 0.501')", printed("loss 0.500\n"), PERCENT, False),
    ("stale-integer", "print('0.501 of 361')", printed("0.500 of 360\n"), PERCENT, False),
    ("integer-for-float", "print(1)", printed("1.0\n"), PERCENT, False),
    ("other-shape", "print('(2, 3) 0.5')", printed("(3, 2) 0.5\n"), PERCENT, False),
    ("nan", "print('loss', float('nan'))", printed("loss 0.500\n"), PERCENT, False),
    ("infinity", "print('loss', float('inf'))", printed("loss 0.500\n"), PERCENT, False),
    ("extra-line", "print('0.501\\n0.5')", printed("0.500\n"), PERCENT, False),
    ("extra-number", "print('0.501 0.5')", printed("0.500\n"), PERCENT, False),
    ("missing-output", "_ = 0.5", shown("0.5"), PERCENT, False),
    ("extra-output", "0.5", None, PERCENT, False),
    ("missing-picture", "print(0.5)", PICTURE, None, False),
    ("no-exception", "1", ERROR, None, False),
    ("negative-tolerance", "print(0.5)", printed("0.5\n"), {"rtol": -0.1}, False),
    ("large-tolerance", "print(0.5)", printed("0.5\n"), {"rtol": 0.6}, False),
    ("never-executed", "x = 1", None, None, False),
    ("no-progress", "import os; os.environ['LARGE_MODELS_PROGRESS']", shown("'0'"), None, True),
    ("this-python", "import sys; print(sys.executable)", printed(f"{sys.executable}\n"), None, 1),
]


def write_notebook(path, cases):
    cells = []
    for name, source, output, tolerance, _ in cases:
        metadata = {"tolerance": tolerance} if tolerance else {}
        count = None if name == "never-executed" else 1
        outputs = [output] if output else []
        cell = new_code_cell(source, execution_count=count, outputs=outputs, metadata=metadata)
        cell["id"] = name
        cells.append(cell)
    kernel = {"name": "somebody-elses", "display_name": "?", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """What pytest says of each case, from one real run over two notebooks on two workers."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "first.ipynb", CASES[::2])
    write_notebook(folder / "second.ipynb", CASES[1::2])
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    plugins = ["-p", "tests.nbval_numbers", "-p", "no:hypothesispytest"]
    options = ["--nbval", "--junitxml=report.xml", "-n", "2", "--dist", "loadfile", *plugins]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "."],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), "LARGE_MODELS_PROGRESS": "1"},
        capture_output=True,
        text=True,
    )
    assert (folder / "report.xml").exists(), run.stdout + run.stderr
    cases = ElementTree.parse(folder / "report.xml").getroot().iter("testcase")
    return {case.get("name"): "".join(case.itertext()) for case in cases}


@pytest.mark.parametrize(
    "name, passes", [pytest.param(case[0], bool(case[-1]), id=case[0]) for case in CASES]
)
def test_the_check_accepts_and_rejects(verdicts, name, passes):
    assert (verdicts[name] == "") is passes, verdicts[name]


def test_failures_say_what_is_wrong(verdicts):
    assert "never executed" in verdicts["never-executed"]
    assert "between 0 and 0.5" in verdicts["large-tolerance"]
    assert "cell `above`: Cell outputs differ" in verdicts["above"]


def test_only_the_number_out_of_tolerance_stays_in_the_difference():
    settled = settle("a 0.501 b 0.600", "a 0.500 b 0.500", Tolerance(0.01, 0))
    assert settled == "a 0.500 b 0.600"


@pytest.mark.parametrize(
    "new, stored",
    [
        ("[1. 2.]", "[0.999 2.001]"),
        ("  9.999 m", " 10.001 m"),
        ("1.2e-03", "1.201e-3"),
        ("97.31%", "97.30%"),
        ("1,234.5", "1,234.6"),
        ("−0.501", "-0.5"),
        ("1.5s", "1.501s"),
        (r"$9.999 \times 10^{-4}$", r"$1.000 \times 10^{-3}$"),
        ("tensor([[-0.1235,  1.0000]])", "tensor([[-0.1234,  1.0001]])"),
        ("2026-01-02 0.5", "2026-01-02 0.501"),
        ("inf 0.5", "inf 0.501"),
    ],
)
def test_notations_of_one_number(new, stored):
    assert settle(new, stored, Tolerance(0.01, 0)) == stored


@pytest.mark.parametrize(
    "new, stored",
    [
        ("12. All", "13. All"),
        ("-0.5", "0.5"),
        ("3.2.1 0.5", "3.2.2 0.5"),
        ("conv2d 0.5", "conv3d 0.5"),
        ("1,234", "1,235"),
        ("inf", "-inf"),
        ("0.5, nan", "nan, 0.5"),
        ("1e400", "1e401"),
    ],
)
def test_what_is_not_the_same_number(new, stored):
    assert settle(new, stored, Tolerance(0.01, 0)) != stored


@given(
    stored=st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda x: abs(x) > 1e-12),
    part=st.floats(-3, 3).filter(lambda p: abs(abs(p) - 1) > 1e-3),
    rtol=st.floats(1e-6, 0.3),
)
def test_the_tolerance_is_the_border(stored, part, rtol):
    old, new = f"x {stored!r}", f"x {stored * (1 + part * rtol)!r}"
    assert (settle(new, old, Tolerance(rtol, 0)) == old) is (abs(part) < 1 or new == old)


@pytest.mark.parametrize(
    "wrong", [0.1, {}, {"rtol": "1e-2"}, {"rtol": True}, {"rtol": 0}, {"tol": 0.1}, {"atol": 0.6}]
)
def test_a_wrong_tolerance_is_named(wrong):
    with pytest.raises(ValueError, match="tolerance") as caught:
        tolerance_of({"tolerance": wrong})
    assert repr(wrong) in str(caught.value)


def test_nothing_declared_is_exact():
    assert tolerance_of({}) == (0, 0)
