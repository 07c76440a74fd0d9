"""`utils.fullscale.translation` on a handful of dates: the parts, the models, a run, the record."""

import pytest
import torch
from torch import nn

from utils import records
from utils.fullscale import translation as t
from utils.runtime import seed_everything

MODELS = [t.RecurrentTranslator, t.AttentionTranslator]


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


def test_texts_survive_being_numbered():
    alphabet = t.Alphabet.of(["May 5, 2012", "Mayor"], words={"May"})
    assert t.pieces("May 5 Mai", {"May"}) == ["May", " ", "5", " ", "M", "a", "i"]
    idx = alphabet.numbers(["May 2", "Mayor"])
    assert idx[0].tolist()[-3:] == [1, 0, 0] and idx.max() == len(alphabet) - 1
    assert alphabet.texts(idx) == ["May 2", "Mayor"]
    assert alphabet.numbers(["?"]).tolist() == [[2, 1]]


def test_words_count_once_in_a_text():
    assert t.frequent_words(["a a b", "a", "a b"], least=3) == {"a"}


@pytest.mark.parametrize("model", MODELS)
def test_weights_sum_to_one_and_skip_what_is_filled_up(model):
    net = model(9, 7, 16).eval()
    source = torch.tensor([[3, 4, 1, 0], [5, 6, 7, 1]])
    logits, weights = net.decode(net.encode(source), source, torch.tensor([[1, 3], [1, 4]]))
    assert logits.shape == (2, 2, 7)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2))
    assert (weights[0, :, 3] == 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_the_future_is_hidden(model):
    net = model(9, 7, 16).eval()
    source = torch.tensor([[3, 4, 1]])
    first, second = (
        net.decode(net.encode(source), source, torch.tensor([[1, 3, last]]))[0] for last in (4, 5)
    )
    torch.testing.assert_close(first[:, :2], second[:, :2])
    assert not torch.equal(first[:, 2], second[:, 2])


def test_the_block_is_pytorchs():
    block = t.DecoderBlock(16, 4).eval()
    theirs = nn.TransformerDecoderLayer(16, 4, 32, 0.0, batch_first=True, norm_first=True).eval()
    theirs.self_attn, theirs.multihead_attn = block.own, block.cross
    theirs.norm1, theirs.norm2, theirs.norm3 = block.norms
    theirs.linear1, theirs.linear2 = block.up, block.down
    x, memory, filled = torch.randn(2, 3, 16), torch.randn(2, 5, 16), torch.zeros(2, 5).bool()
    mask = torch.ones(3, 3).triu(1).bool()
    torch.testing.assert_close(block(x, memory, filled)[0], theirs(x, memory, tgt_mask=mask))


def test_groups_are_never_divided():
    pairs = [(f"{n} {k}", str(n)) for n in range(30) for k in range(2)]
    test, train = t.split_groups(pairs, lambda pair: pair[1], (7,))
    assert len(test) == 8 and sorted(test + train) == sorted(pairs)
    assert not {b for _, b in test} & {b for _, b in train}


@pytest.mark.parametrize("make", [t.date_parts, t.open_parts, t.number_parts])
def test_no_test_source_stands_in_training(make):
    parts = make()
    train = {t.loose(pair) for pair in parts.pop("train")}
    for pairs in parts.values():
        assert not train & {t.loose(pair) for pair in pairs}


def test_a_run_is_recorded(monkeypatch, tmp_path, capsys):
    dates = [(f"May {n}, 2001", f"2001年5月{n}日") for n in range(1, 21)]
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    parts = {"train": dates, "test": dates[:2]}
    widths = {"recurrent": 16, "attention": 16}
    monkeypatch.setitem(t.TASKS, "numbers", (lambda: dict(parts), widths, 3))
    t.main(["--task", "numbers", "--seeds", "0", "--pairs", "10", "--record", "tiny"])
    runs = records.read("tiny").results["runs"]
    assert [run["kind"] for run in runs] == ["recurrent", "attention"]
    assert runs[0]["pairs"] == 10 and 0 <= runs[0]["test"]["exact"] <= 1
    assert len(runs[0]["test"]["texts"].split("\n")) == 2
    assert "recorded in tiny.json" in capsys.readouterr().out
