"""The recorded students of 7.2.3, on a tiny text."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from utils import records
from utils.fullscale import distilled
from utils.language import Corpus, token_windows
from utils.measure import parameters
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything
from utils.text import train_bpe


@pytest.fixture
def corpus():
    seed_everything(0)
    row = torch.tensor([97, 98, 99, 100] * 400)
    return Corpus(
        train_bpe(["ab"], 256), dict.fromkeys(("train", "validation", "test"), row), {}, {}
    )


def test_the_soft_loss_is_the_divergence_times_the_squared_temperature():
    student, teacher = torch.randn(2, 2, 3, 5, dtype=torch.float64)
    for T in (1.0, 3.0):
        p, q = (teacher / T).softmax(-1), (student / T).softmax(-1)
        by_hand = T**2 * (p * (p / q).log()).sum(-1).mean()
        torch.testing.assert_close(distilled.soft_loss(student, teacher, T), by_hand)
    assert distilled.soft_loss(teacher, teacher, 2.0).abs() < 1e-12


def test_a_student_follows_its_targets(corpus):
    inputs, labels = token_windows(corpus.ids["train"], distilled.CONTEXT)
    other = (labels + 1) % 256  # a teacher that is sure of something else than the text
    logits = 20.0 * F.one_hot(other, 256)
    by_text, _ = distilled.taught(corpus, None, 20, 0)
    by_teacher, _ = distilled.taught(corpus, logits, 20, 0, share=1.0)
    with torch.no_grad():
        assert torch.equal(by_text(inputs)[:, 128:].argmax(-1), labels[:, 128:])
        assert torch.equal(by_teacher(inputs)[:, 128:].argmax(-1), other[:, 128:])


def test_a_run_is_recorded(corpus, tmp_path, monkeypatch):
    teacher = CopyingGPT(GPTConfig(256, distilled.CONTEXT, 16, 2, 1))
    monkeypatch.setattr(distilled, "source_corpus", lambda: corpus)
    monkeypatch.setattr(distilled, "trained_model", lambda corpus, kind: teacher)
    monkeypatch.setattr(distilled, "PASSES", (1, 2))
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    distilled.main(["--record", "--seeds", "0", "1"])
    record = records.read("distilled", tmp_path)
    assert record.results["teacher"]["parameters"] == parameters(teacher)
    for name in ("text, 1 passes", "teacher, 2 passes"):
        assert [run["seed"] for run in record.results[name]] == [0, 1]
    trials = record.settings["trials"]
    assert len(trials) == len(distilled.RATES) + len(distilled.CHOICES)
    assert tuple(record.settings["rates"]) in distilled.RATES
    assert isinstance(distilled.small_student(corpus, 0), nn.Module)
