"""Build the site from the stored outputs: `python -m tools.site` (`make book` calls it).

Nothing is executed and nothing is fetched; a warning is an error. Pages that did not change are
kept from the build before, unless that one failed or something that every page depends on changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"
SITE = BUILD / "html"
STAMP = BUILD / "built-from"
COMMAND = [
    *(sys.executable, "-c", "from jupyter_book.cli.main import main; main()"),
    *("build", str(ROOT), "-W", "-n", "--keep-going", "-q"),
]


def fingerprint() -> str:
    """A hash of what every page depends on: settings, extensions, templates, which pages exist."""
    digest = hashlib.sha256(os.environ.get("GITHUB_REPOSITORY", "").encode())
    common = [ROOT / "_config.yml", ROOT / "_toc.yml", ROOT / "constraints.txt"]
    for folder in ("book/_ext", "book/_templates", "book/results"):
        common += [path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    for path in sorted(common):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    for path in sorted([*ROOT.glob("book/**/*.md"), *ROOT.glob("book/**/*.ipynb")]):
        digest.update(str(path.relative_to(ROOT)).encode())
    return digest.hexdigest()


def remove_output() -> None:
    for folder in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(BUILD / folder, ignore_errors=True)
    STAMP.unlink(missing_ok=True)


def drop_unused() -> None:
    """Remove what no page asks for: the theme's icon fonts, source maps, build bookkeeping."""
    shutil.rmtree(SITE / "_static/vendor/fontawesome", ignore_errors=True)
    shutil.rmtree(SITE / "_static/__pycache__", ignore_errors=True)
    for path in SITE.glob("_static/**/*.map"):
        path.unlink()


def main() -> int:
    start = time.perf_counter()
    now = fingerprint()
    if not STAMP.exists() or STAMP.read_text() != now:
        remove_output()
    quiet = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONWARNINGS": "ignore"}
    result = subprocess.run(COMMAND, cwd=ROOT, env=quiet, capture_output=True, text=True)
    if result.returncode != 0:
        remove_output()  # a second build would not repeat the warnings of pages it has read
        print(result.stdout + result.stderr, file=sys.stderr)
        print("The site was not built: mend the warnings and errors above.", file=sys.stderr)
        return 1
    drop_unused()
    STAMP.write_text(now)
    pages = sum(1 for _ in SITE.rglob("*.html"))
    print(f"Built {pages} pages in {time.perf_counter() - start:.1f} s. Open this one:")
    print(f"  {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
