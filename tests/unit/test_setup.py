"""Set-up says in one sentence what is missing, and never takes half an installation for a whole."""

import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import setup

ROOT = Path(__file__).resolve().parents[2]


class Machine:
    """A machine whose programs are told how to end; it counts what it was asked to run."""

    def __init__(self, folder):
        self.folder = folder
        self.ends = {"venv": 0, "pip": 0, "sound": 0}
        self.ran = []

    def call(self, command, **_):
        step = "venv" if "venv" in command else "pip" if "pip" in command else "sound"
        self.ran.append(step)
        if step == "venv":  # a failing `venv` leaves an interpreter without pip behind
            python = Path(setup.venv_python())
            python.parent.mkdir(parents=True)
            python.touch()
        return self.ends[step]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Machine(tmp_path)
    for name in [*setup.INPUTS, *map(setup.requirements, setup.EXTRAS)]:
        (tmp_path / name).write_text(f"{name} as it is\n")
    monkeypatch.setattr(setup, "ROOT", str(tmp_path))
    monkeypatch.setattr(setup, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(setup, "STAMP", str(tmp_path / ".venv" / "installed"))
    monkeypatch.setattr(setup.subprocess, "call", made.call)
    free = SimpleNamespace(free=50e9)
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: free)
    made.disk = free
    return made


def stops(*words):
    """Set-up ends with a status other than 0 and one sentence that holds these words."""
    with pytest.raises(SystemExit) as stopped:
        setup.main()
    sentence = stopped.value.code
    assert isinstance(sentence, str) and sentence.startswith("Set-up stopped: ")
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and sentence.endswith((".", "book"))
    assert not setup.is_done()


def test_a_bare_machine_is_set_up_once(machine):
    setup.main()
    assert machine.ran == ["venv", "pip"] and setup.is_done()
    setup.main()
    assert machine.ran == ["venv", "pip"]


def test_an_old_python_is_named(machine, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    stops("3.11", "3.9", "make PYTHON=")
    assert machine.ran == []


def test_a_full_disk_is_named(machine):
    machine.disk.free = 1.2e9
    stops("1.2 GB", str(setup.DISK_GB))
    assert machine.ran == []


def test_a_missing_venv_module_is_named(machine):
    machine.ends["venv"] = 1
    stops("python3-venv")
    assert not (machine.folder / ".venv").exists()


def test_without_a_network_nothing_counts_as_installed(machine):
    machine.ends["pip"] = 1
    stops("network")
    machine.ends["pip"] = 0
    setup.main()
    assert machine.ran == ["venv", "pip", "sound", "pip"] and setup.is_done()


def test_a_failed_update_is_not_taken_for_the_state_before(machine):
    setup.main()
    requirements = machine.folder / "requirements.txt"
    before = requirements.read_text()
    requirements.write_text("something newer\n")
    machine.ends["pip"] = 1
    stops("pip could not install")
    requirements.write_text(before)
    assert not setup.is_done()


@pytest.mark.parametrize("name", setup.INPUTS)
def test_changed_requirements_are_installed(machine, name):
    setup.main()
    (machine.folder / name).write_text("changed")
    setup.main()
    assert machine.ran == ["venv", "pip", "sound", "pip"]


def test_an_interrupted_environment_is_made_again(machine):
    machine.call(["python", "-m", "venv"])
    machine.ends["sound"] = 1
    setup.main()
    assert machine.ran == ["venv", "sound", "venv", "pip"]


def test_a_deleted_environment_is_made_again(machine):
    setup.main()
    shutil.rmtree(machine.folder / ".venv")
    setup.main()
    assert machine.ran == ["venv", "pip"] * 2


def test_an_extra_comes_once_and_on_top(machine):
    setup.main("tensorflow")
    assert machine.ran == ["venv", "pip", "pip"]
    setup.main("tensorflow")
    setup.main()
    assert machine.ran == ["venv", "pip", "pip"]


def test_an_extra_that_could_not_be_installed_is_tried_again(machine):
    setup.main()
    machine.ends["pip"] = 1
    with pytest.raises(SystemExit, match=r"requirements-tensorflow\.txt"):
        setup.main("tensorflow")
    assert setup.is_done() and not setup.is_done("tensorflow")


def test_a_changed_extra_is_installed_alone(machine):
    setup.main("tensorflow")
    (machine.folder / "requirements-tensorflow.txt").write_text("changed")
    assert setup.is_done()
    setup.main("tensorflow")
    assert machine.ran == ["venv", "pip", "pip", "pip"]


def test_an_unknown_extra_is_named(machine):
    with pytest.raises(SystemExit, match="no extra 'tensorflw'; there is tensorflow"):
        setup.main("tensorflw")
    assert machine.ran == []


# The pins ---------------------------------------------------------------------------------


def pins(name):
    """Package -> version of a requirements file; every line that is no option must be a pin."""
    found = {}
    for line in (ROOT / name).read_text().splitlines():
        line = line.split("#")[0].strip()
        if line and not line.startswith("-"):
            pin = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.+!]+)(?:\s*;.*)?", line)
            assert pin, f"{name}: {line!r} is not pinned with =="
            found[re.sub(r"[-_.]+", "-", pin[1]).lower()] = pin[2]
    return found


@pytest.mark.parametrize("extra", [None, *setup.EXTRAS])
def test_requirements_are_pinned_as_the_lock_says(extra):
    direct, lock = pins(setup.requirements(extra)), pins("constraints.txt")
    assert direct and direct.items() <= lock.items()


@pytest.mark.parametrize("name", [*setup.INPUTS, *map(setup.requirements, setup.EXTRAS)])
def test_installation_files_name_no_machine(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"://(?!github\.com)|file:|--(extra-)?index-url|--find-links", text)
    assert not re.search(r"(?<![\w.])/(home|root|tmp|usr|opt|work|mnt)/", text)
