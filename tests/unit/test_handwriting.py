"""`utils.fullscale.handwriting` on a tiny made-up MNIST: its parts, and the whole record."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from sklearn.neighbors import KNeighborsClassifier

from utils import data, records
from utils.fullscale import handwriting
from utils.runtime import seed_everything


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


def bars(n, seed):
    """Each class is a bright bar at a height of its own."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 10
    x = 0.3 * torch.rand((n, 1, 28, 28), generator=generator)
    x[torch.arange(n), 0, 2 * y + 3, 4:24] = 1
    return x, y


def test_the_temperature_is_the_likeliest():
    logits, labels = 4 * torch.randn(300, 5), torch.randint(0, 5, (300,))
    found = minimize_scalar(
        lambda log_t: F.cross_entropy(logits.double() / np.exp(log_t), labels).item(),
        bounds=(-3, 6),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert handwriting.best_temperature(logits, labels) == pytest.approx(np.exp(found.x), rel=1e-4)


def test_the_calibration_error_is_that_of_scikit_learn_s_curve():
    certainty = torch.rand(500).double()
    right = torch.rand(500) < certainty**2
    share, mean = calibration_curve(right, certainty, n_bins=15, strategy="uniform")
    counts, _ = np.histogram(certainty, np.linspace(0, 1, 16))
    expected = (counts[counts > 0] * np.abs(share - mean)).sum() / 500
    assert handwriting.calibration_error(certainty, right) == pytest.approx(expected, rel=1e-12)
    assert handwriting.calibration_error(torch.ones(3), torch.tensor([1, 1, 0]) == 1) == 1 / 3


def test_a_moved_picture_is_a_window_of_the_framed_one():
    images = torch.rand(40, 1, 5, 6)
    moved = handwriting.moved_by_chance(images, 2, torch.Generator().manual_seed(0))
    framed = F.pad(images, (2,) * 4)
    for before, after in zip(framed, moved):
        windows = before[0].unfold(0, 5, 1).unfold(1, 6, 1).reshape(25, 5, 6)
        assert (windows == after[0]).all((1, 2)).any()
    assert not torch.equal(moved, images)


def test_disturbances_do_what_they_say():
    images = torch.ones(2, 1, 8, 8)
    assert handwriting.shifted_by(images, 2).sum((1, 2, 3)).tolist() == [48, 48]
    assert handwriting.with_patch(images, 0.25).sum((1, 2, 3)).tolist() == [60, 60]
    noisy = handwriting.with_noise(images / 2, 0.1)
    assert torch.equal(noisy, handwriting.with_noise(images / 2, 0.1))
    assert 0 <= noisy.min() and noisy.max() <= 1 and noisy.std() == pytest.approx(0.1, rel=0.2)


def test_neighbours_are_scikit_learn_s():
    x, y = torch.rand(200, 1, 4, 4), torch.randint(0, 10, (200,))
    new = torch.rand(50, 1, 4, 4)
    model = KNeighborsClassifier(1).fit(x.flatten(1), y)
    assert (handwriting.nearest(x, y, 1)(new) == model.predict(new.flatten(1))).all()


def test_a_network_learns_within_an_epoch(monkeypatch):
    monkeypatch.setattr(handwriting, "BATCH", 20)
    monkeypatch.setattr(handwriting, "EPOCHS", 1)
    x, y = bars(1000, seed=0)
    new, labels = bars(100, seed=1)
    net = handwriting.fit_network(x, y, reach=0, seed=0)
    assert (handwriting.logits_of(net, new).argmax(1) == labels).double().mean() > 0.9


def test_all_methods_are_compared_and_recorded(monkeypatch, tmp_path):
    sets = {"train": bars(360, seed=0), "test": bars(50, seed=1)}

    def load(name, part):
        assert name == "mnist"
        return data.Images(*sets[part], tuple("0123456789"))

    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.setattr(handwriting, "BATCH", 30)
    handwriting.main(["--record", "--seeds", "0", "1"])
    record = records.read("handwriting")
    methods = record.results["methods"]
    assert record.results["n_train"] == 300 and record.results["n_held_out"] == 60
    assert len(methods) == 5 and len(methods["ConvNet"]["runs"]) == 2
    assert methods["SVM"]["runs"][0]["accuracy"] > 0.9
    assert methods["ConvNet"]["parameters"] == 29_178
    for row in methods.values():
        for run in row["runs"]:
            assert sum(run["errors_by_half"]) == run["errors"]
            assert set(run["disturbed"]) == set(handwriting.DISTURBED)
