"""Imports inside `utils` go one way: as the table in CONTRIBUTING.md says, and nowhere else."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path.stem if path.is_file() else path.name
    for path in (ROOT / "utils").iterdir()
    if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
)
# `check.exercise` looks up a grader when a reader calls it, so it imports inside that function.
DEFERRED = {("check", "exercises")}


def table():
    """Module -> the modules it may import, as CONTRIBUTING.md says."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    allowed = {}
    for name, imports in re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE):
        above = set(allowed) if imports.strip() == "all of the above" else set()
        allowed[name] = above | set(re.findall(r"`(\w+)`", imports))
    return allowed


def imported(source):
    """The modules of `utils` that a source imports, and whether it does so inside a function."""
    module = ast.parse(source)
    functions = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)]
    inside = {inner for function in functions for inner in ast.walk(function)}
    found = set()
    for node in ast.walk(module):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == "utils" and rest:
                found.add((rest.split(".")[0], node in inside))
    return found


def files_of(module):
    folder = ROOT / "utils" / module
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_the_table_names_every_module():
    assert set(table()) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_what_its_row_allows(module):
    allowed = table()[module] | {module}
    for path in files_of(module):
        for name, deferred in imported(path.read_text(encoding="utf-8")):
            assert name in allowed or (deferred and (module, name) in DEFERRED), (
                f"{path.relative_to(ROOT)} imports utils.{name}; the table in CONTRIBUTING.md "
                f"allows {', '.join(sorted(allowed - {module})) or 'nothing'}."
            )


def test_imports_are_found_wherever_they_stand():
    source = "import utils.data\nfrom utils import check, plots\nimport torch\n"
    source += "def f():\n    from utils.models import GPT\n"
    expected = {("data", False), ("check", False), ("plots", False), ("models", True)}
    assert imported(source) == expected


def test_relative_imports_are_not_used():
    for path in (ROOT / "utils").rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        assert not any(isinstance(n, ast.ImportFrom) and n.level for n in nodes), path.name
