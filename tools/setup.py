"""Create `.venv` and install what the book needs; say in one sentence what is missing.

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
OLDEST_PYTHON = (3, 11)
DISK_GB = 4


def stop(sentence):
    sys.exit("Set-up stopped: " + sentence)


def fingerprint():
    """A hash of what decides the installation, so that a second run has nothing to do."""
    digest = hashlib.sha256()
    for name in INPUTS:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def venv_python():
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, folder, name)


def is_done():
    if not (os.path.exists(STAMP) and os.path.exists(venv_python())):
        return False
    with open(STAMP) as file:
        return file.read() == fingerprint()


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


def install():
    print("Installing the pinned requirements into .venv (once; about 2.5 GB, some minutes) ...")
    sys.stdout.flush()
    if os.path.exists(STAMP):  # from here on, until the end, nothing counts as installed
        os.remove(STAMP)
    pip = [venv_python(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.call(pip + ["-r", os.path.join(ROOT, "requirements.txt")]) != 0:
        stop(
            "pip could not install the requirements; its message stands above. Without a network, "
            "or with a full disk, mend that and run the same command again: it goes on from there."
        )


def main():
    if is_done():
        return
    check_machine()
    create_venv()
    install()
    with open(STAMP, "w") as file:
        file.write(fingerprint())


if __name__ == "__main__":
    main()
