"""What runs elsewhere calls what runs here: pinned actions, pinned hooks, known commands."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def jobs(path):
    return yaml.safe_load(path.read_text())["jobs"].values()


def test_there_are_workflows_for_changes_nights_and_publishing():
    assert [path.stem for path in WORKFLOWS] == ["check", "nightly", "publish"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_hash_and_names_its_version(path):
    lines = re.findall(r"^\s*-?\s*uses:\s*(.*)$", path.read_text(), re.MULTILINE)
    used = [step["uses"] for job in jobs(path) for step in job["steps"] if "uses" in step]
    assert len(lines) == len(used) > 0
    for line in lines:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_hash():
    pins = {line for path in WORKFLOWS for line in re.findall(r"uses: (\S+)", path.read_text())}
    assert len(pins) == len({pin.split("@")[0] for pin in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read_and_must_end(path):
    contents = yaml.safe_load(path.read_text())
    assert contents["permissions"] == {"contents": "read"} and "concurrency" in contents
    assert all(job["timeout-minutes"] <= 60 for job in jobs(path))
    writes = [job for job in jobs(path) if "write" in job.get("permissions", {}).values()]
    assert len(writes) == (path.stem == "publish")


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, ROOT / ".ci" / "run"], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_commands_are_targets_of_the_makefile(path):
    called = set(re.findall(r"\bmake ([a-z]+)", re.sub(r"#.*", "", path.read_text())))
    assert called and called <= TARGETS


def test_workflows_name_files_that_exist():
    for path in WORKFLOWS:
        for name in re.findall(r"(?<![\w.-])(?:book|tests)/[\w./-]+", path.read_text()):
            assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_the_script_of_continuous_integration_is_sound_bash():
    script = ROOT / ".ci" / "run"
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in text
    listed = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"], cwd=ROOT, capture_output=True, text=True
    )
    assert listed.stdout.startswith("100755") or not listed.stdout
    assert subprocess.run(["bash", "-n", script]).returncode == 0


def test_hooks_use_the_pinned_versions():
    lock = (ROOT / "constraints.txt").read_text().splitlines()
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    pins = [pin for hook in hooks for pin in hook["additional_dependencies"]]
    assert len(hooks) == 4 and set(pins) <= set(lock)
