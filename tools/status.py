"""What the book holds at this moment, counted in its notebooks' stored outputs.

The landing page shows it (`{status}`, in `book/_ext/book_records.py`), computed at every build.
"""

import re
from collections import Counter
from dataclasses import dataclass

from tools.ledger import Notebook, source, verdicts

CHECK = re.compile(r"^✓ (?!Exercise )", re.M)
LABEL = re.compile(r"^:label: *(eq-[\w-]+)", re.M)


@dataclass(frozen=True)
class Status:
    """Counts over notebooks; `verdicts` holds those of statements by their word."""

    chapters: int
    cells: int  # executed, their outputs stored
    checks: int  # passed, one printed line each
    formulas: int  # with a label, and a cell that verifies it
    exercises: int
    statements: int  # of the document
    verdicts: Counter


def status(notebooks: list[Notebook], claims: dict) -> Status:
    """Count what `notebooks` hold and how many of `claims` they settle."""
    code = [cell for n in notebooks for cell in n.cells if cell["cell_type"] == "code"]
    prose = [cell for n in notebooks for cell in n.cells if cell["cell_type"] == "markdown"]
    labels = {label for cell in prose for label in LABEL.findall(source(cell))}
    verified = {label for cell in code for label in cell["metadata"].get("verifies", [])}
    asked = (re.findall(r'exercise\("([^"]+)"', source(cell)) for cell in code)
    return Status(
        chapters=len(notebooks),
        cells=sum(cell["execution_count"] is not None for cell in code),
        checks=sum(len(CHECK.findall(printed(cell))) for cell in code),
        formulas=len(labels & verified),
        exercises=len({name for names in asked for name in names}),
        statements=len(claims),
        verdicts=Counter(v.verdict for v in verdicts(notebooks) if v.id in claims),
    )


def printed(cell: dict) -> str:
    return "\n".join("".join(output.get("text", "")) for output in cell["outputs"])
