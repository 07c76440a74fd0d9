"""`utils.fullscale.faces` on a few drawn people: folds, methods, the record."""

import pytest
import torch

from utils import data, records
from utils.fullscale import faces


@pytest.fixture(scope="module")
def pictures():
    drawn = data.portraits(12, 5, seed=1)
    return drawn.x, drawn.y


def test_every_person_is_in_one_fold():
    for seed in (0, 1):
        parts = faces.folds(40, seed)
        assert [len(part) for part in parts] == [10] * 4
        assert sorted(torch.cat(parts).tolist()) == list(range(40))


def test_chosen_people_are_numbered_anew(pictures):
    x, y = faces.of_people(*pictures, torch.tensor([7, 2]))
    assert y.tolist() == [0] * 5 + [1] * 5
    assert torch.equal(x[:5], pictures[0][35:40]) and torch.equal(x[5:], pictures[0][10:15])


def test_a_perfect_place_has_no_error(pictures):
    x, y = pictures
    found = faces.measured(lambda new: torch.eye(12, dtype=torch.float64)[y], x, y)
    assert found == {"eer": 0, "tar_at_far_1_percent": 1, "rank_1": 1}


@pytest.mark.parametrize(
    "method, choice", [(faces.pixels, None), (faces.eigenfaces, 5), (faces.fisherfaces, 8)]
)
def test_classical_methods_give_unit_vectors(pictures, method, choice):
    z = method(*pictures, choice, 0)(pictures[0][:4])
    torch.testing.assert_close(z.norm(dim=1), torch.ones(4, dtype=torch.float64))


def test_the_record_holds_runs_and_means(monkeypatch, tmp_path, pictures):
    rows = [
        {"method": "pixels", "seed": seed, "fold": fold, "choice": None}
        | {"eer": 0.1 * fold, "tar_at_far_1_percent": 0.5, "rank_1": 1.0}
        for seed in (0, 1)
        for fold in (0, 1)
    ]
    photographs = data.Images(torch.zeros(20, 1, 64, 64), torch.arange(20) // 2, ())
    monkeypatch.setattr(data, "load", lambda name: photographs)
    monkeypatch.setattr(
        faces, "run_folds", lambda x, y, seed: [r for r in rows if r["seed"] == seed]
    )
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    faces.main(["--seeds", "0", "1", "--record"])
    record = records.read("faces", tmp_path)
    assert record.results["runs"] == rows
    assert record.results["means"]["pixels"]["eer"] == pytest.approx([0.05, 0.05])
    assert record.command.endswith("--record --seeds 0 1")


def test_a_run_compares_all_methods_on_all_folds(monkeypatch, pictures):
    small = data.portraits
    monkeypatch.setattr(data, "portraits", lambda n: small(40, 3))
    monkeypatch.setattr(
        faces,
        "methods",
        lambda net: {
            "eigenfaces": (faces.eigenfaces, (2, 9)),
            "drawn": (faces.drawn_only(net), (None,)),
        },
    )
    rows = faces.run_folds(*pictures, seed=0, drawn=2)
    assert [(row["method"], row["fold"]) for row in rows[::2]] == [
        ("eigenfaces", n) for n in range(4)
    ]
    assert all(0 <= row["eer"] <= 1 and row["choice"] in (2, 9, None) for row in rows)
