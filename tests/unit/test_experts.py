"""The recorded mixtures of 7.2.1, on a tiny text."""

import math

import pytest
import torch

from utils import records
from utils.fullscale import experts
from utils.language import Corpus
from utils.runtime import seed_everything
from utils.text import train_bpe


@pytest.fixture
def corpus():
    seed_everything(0)
    row = torch.tensor([97, 98, 99, 100] * 200)
    return Corpus(
        train_bpe(["ab"], 256), dict.fromkeys(("train", "validation", "test"), row), {}, {}
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("    ", "space"),
        ("\n", "space"),
        (" return", "keyword"),
        ("self", "word"),
        ("_name", "word"),
        ("42", "digits"),
        ("):\n", "sign"),
        ("x1", "mixed"),
    ],
)
def test_tokens_are_of_a_kind(text, kind):
    assert experts.token_kind(text) == kind


def test_equal_labels_tell_all_and_independent_ones_nothing():
    a = torch.arange(4).repeat(100)
    assert experts.mutual_information(a, a) == pytest.approx(2.0)
    assert experts.mutual_information(a, torch.arange(4).repeat_interleave(100)) < 1e-12


def test_only_choices_beyond_the_capacity_are_dropped():
    chosen = torch.tensor([0, 0, 0, 1]).view(4, 1)
    assert experts.dropped_share(chosen, 2, 1.0) == pytest.approx(0.25)
    assert experts.dropped_share(chosen, 2, 1.5) == 0


def test_a_frozen_router_stays_as_it_was(corpus):
    variant = experts.Variant(8, 4, 2, is_frozen=True)
    before = experts.with_experts(variant, 256, 0).blocks[0].experts
    net, run = experts.trained_mixture(corpus, variant, 0, 6e-3)
    after = net.blocks[0].experts
    assert torch.equal(before.router.weight, after.router.weight)
    assert not torch.equal(before.up, after.up)
    assert math.isfinite(run["test_loss"])


def test_a_run_is_recorded(corpus, tmp_path, monkeypatch):
    small = {name: experts.Variant(8, v.n_experts, v.top_k) for name, v in experts.VARIANTS.items()}
    monkeypatch.setattr(experts, "source_corpus", lambda: corpus)
    monkeypatch.setattr(experts, "VARIANTS", small)
    monkeypatch.setattr(experts, "PASSES", 1)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    experts.main(["--record", "--seeds", "0", "1"])
    record = records.read("experts", tmp_path)
    assert list(record.results) == sorted(small)
    for runs in (result["runs"] for result in record.results.values()):
        assert [run["seed"] for run in runs] == [0, 1]
    block = record.results["2 of 8"]["runs"][0]["blocks"][1]
    assert sum(block["shares"]) == pytest.approx(1)
    assert block["touched"]["1"] == pytest.approx(2)
    assert sum(map(sum, block["kind_counts"])) == 3 * 256
    assert set(block["bits"]) == {"token", "kind", "token before", "place"}
