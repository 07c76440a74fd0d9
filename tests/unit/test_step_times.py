"""The recorded times of 6.1, with a backend that compiles nothing."""

import pytest
import torch

from utils import records
from utils.fullscale import step_times
from utils.language import token_loss
from utils.runtime import seed_everything


@pytest.fixture
def small(monkeypatch):
    seed_everything(0)
    monkeypatch.setattr(step_times, "WIDTHS", (8, 16))
    monkeypatch.setattr(step_times, "TURNS", 2)
    monkeypatch.setenv("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1")


def test_events_fall_into_their_groups():
    kinds = {
        "aten::addmm": "products",
        "aten::_scaled_dot_product_flash_attention_for_cpu_backward": "attention",
        "aten::gelu": "other arithmetic",
        "aten::view": "bookkeeping",
        "AddmmBackward0": "bookkeeping",
    }
    assert {name: step_times.kind_of(name) for name in kinds} == kinds


def test_shares_add_up_and_see_a_large_product():
    seed_everything(0)
    matrix = torch.randn(400, 400)
    found = step_times.time_shares(lambda: [matrix @ matrix for _ in range(3)])
    assert sum(found.values()) == pytest.approx(1)
    assert found["products"] > 0.5


def test_operations_follow_the_formula(small):
    C, T, V, L = 16, step_times.CONTEXT, step_times.VOCABULARY, step_times.BLOCKS
    flops, calls = step_times.pass_operations(*step_times.gpt_and_row(C, 0))
    assert flops == 6 * T * (12 * L * C**2 + V * C) + 12 * L * T * C * T
    assert calls > 100


def test_a_run_is_recorded(small, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    step_times.main(["--record", "--backend", "eager", "--seeds", "0", "1"])
    record = records.read("step-times", tmp_path)
    assert set(record.results) == {"8", "16"}
    for found in record.results.values():
        assert [run["seed"] for run in found["runs"]] == [0, 1]
        assert all(run["loss_gap"] == 0 and run["eager_ms"] > 0 for run in found["runs"])


def test_the_pass_drops_gradients_and_returns_the_loss(small):
    net, row = step_times.gpt_and_row(8, 0)
    value = step_times.training_pass(step_times.row_loss, net, row)
    assert value == token_loss(net(row[:, :-1]), row[:, 1:]).item()
    assert all(parameter.grad is None for parameter in net.parameters())
