"""A pytest plugin over nbval: numbers of a stored output are compared as numbers.

nbval runs a notebook and compares each output with the stored one, letter by letter. A cell whose
numbers may differ in their last digits between processors declares in its metadata by how much:

    "tolerance": {"rtol": 1e-2, "atol": 0}

Then each new float within `atol + rtol * |stored|` of the stored one counts as equal. Words,
whole numbers, shapes and the count of outputs stay exact, and so does everything in a cell that
declares nothing. A cell that was never executed fails.
"""

import os
import re
from collections import defaultdict
from copy import deepcopy
from typing import NamedTuple
from unittest import mock

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

LARGEST_TOLERANCE = 0.5
COMPARED_TEXTS = ("text/plain", "text/html", "text/latex", "text/markdown")
PICTURES = ("image/png", "image/jpeg")

# The signs -, + and the minus of typesetting count only where no operand stands before them.
# `12.` is a float inside an array (`[12., 3.]`) and a whole number at the end of a sentence;
# `3.2.1` and `conv2d` are names.
NUMBER = re.compile(
    r"""
    (?<![\w.])
    (?P<sign>(?<![\w.)\]])[-+−])?
    (?:
        (?P<word>inf(?:inity)?|nan)\b
      |
        (?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+)?
        (?P<point>\.\d+|(?<=\d)\.(?=\s*[,)\]]|\s+[-+−\d]|[eE][-+]?\d))?
        (?<=[\d.])
        (?P<power>[eE][-+]?\d+|\s*(?:\\times|\\cdot|×|·)\s*10\^\{?-?\d+\}?)?
        (?!\d|\.\d)
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Tolerance(NamedTuple):
    """How far a new number may lie from the stored one."""

    rtol: float = 0.0
    atol: float = 0.0


def tolerance_of(metadata: dict) -> Tolerance:
    """What a cell's metadata declare; nothing declared means exact.

    Raises:
        ValueError: if it is not a table of `rtol` and `atol`, each from 0 to 0.5 and not both 0.
    """
    if "tolerance" not in metadata:
        return Tolerance()
    declared = metadata["tolerance"]
    wrong = f'A tolerance is written {{"rtol": 1e-2, "atol": 0}}; this cell says {declared!r}.'
    if not isinstance(declared, dict) or not declared or set(declared) - {"rtol", "atol"}:
        raise ValueError(wrong)
    for value in declared.values():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(wrong)
    tolerance = Tolerance(**declared)
    if not all(0 <= value <= LARGEST_TOLERANCE for value in tolerance) or not any(tolerance):
        raise ValueError(
            f"A tolerance lies between 0 and {LARGEST_TOLERANCE} and is not 0 twice; "
            f"this cell says {declared!r}."
        )
    return tolerance


# Text -------------------------------------------------------------------------------------


def settle(new: str, stored: str, tolerance: Tolerance) -> str:
    """`new` with each float that lies within tolerance written as it is stored.

    Lines are taken in pairs. Where two lines differ in more than their numbers and the space
    around them, or the count of lines differs, the new text stays as it is.
    """
    new_lines, stored_lines = new.split("\n"), stored.split("\n")
    if not any(tolerance) or len(new_lines) != len(stored_lines):
        return new
    pairs = zip(new_lines, stored_lines, strict=True)
    return "\n".join(_settle_line(*pair, tolerance) for pair in pairs)


def _settle_line(new: str, stored: str, tolerance: Tolerance) -> str:
    news, olds = list(NUMBER.finditer(new)), list(NUMBER.finditer(stored))
    if _words(new, news) != _words(stored, olds) or not any(map(is_float, olds)):
        return new
    candidates = iter(news)

    def choose(old: re.Match) -> str:
        candidate = next(candidates)
        return old[0] if _is_close(candidate, old, tolerance) else candidate[0]

    return NUMBER.sub(choose, stored)


def _words(line: str, numbers: list[re.Match]) -> list[list[str]]:
    """What stands between the numbers, without the space that aligns columns."""
    starts = [0, *(number.end() for number in numbers)]
    ends = [*(number.start() for number in numbers), len(line)]
    return [line[start:end].split() for start, end in zip(starts, ends, strict=True)]


def _is_close(new: re.Match, stored: re.Match, tolerance: Tolerance) -> bool:
    if new[0] == stored[0]:
        return True
    if not (is_float(new) and is_float(stored)):
        return False
    a, b = _value(new), _value(stored)
    return abs(a - b) <= tolerance.atol + tolerance.rtol * abs(b)


def is_float(number: re.Match) -> bool:
    return not number["word"] and bool(number["point"] or number["power"])


def _value(number: re.Match) -> float:
    mantissa = (number["whole"] or "0").replace(",", "") + (number["point"] or "")
    power = re.search(r"-?\d+\}?$", number["power"] or "0")[0].rstrip("}")
    value = float(f"{mantissa}e{power}")
    return -value if number["sign"] in ("-", "−") else value


# Notebooks --------------------------------------------------------------------------------


class Notebook(IPyNbFile):
    """A notebook that runs strictly, in this interpreter, without progress bars."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.compare_outputs = True
        self.skip_compare = tuple(key for key in self.skip_compare if key not in PICTURES)

    def collect(self):
        for item in super().collect():
            yield Cell.from_parent(
                self,
                name=item.cell.get("id", item.name),
                cell_num=item.cell_num,
                cell=item.cell,
                options=item.options,
            )

    def setup(self):
        with mock.patch.dict(os.environ, LARGE_MODELS_PROGRESS="0"):
            super().setup()


class Cell(IPyNbCell):
    """A code cell whose stored numbers are met within the tolerance it declares."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.output_timeout = 60
        self.comparison_traceback = []

    def runtest(self):
        if self.cell.execution_count is None:
            self.raise_cell_error(
                "This cell was never executed; `make chapter N=...` runs and stores its chapter."
            )
        try:
            self.tolerance = tolerance_of(self.cell.metadata)
        except ValueError as error:
            self.raise_cell_error(str(error))
        super().runtest()

    def compare_outputs(self, test, ref, skip_compare=None):
        test, ref = deepcopy(test), deepcopy(ref)
        new, stored = _texts(test), _texts(ref)
        for kind in new.keys() & stored.keys():
            for (holder, key), (other, other_key) in zip(new[kind], stored[kind]):
                holder[key] = settle(holder[key], other[other_key], self.tolerance)
        for data in (output.data for output in test + ref if "data" in output):
            data.update({kind: "a picture" for kind in PICTURES if kind in data})
        return super().compare_outputs(test, ref, skip_compare)

    def reportinfo(self):
        return self.path, 0, f"{self.path.name}: cell {self.name}"

    def repr_failure(self, excinfo):
        error = excinfo.value
        if not isinstance(error, NbCellError):
            return super().repr_failure(excinfo)
        details = error.inner_traceback or ""
        return f"{self.path.name}, cell `{self.name}`: {error}\n\n{error.source}\n\n{details}"


def _texts(outputs: list) -> dict[str, list[tuple[dict, str]]]:
    """Where each compared text of the outputs is held, by its kind."""
    found = defaultdict(list)
    for output in outputs:
        if output.output_type == "stream":
            found[output.name].append((output, "text"))
        if output.output_type == "error":
            found["evalue"].append((output, "evalue"))
        for kind in COMPARED_TEXTS:
            if kind in output.get("data", {}):
                found[kind].append((output.data, kind))
    return found


# Hooks ------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if not config.option.nbval_kernel_name:
        config.option.nbval_current_env = True


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    found = yield
    return [
        Notebook.from_parent(parent, path=file_path) if type(one) is IPyNbFile else one
        for one in found
    ]
