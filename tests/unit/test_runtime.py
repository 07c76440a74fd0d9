"""`utils.runtime`: seeds that repeat, bars that are never stored, a machine that is described."""

import random

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from utils import records, runtime


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_a_seed_repeats_all_three_generators(seed):
    runtime.seed_everything(seed)
    first = draw()
    assert draw() != first
    runtime.seed_everything(seed)
    assert draw() == first


def test_seeds_differ_and_settings_are_fixed():
    runtime.seed_everything(0)
    first = draw()
    runtime.seed_everything(1)
    assert all(a != b for a, b in zip(first, draw()))
    assert torch.get_num_threads() == runtime.THREADS == 1
    assert {pool["num_threads"] for pool in threadpool_info()} == {runtime.THREADS}
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "0", True, None])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(ValueError, match=f"this is {seed!r}"):
        runtime.seed_everything(seed)


def test_the_device_computes():
    x = torch.ones(2, 2, device=runtime.device())
    assert (x @ x).sum().item() == 8
    assert runtime.device().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_progress_passes_items_on_and_shows_a_bar_only_where_wanted(monkeypatch, capsys):
    monkeypatch.setenv("LARGE_MODELS_PROGRESS", "0")
    assert list(runtime.progress(range(3), "Counting")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("LARGE_MODELS_PROGRESS", "1")
    assert list(runtime.progress(iter("ab"), "Counting", total=2)) == ["a", "b"]
    shown = capsys.readouterr()
    assert "Counting" in shown.err + shown.out


def test_the_machine_is_described_in_plain_values():
    found = runtime.machine()
    assert set(found) >= {"processor", "cores", "memory_gib", "accelerator", "torch", "python"}
    assert all(isinstance(value, str | int) for value in found.values())
    assert found["cores"] >= 1 and found["torch"] == torch.__version__
    record = records.Record("any", "A test.", "none", [0], {"a": 1}, {"b": 1}, machine=found)
    assert record.machine["processor"]
