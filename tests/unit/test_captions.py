"""`utils.fullscale.captions` on a handful of scenes: the grammar, the parts, a few steps, a run."""

import pytest
import torch

from utils import data, records
from utils.fullscale import captions as c
from utils.runtime import seed_everything


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


@pytest.fixture(scope="module")
def scenes():
    return data.scenes(40, most=2)


def test_the_grammar_holds_every_sentence_once(scenes):
    grammar = c.all_captions()
    assert len(grammar) == len(set(grammar)) == 880
    assert set(scenes.captions) <= set(grammar)
    assert max(len(caption.split()) for caption in grammar) + 1 == c.LENGTH[2]


def test_three_digits_fit_the_length():
    longest = max(len(caption.split()) for caption in data.scenes(40, most=3).captions)
    assert longest + 1 == c.LENGTH[3]


def test_captions_survive_being_numbered(scenes):
    words = c.caption_words(scenes.captions)
    assert words[0] == "<end>"
    read, written = c.caption_numbers(scenes.captions, words, 9)
    assert c.caption_texts(written.clamp(min=0), words) == list(scenes.captions)
    assert (read[:, 0] == 0).all()
    kept = written[:, :-1] >= 0
    assert torch.equal(read[:, 1:][kept], written[:, :-1][kept])


@pytest.mark.parametrize("view", ["map", "code", "start", "blind"])
def test_word_by_word_equals_the_whole_sentence(scenes, view):
    model = c.Captioner(24, view).eval()
    state, cells = model.eye(scenes.x[:3])
    read = torch.randint(24, (3, 5))
    steps = []
    for t in range(5):
        logits, state, weights = model.pen(read[:, t : t + 1], state, cells)
        steps.append(logits)
        torch.testing.assert_close(weights.sum(-1), torch.ones(3, 1))
    torch.testing.assert_close(torch.cat(steps, 1), model(scenes.x[:3], read))


def test_the_blind_one_sees_nothing_and_the_others_do(scenes):
    read = torch.zeros(2, 3, dtype=torch.long)
    for view in ("map", "code", "start", "blind"):
        one, other = c.Captioner(24, view).eval()(scenes.x[:2], read)
        assert torch.equal(one, other) == (view == "blind")


def test_nats_add_up_what_is_written(scenes):
    words = c.caption_words(c.all_captions())
    model = c.Captioner(len(words)).eval()
    read, written = c.caption_numbers(scenes.captions[:2], words, 9)
    logs = model(scenes.x[:2], read).log_softmax(-1)
    expected = [
        -sum(logs[n, t, w] for t, w in enumerate(row.tolist()) if w >= 0)
        for n, row in enumerate(written)
    ]
    torch.testing.assert_close(
        c.caption_nats(model, scenes.x[:2], read, written), torch.stack(expected)
    )


@pytest.mark.parametrize("way", [*c.WAYS])
def test_a_run_of_two_steps_is_scored(way, monkeypatch):
    small = data.scenes
    monkeypatch.setattr(data, "scenes", lambda n, **options: small(min(n, 64), **options))
    result = c.caption_run(way, most=2, n=64, seed=0)
    assert result["way"] == way
    assert 0 <= result["test"]["exact"] <= 1
    assert result["test"]["nats"] > 0


def test_training_lowers_the_loss(scenes):
    words = c.caption_words(scenes.captions)
    pair = c.caption_numbers(scenes.captions, words, 9)
    model = c.Captioner(len(words))
    losses = c.train_captioner(model, scenes.x, *pair, epochs=15)
    assert losses[-1] < losses[0]
    assert not model.training


def test_the_record_is_written_when_asked(monkeypatch, tmp_path):
    result = {"way": "map", "seed": 0, "losses": [1.0], "test": {"exact": 0.5}}
    monkeypatch.setattr(c, "caption_run", lambda *_: result)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    c.main(["--ways", "map", "--seeds", "0", "--scenes", "64", "--record", "captions"])
    record = records.read("captions", tmp_path)
    assert record.results["runs"] == [result]
    assert record.command.endswith('--seeds 0 --ways "map"')
