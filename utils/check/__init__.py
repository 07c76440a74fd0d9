"""What a chapter states is checked here, in one printed line each, or the chapter stops.

`close`, `equal` and `within` compare values, `gradient` compares derivatives, `symbolic`
compares formulas, `raises` expects an error, `claim` records a verdict on a statement of the
source document, and `exercise` marks an answer. A passed check prints what was compared with
what, over how many entries, to which tolerance: a line that is the same on every processor. A
failed one raises `CheckFailed` with that line, the largest error and the offending entry.

Leaves out: the graders of the exercises, which live with their chapter in `utils.exercises`.
Explained in: 3.2.1, where each kind of check appears first.
"""

from utils.check.claims import Claim, claim
from utils.check.exact import equal, raises
from utils.check.gradients import gradient
from utils.check.reporting import CheckFailed
from utils.check.symbols import symbolic
from utils.check.values import close, within

__all__ = [
    "CheckFailed",
    "Claim",
    "claim",
    "close",
    "equal",
    "exercise",
    "gradient",
    "raises",
    "symbolic",
    "within",
]


def exercise(id: str, answer: object):
    """Mark `answer` to the exercise `id`, print one line, and return the result (true if right).

    Nothing that the answer does wrong raises an error; the line says it. See `utils.exercises`.

    Raises:
        ValueError: if there is no exercise `id`; the nearest one is named.
    """
    from utils import exercises  # only here: the graders may import anything of `utils`

    result = exercises.grade(id, answer)
    print(result.line)
    return result
