"""Recorded runs: what a long run did, on which machine, and what came out, as small JSON files.

A chapter shows a record's figures instead of repeating hours of work; `command` repeats them.
"""

import difflib
import json
import math
import os
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from utils.runtime import machine

FOLDER = Path(__file__).resolve().parent.parent / "book" / "results"


@dataclass(frozen=True)
class Record:
    """One recorded run. All values are what JSON can hold; numbers are finite.

    Units: those that the names of settings and results say (`seconds`, `accuracy` from 0 to 1).
    """

    name: str  # the file's name, as "mnist-99"
    what: str  # one sentence: what was run, and what the figures are
    command: str  # the command that repeats it
    seeds: list[int]
    settings: dict[str, Any]
    results: dict[str, Any]
    date: str = field(default_factory=lambda: date.today().isoformat())
    machine: dict[str, Any] = field(default_factory=machine)
    commit: str | None = None


def write(record: Record, replace: bool = False, folder: Path | None = None) -> Path:
    """Write a record as sorted JSON, all or nothing; return its path.

    Raises:
        FileExistsError: if there is one of this name and `replace` is not set.
        ValueError: if a field is wrong, or a number is not finite.
    """
    values = asdict(record)
    _check(values, f"The record {record.name!r}")
    path = (folder or FOLDER) / f"{record.name}.json"
    if path.exists() and not replace:
        raise FileExistsError(f"There is a record {record.name!r} already: pass replace=True.")
    text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + f".{os.getpid()}.part")
    try:
        unfinished.write_text(text + "\n", encoding="utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def read(name: str, folder: Path | None = None) -> Record:
    """Read the record of this name, checked.

    Raises:
        ValueError: an unknown name (the nearest known one is named), or a file that is no record.
    """
    folder = folder or FOLDER
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.json"))
        near = difflib.get_close_matches(name, known, n=1, cutoff=0)
        hint = f"did you mean {near[0]!r}?" if near else f"there are none in {folder.name}."
        raise ValueError(f"There is no record {name!r}: {hint}")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON: {error}. Run its command again.") from error
    _check(values, path.name)
    if values["name"] != name:
        raise ValueError(f"{path.name} holds a record of another name, {values['name']!r}.")
    return Record(**values)


def all_records(folder: Path | None = None) -> list[Record]:
    """All records, by name."""
    folder = folder or FOLDER
    return [read(file.stem, folder) for file in sorted(folder.glob("*.json"))]


def table(record: Record) -> str:
    """The record as a Markdown table of two columns, for a page: `results` first.

    Nested results are written `outer: inner`, a list of runs takes a row for each, and a group of
    settings one row, in which a switch is named if it is on. Numbers have four significant digits,
    and of a text in many lines only their number is told.
    """
    settings = {f"settings: {key}": _readable(value) for key, value in record.settings.items()}
    rows = {"What": record.what, **_flat(record.results), **settings}
    rows |= {
        "Seeds": ", ".join(map(str, record.seeds)),
        "Machine": ", ".join(f"{key} {value}" for key, value in record.machine.items()),
        "Date": record.date,
        "Command": f"`{record.command}`",
    }
    if record.commit:
        rows["Commit"] = record.commit
    lines = (f"| {key} | {str(value).replace('|', chr(92) + '|')} |" for key, value in rows.items())
    return "\n".join(["| | |", "|---|---|", *lines])


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    rows: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            rows |= _flat(value, f"{prefix}{key}: ")
        elif isinstance(value, list) and all(isinstance(run, dict) for run in value):
            rows |= {f"{prefix}{key}, run {n}": _readable(run) for n, run in enumerate(value, 1)}
        else:
            rows[prefix + key] = _readable(value)
    return rows


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        parts = [
            key if part is True else f"{key} {_readable(part)}"
            for key, part in value.items()
            if part is not False
        ]
        return "; ".join(parts)
    if isinstance(value, list):
        return ", ".join(map(_readable, value))
    if isinstance(value, str) and "\n" in value:
        return f"{len(value.splitlines())} lines"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _check(values: Any, where: str) -> None:
    """Raise one clear ValueError unless `values` are those of a record."""
    if not isinstance(values, dict):
        raise ValueError(f"{where} is no record: it holds a {type(values).__name__}, not fields.")
    names = {f.name for f in fields(Record)}
    if wrong := sorted(names ^ set(values)):
        state = "misses" if wrong[0] in names else "has the unknown field"
        raise ValueError(f"{where} {state} {wrong[0]!r}.")
    kinds = {"seeds": list, "settings": dict, "results": dict, "machine": dict}
    for name in names - {"commit"}:
        kind = kinds.get(name, str)
        if not isinstance(values[name], kind) or (kind is not list and not values[name]):
            raise ValueError(f"{where}: {name!r} is a {kind.__name__} and not empty.")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", values["name"]):
        raise ValueError(f"{where}: a name is lower case with hyphens, as 'mnist-99'.")
    try:
        date.fromisoformat(values["date"])
    except ValueError as error:
        raise ValueError(f"{where}: the date {values['date']!r} is not YYYY-MM-DD.") from error
    if any(type(seed) is not int for seed in values["seeds"]):
        raise ValueError(f"{where}: seeds are whole numbers; these are {values['seeds']}.")
    if not (values["commit"] is None or isinstance(values["commit"], str)):
        raise ValueError(f"{where}: a commit is a text or missing.")
    _check_tree(values, where)


def _check_tree(tree: Any, where: str) -> None:
    """Only what JSON holds: texts, finite numbers, truth values, null, lists, dicts by text."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if not isinstance(key, str):
                raise ValueError(f"{where}: the key {key!r} is no text.")
            _check_tree(value, f"{where}: {key}")
    elif isinstance(tree, list):
        for value in tree:
            _check_tree(value, where)
    elif isinstance(tree, float) and not math.isfinite(tree):
        raise ValueError(f"{where} holds {tree}, which is not a finite number.")
    elif not isinstance(tree, str | int | float | None):
        raise ValueError(f"{where} holds a {type(tree).__name__}, which JSON does not.")
