"""Create `.venv` and install what the book needs; say in one sentence what is missing.

    python tools/setup.py               what all chapters need
    python tools/setup.py tensorflow    and, on top, what section 6.2 needs

Run by `make`, with any Python that the machine has: so this file uses the standard library
alone and no syntax newer than Python 3.0.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed")
INPUTS = ["requirements.txt", "constraints.txt", "pyproject.toml"]
EXTRAS = {"tensorflow": "1.3 GB"}  # each has a requirements-NAME.txt
OLDEST_PYTHON = (3, 11)
DISK_GB = 4


def stop(sentence):
    sys.exit("Set-up stopped: " + sentence)


def requirements(extra=None):
    return "requirements-{}.txt".format(extra) if extra else "requirements.txt"


def stamp(extra=None):
    return STAMP + "-" + extra if extra else STAMP


def fingerprint(extra=None):
    """A hash of what decides the installation, so that a second run has nothing to do."""
    digest = hashlib.sha256()
    for name in INPUTS + ([requirements(extra)] if extra else []):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def venv_python():
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, folder, name)


def is_done(extra=None):
    if not (os.path.exists(stamp(extra)) and os.path.exists(venv_python())):
        return False
    with open(stamp(extra)) as file:
        return file.read() == fingerprint(extra)


def check_machine():
    if sys.version_info < OLDEST_PYTHON:
        stop(
            "Python {}.{} or newer is needed and this is {}.{}; install one and name it: "
            "make PYTHON=python3.12 book".format(*(OLDEST_PYTHON + sys.version_info[:2]))
        )
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < DISK_GB and not os.path.exists(STAMP):
        stop(
            "about {} GB of free disk are needed and {:.1f} GB are left at {}; free some space "
            "and run the same command again.".format(DISK_GB, free, ROOT)
        )


def venv_is_sound():
    """Whether `.venv` has pip and a Python new enough; one that was interrupted has not."""
    asks = "import pip, sys; sys.exit(sys.version_info < {!r})".format(OLDEST_PYTHON)
    return os.path.exists(venv_python()) and subprocess.call([venv_python(), "-c", asks]) == 0


def create_venv():
    if venv_is_sound():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.call([sys.executable, "-m", "venv", VENV])
    if made != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            "Python could not create a virtual environment; on Debian and Ubuntu "
            "`apt-get install python3-venv` brings the missing part."
        )


def install(extra=None):
    size = EXTRAS[extra] if extra else "2.5 GB"
    print(
        "Installing the pinned {} into .venv (once; about {}, some minutes) ...".format(
            requirements(extra), size
        )
    )
    sys.stdout.flush()
    if os.path.exists(stamp(extra)):  # from here on, until the end, it does not count as installed
        os.remove(stamp(extra))
    pip = [venv_python(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.call(pip + ["-r", os.path.join(ROOT, requirements(extra))]) != 0:
        stop(
            "pip could not install {}; its message stands above. Without a network, or with a "
            "full disk, mend that and run the same command again: it goes on from there.".format(
                requirements(extra)
            )
        )
    with open(stamp(extra), "w") as file:
        file.write(fingerprint(extra))


def main(extra=None):
    if extra not in (None,) + tuple(EXTRAS):
        stop("there is no extra {!r}; there is {}.".format(extra, ", ".join(EXTRAS)))
    if not is_done():
        check_machine()
        create_venv()
        install()
    if extra and not is_done(extra):
        install(extra)


if __name__ == "__main__":
    main(*sys.argv[1:2])
