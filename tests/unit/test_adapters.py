"""The recorded adapters of 7.2.2, on a tiny text."""

import pytest
import torch
from torch import nn

from utils import records
from utils.fullscale import adapters
from utils.language import Corpus
from utils.measure import parameters
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything
from utils.text import train_bpe


@pytest.fixture
def net():
    seed_everything(0)
    return CopyingGPT(GPTConfig(256, adapters.CONTEXT, 16, 2, 1))


@pytest.fixture
def corpus():
    row = torch.tensor([97, 98, 99, 100] * 200)
    return Corpus(
        train_bpe(["ab"], 256), dict.fromkeys(("train", "validation", "test"), row), {}, {}
    )


def test_an_adapter_starts_as_nothing_and_merges():
    seed_everything(0)
    layer = nn.Linear(6, 4, bias=False)
    low = adapters.LowRank(layer, 2, 8.0)
    x = torch.randn(3, 6)
    assert torch.equal(low(x), layer(x))
    nn.init.normal_(low.B)
    torch.testing.assert_close(low(x), x @ low.merged().T)
    assert torch.linalg.matrix_rank(low.merged() - layer.weight) == 2


def test_only_adapters_train(net):
    other = adapters.adapted(net, 3)
    assert parameters(other) == 3 * (16 + 48 + 16 + 16 + 2 * (16 + 64))
    idx = torch.arange(8)[None]
    assert torch.equal(other(idx), net(idx))
    assert all(p.requires_grad for p in net.parameters())
    assert parameters(adapters.opened(net, True)) == 16 * (48 + 16 + 2 * 64)
    assert parameters(adapters.opened(net, False)) == parameters(net)


@pytest.mark.parametrize(("rank", "net"), [(0, nn.Linear(2, 2)), (2, nn.ReLU())])
def test_what_cannot_be_adapted_is_refused(rank, net):
    with pytest.raises(ValueError, match="a rank of 1 or more"):
        adapters.adapted(net, rank)


def test_teaching_changes_what_is_open(net, corpus):
    frozen = {name: p.clone() for name, p in net.named_parameters()}
    low = adapters.teach(adapters.adapted(net, 2), corpus.ids["train"], 1e-2, passes=8)
    assert adapters.loss_on(low, corpus.ids["test"]) < adapters.loss_on(net, corpus.ids["test"])
    for _, child in (c for c in low.named_modules() if isinstance(c[1], adapters.LowRank)):
        assert child.B.abs().max() > 0
    changed = [n for n, p in net.named_parameters() if not torch.equal(p, frozen[n])]
    assert changed == []


def test_the_best_cut_is_nearest_and_says_what_it_keeps(net):
    seed_everything(0)
    change = torch.randn(5, 7, dtype=torch.float64)
    cut, share = adapters.best_cut(change, 2)
    error = (change - cut).square().sum() / change.square().sum()
    assert share == pytest.approx(1 - error.item())
    other = adapters.opened(net, True)
    for parent, name in adapters.linear_layers(other):
        nn.init.normal_(getattr(parent, name).weight)
    whole, kept = adapters.cut_update(net, other, 16)
    assert kept == pytest.approx(1)
    idx = torch.arange(8)[None]
    torch.testing.assert_close(whole(idx), other(idx), rtol=1e-3, atol=1e-4)
    assert 0 < adapters.cut_update(net, other, 2)[1] < 0.9


def test_a_run_is_recorded(net, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(adapters, "source_corpus", lambda: corpus)
    monkeypatch.setattr(adapters, "prose_corpus", lambda code: corpus)
    monkeypatch.setattr(adapters, "trained_model", lambda corpus, kind, seed: net)
    ways = {way: (make, rates[:2]) for way, (make, rates) in adapters.WAYS.items()}
    monkeypatch.setattr(adapters, "WAYS", {way: ways[way] for way in ("rank 1", "matrices")})
    monkeypatch.setattr(adapters, "CUTS", (1, 16))
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    adapters.main(["--record", "--seeds", "0", "1"])
    results = records.read("adapters", tmp_path).results
    assert [run["seed"] for run in results["rank 1"]] == [0, 1]
    assert len(results["matrices"][0]["code"]) == 2
    assert results["chosen"]["matrices"] in adapters.MATRIX_RATES[:2]
    best = results["matrices"][0]["prose"][
        adapters.MATRIX_RATES.index(results["chosen"]["matrices"])
    ]
    assert results["cut"][0]["prose"][-1] == pytest.approx(best, rel=1e-3)


def test_lengths_are_recorded(net, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(adapters, "source_corpus", lambda: corpus)
    monkeypatch.setattr(adapters, "prose_corpus", lambda code: corpus)
    monkeypatch.setattr(adapters, "trained_model", lambda corpus, kind, seed: net)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    adapters.main(["--record", "--lengths", "--seeds", "3"])
    results = records.read("adapter-lengths", tmp_path).results
    assert results["rank 4"][0]["seed"] == 3
    assert min(results[way][0]["length"] for way in ("rank 4", "matrices")) > 0
    assert adapters.length_of_update(net, net) == 0


def test_prose_comes_from_other_files(corpus):
    prose = adapters.prose_corpus(corpus, budget=700_000)
    assert sum(prose.n_files.values()) >= 4
    assert prose.tokenizer is corpus.tokenizer
