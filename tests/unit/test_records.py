"""`utils.records`: what goes in comes out, and nothing half-written, unnamed or not finite does."""

import json
import math
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import records
from utils.records import Record

MACHINE = {"processor": "any", "cores": 2}


def record(**changes):
    values = {
        "name": "mnist-99",
        "what": "Seconds to 99 %.",
        "command": "python -m utils.fullscale.mnist",
        "seeds": [0, 1],
        "settings": {"batch_size": 64},
        "results": {"fast": {"accuracy": [0.9912, 0.99]}, "ratio": 12.345678},
        "date": "2026-11-01",
        "machine": MACHINE,
    }
    return Record(**{**values, **changes})


plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9)
trees = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=25, deadline=None)
@given(results=st.dictionaries(st.text(), trees, min_size=1, max_size=3))
def test_what_is_written_is_read_again(tmp_path_factory, results):
    folder = tmp_path_factory.mktemp("results")
    written = record(results=results)
    records.write(written, folder=folder)
    assert records.read("mnist-99", folder) == written
    assert records.all_records(folder) == [written]


def test_a_record_describes_its_machine_and_day_by_itself():
    made = Record("any", "What.", "none", [], {"a": 1}, {"b": 1})
    assert made.machine["torch"] and made.date.count("-") == 2


def test_the_file_is_sorted_json(tmp_path):
    path = records.write(record(), folder=tmp_path)
    text = path.read_text(encoding="utf-8")
    assert path.name == "mnist-99.json" and text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_nothing_is_overwritten_unless_asked(tmp_path):
    records.write(record(), folder=tmp_path)
    with pytest.raises(FileExistsError, match="pass replace=True"):
        records.write(record(seeds=[7]), folder=tmp_path)
    assert records.read("mnist-99", tmp_path).seeds == [0, 1]
    records.write(record(seeds=[7]), replace=True, folder=tmp_path)
    assert records.read("mnist-99", tmp_path).seeds == [7]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"results": {"loss": {"last": [1.0, math.nan]}}}, "loss: last holds nan"),
        ({"settings": {"lr": math.inf}}, "lr holds inf"),
        ({"results": {"x": {1: 2}}}, "the key 1 is no text"),
        ({"results": {"x": (1, 2)}}, "holds a tuple"),
        ({"results": {}}, "'results' is a dict and not empty"),
        ({"what": ""}, "'what' is a str and not empty"),
        ({"name": "MNIST 99"}, "lower case with hyphens"),
        ({"date": "1 May"}, "not YYYY-MM-DD"),
        ({"seeds": [0.5]}, "seeds are whole numbers"),
        ({"seeds": 0}, "'seeds' is a list"),
        ({"commit": 7}, "a commit is a text"),
    ],
)
def test_a_wrong_record_is_named_and_not_written(tmp_path, changes, says):
    with pytest.raises(ValueError, match=says):
        records.write(record(**changes), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    records.write(record(), folder=tmp_path)

    def fail(old, new):
        raise OSError("disk full")

    monkeypatch.setattr(records.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        records.write(record(seeds=[7]), replace=True, folder=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mnist-99.json"]
    assert records.read("mnist-99", tmp_path) == record()


def test_an_unknown_name_gets_the_nearest_known_one(tmp_path):
    with pytest.raises(ValueError, match="there are none"):
        records.read("mnist-99", tmp_path)
    for name in ("mnist-99", "scaling"):
        records.write(record(name=name), folder=tmp_path)
    with pytest.raises(ValueError, match="no record 'mnits-99': did you mean 'mnist-99'"):
        records.read("mnits-99", tmp_path)


def test_a_corrupt_or_foreign_file_is_named(tmp_path):
    good = json.loads(records.write(record(), folder=tmp_path).read_text())
    for text, says in [
        ('{"name": ', "is not JSON"),
        ("[1]", "holds a list"),
        (json.dumps({**good, "extra": 1}), "unknown field 'extra'"),
        (json.dumps({k: v for k, v in good.items() if k != "seeds"}), "misses 'seeds'"),
        (json.dumps({**good, "results": {"x": math.nan}}), "holds nan"),
        (json.dumps({**good, "name": "other"}), "another name, 'other'"),
        (json.dumps({**good, "date": 3}), "'date' is a str"),
    ]:
        (tmp_path / "mnist-99.json").write_text(text)
        with pytest.raises(ValueError, match=says) as raised:
            records.read("mnist-99", tmp_path)
        assert str(raised.value).startswith("mnist-99.json") and "\n" not in str(raised.value)


def test_the_table_shows_every_figure():
    text = records.table(replace(record(), commit="abc", what="A | B."))
    assert "| fast: accuracy | 0.9912, 0.99 |" in text
    assert "| ratio | 12.35 |" in text
    assert "| Seeds | 0, 1 |" in text and "| Commit | abc |" in text
    assert r"| What | A \| B. |" in text
    assert all(line.startswith("| ") or line == "|---|---|" for line in text.splitlines())


def test_the_books_own_records_are_sound():
    for found in records.all_records():
        assert found.command.startswith("python -m utils.") and found.seeds


def git(*arguments):
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)


def test_a_records_commit_can_be_checked_out():
    """A reader who repeats a run needs the program that made it: part of this history."""
    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("no whole history here")
    lost = {
        found.name: found.commit
        for found in records.all_records()
        if git("merge-base", "--is-ancestor", found.commit, "HEAD").returncode
    }
    assert not lost, f"These records name commits outside this history: {lost}."


def test_the_table_gives_each_run_and_each_group_of_settings_a_row():
    runs = {"fast": [{"seed": 0, "accuracies": [0.99, 0.992]}, {"seed": 1, "accuracies": [0.991]}]}
    groups = {"fast": {"adamw": True, "crop": False, "rate": 0.001}}
    text = records.table(record(results=runs, settings=groups))
    assert "| fast, run 1 | seed 0; accuracies 0.99, 0.992 |" in text
    assert "| fast, run 2 | seed 1; accuracies 0.991 |" in text
    assert "| settings: fast | adamw; rate 0.001 |" in text


def test_the_table_tells_only_the_number_of_lines_of_a_long_text():
    text = records.table(record(results={"runs": [{"seed": 0, "test": {"texts": "西非\n关闭\n"}}]}))
    assert "| runs, run 1 | seed 0; test texts 2 lines |" in text
