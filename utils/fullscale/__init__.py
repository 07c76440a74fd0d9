"""Long runs at full scale, each a program whose results are recorded in `book/results`.

`python -m utils.fullscale.<name> --help` says how to repeat one. None is part of the test.
Import it before torch: threads that wait shall sleep, since on a machine with other work those
that spin keep the others from computing (ours took ten times as long where it was tried).
"""

import os
import subprocess
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def commit() -> str | None:
    """The commit that the code stands at, in short; None outside a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
