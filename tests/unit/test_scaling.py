"""`utils.fullscale.scaling`: counts against PyTorch, the text, the schedule, a few tiny runs."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from utils import records
from utils.fullscale import scaling as s
from utils.models import GPT, GPTConfig
from utils.runtime import seed_everything


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


def letters(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(97, 101, (n,), generator=generator).to(torch.uint8)


@pytest.mark.parametrize("shape", [s.Shape(8, 1, 1), s.Shape(16, 2, 2), s.Shape(24, 3, 3)])
def test_counts_equal_a_real_model_and_pytorchs_counter(shape):
    C, L, H = shape
    net = GPT(GPTConfig(s.V, 32, C, H, L))
    tables = net.token.weight.numel() + net.position.weight.numel()
    assert s.non_embedding(shape) == sum(p.numel() for p in net.parameters()) - tables
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        net(torch.zeros(2, 32, dtype=torch.long)).sum().backward()
    assert counter.get_total_flops() == 64 * s.training_flops(shape, 32)


def test_the_text_is_split_by_file_and_repeats_itself():
    parts = s.collect_source(("joblib",))
    assert {part for part in parts} == {"train", "validation", "test"}
    assert all(text.max() < 128 for text in parts.values())
    assert len(parts["train"]) > len(parts["test"]) + len(parts["validation"])
    again = s.collect_source(("joblib",))
    assert s.fingerprint(parts) == s.fingerprint(again)
    assert s.fingerprint(parts) != s.fingerprint(parts | {"test": parts["test"][:-1]})
    with pytest.raises(FileNotFoundError, match="no-such-package is not installed"):
        s.collect_source(("no-such-package",))


def test_the_rate_rises_and_falls_to_a_tenth():
    table = s.rates(0.01, 500)
    assert table[0] == pytest.approx(0.01 / 50) and max(table) == table[50] == 0.01
    assert table[-1] == pytest.approx(0.001, rel=1e-2) and len(table) == 500
    assert len(s.rates(0.01, 1)) == 1


def test_rows_selected_by_a_product_are_those_of_an_embedding():
    rows = s.SelectedRows(s.V, 8)
    idx = torch.randint(s.V, (3, 5))
    torch.testing.assert_close(rows(idx), nn.functional.embedding(idx, rows.weight))


def test_a_step_moves_the_rate_and_reads_each_window_once():
    job = s.Job(s.Shape(8, 1, 1), 2**11, 0, 0.01, "sweep")
    run = s.Run(job, s.TINY, letters(3000))
    assert len(run.starts.unique()) == run.starts.numel() == 2**11 // 32
    assert all(group["lr"] is run.rate for group in run.optimizer.param_groups)
    for n in range(run.n_steps):
        run.step()
        assert run.rate.item() == pytest.approx(s.rates(0.01, run.n_steps)[n])
    with pytest.raises(ValueError, match="2,048 new letters are asked for; there are 2,000"):
        s.Run(job, s.TINY, letters(2000))


def test_the_mean_loss_is_that_of_all_windows():
    table, text = nn.Embedding(s.V, s.V), letters(32 * 20 + 1)
    rows = text.long().unfold(0, 33, 32)
    whole = nn.functional.cross_entropy(table(rows[:, :-1]).mT, rows[:, 1:]).item()
    assert s.mean_loss(table, text, 32, 20) == pytest.approx(whole, rel=1e-6)


def test_the_best_rate_is_the_bottom_of_a_parabola():
    tried = [1e-3, 2e-3, 4e-3, 8e-3]
    losses = [(math.log(rate) - math.log(3e-3)) ** 2 for rate in tried]
    assert s.best_rate(tried, losses) == pytest.approx(3e-3)
    assert s.best_rate(tried, losses[:1] + [-1.0, -2.0, -3.0]) == pytest.approx(8e-3)


def test_the_rule_finds_the_constants_that_made_its_points():
    shapes, lengths = [s.Shape(8, 1, 1), s.Shape(32, 2, 1)], [2**14, 2**18]
    points = [
        (s.non_embedding(c), D, s.rate_by_rule((1.0, -0.3, -0.1), c, D))
        for c in shapes
        for D in lengths
    ]
    np.testing.assert_allclose(s.fit_rule(points), (1.0, -0.3, -0.1), rtol=1e-9)


def test_a_tiny_sweep_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    command = ["--preset", "tiny", "--seeds", "0", "1", "--record", "scaling-tiny"]
    s.main([*command, "--log", str(tmp_path / "log")])
    results = records.read("scaling-tiny", tmp_path).results
    losses = [loss for row in results["test"].values() for some in row.values() for loss in some]
    assert len(losses) == 8 and max(losses) < math.log(s.V)
    assert len((tmp_path / "log").read_text().splitlines()) == 12 + 8 + 2 + 8
    assert {*results["parameters"]} == {"8x1", "16x1", "24x1"}


def test_text_can_be_packed_and_read_again(tmp_path, capsys):
    with pytest.raises(SystemExit):
        s.main(["--pack"])
    s.main(["--preset", "tiny", "--pack", "--corpus", str(tmp_path / "text.npz")])
    with np.load(tmp_path / "text.npz") as file:
        assert s.fingerprint({name: file[name] for name in file.files}) in capsys.readouterr().out
