"""The recorded experiments of 7.3, on tiny windows."""

import pytest
import torch

from utils import records
from utils.fullscale import data_quality as quality
from utils.fullscale.data_quality import Windows
from utils.runtime import seed_everything


@pytest.fixture
def windows(monkeypatch):
    seed_everything(0)
    settings = {"WINDOWS": 24, "CONTEXT": 16, "TRUSTED": 16, "SCORED": 8, "PASSES": (2,)}
    settings |= {"FRESH": (2,), "COPIES": ((0.5, 4),), "NOISE": (0.3,), "GENERATIONS": 2}
    settings["FILTERS"] = {"classifier": (0.5,), "perplexity": (0.5,)}
    for name, value in settings.items():
        monkeypatch.setattr(quality, name, value)
    start = torch.randint(5, (70, 1))
    train = 97 + (start + torch.arange(17)) % 5  # a, b, c, d, e, a, …
    pair = train[:8, :-1], train[:8, 1:]
    return Windows(train, pair, pair)


def test_windows_are_filled_to_a_number():
    two = torch.tensor([[1], [2]])
    assert quality.filled(two, 5).flatten().tolist() == [1, 2, 1, 2, 1]
    assert quality.filled(two, 1).tolist() == [[1]]


def test_source_is_cut_into_windows_and_shuffled_by_the_seed():
    one, two = (quality.source_windows(seed, budget=60_000) for seed in (0, 1))
    assert one.train.shape[1] == quality.CONTEXT + 1 and not torch.equal(one.train, two.train)
    assert torch.equal(one.train.unique(dim=0), two.train.unique(dim=0))
    assert torch.equal(one.test[0][:, 1:], one.test[1][:, :-1])


def test_half_of_the_pool_is_source_and_a_filter_finds_it(windows):
    pool, is_good = quality.polluted(windows, 0)
    assert len(pool) == 48 and is_good.sum() == 24
    scores = quality.scores_of(pool, windows.train[-16:])
    kept = scores["classifier"].argsort()[:24]
    assert is_good[kept].float().mean() > 0.8


def test_samples_begin_as_told_and_are_reproducible(windows):
    net = quality.network_after(windows.train[:24], 0, passes=2)
    first = windows.train[:6, 0]
    one, two = (quality.samples(net, first, seed=3) for _ in range(2))
    assert one.shape == (6, 17) and torch.equal(one, two) and torch.equal(one[:, 0], first)
    assert quality.diversity(torch.tensor([[1, 2, 3, 4, 5]])) == {"tokens": 5, "runs": 2}


def test_the_corrected_loss_undoes_uniform_noise(windows):
    own = windows.train.repeat(8, 1)
    is_noise = torch.rand(own[:, 1:].shape) < 0.5
    targets = torch.where(is_noise, torch.randint(512, is_noise.shape), own[:, 1:])
    plain = quality.loss_on(quality.network_after(own, 0, targets=targets), windows.test)
    mended = quality.loss_on(
        quality.network_after(own, 0, targets=targets, noise=0.5), windows.test
    )
    assert mended < plain - 0.2


def test_a_run_is_recorded(windows, tmp_path, monkeypatch):
    monkeypatch.setattr(quality, "source_windows", lambda seed: windows)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    quality.main(["--record", "--seeds", "0", "1"])
    results = records.read("data-quality", tmp_path).results
    assert list(results) == ["seed 0", "seed 1"]
    run = results["seed 1"]
    assert run["noisy"]["noise 0.3"]["expected"] > run["clean"]["test_loss"]
    assert set(run["repeated"]) == {"2 passes", "once, 12"}
    assert set(run["filtered"]) == {"everything", "classifier, 0.5", "perplexity, 0.5"}
    assert len(run["generations"]) == len(quality.CHAINS)
    for runs in run["generations"].values():
        assert len(runs) == 3 and all(one["tokens"] <= 512 for one in runs)
