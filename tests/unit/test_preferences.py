"""Learning from preferences: the parts, and the recorded study on a tiny network."""

import itertools
import math

import pytest
import torch
from torch import nn

from utils import preferences, records
from utils.fullscale import preferences as study
from utils.language import Corpus, continue_text
from utils.models import CopyingGPT, GPTConfig
from utils.runtime import seed_everything
from utils.text import train_bpe


@pytest.fixture
def corpus():
    seed_everything(0)
    tokenizer = train_bpe(["ab"], 256)
    ids = torch.tensor(tokenizer.encode("a bc def\n" * 200))
    parts = ("train", "validation", "test")
    return Corpus(tokenizer, dict.fromkeys(parts, ids), {}, {})


@pytest.fixture
def net(corpus):
    return CopyingGPT(GPTConfig(256, 256, 16, 2, 1))


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_words_that_come_twice_count_once(corpus):
    assert preferences.different_words("a b\n a  b c") == 3
    answers = torch.tensor([corpus.tokenizer.encode("a b a"), corpus.tokenizer.encode("aaaaa")])
    assert preferences.rewards(corpus.tokenizer, answers).tolist() == [1.0, 0.5]


def test_prompts_end_where_lines_end(corpus, generator):
    prompts = preferences.line_prompts(corpus, "test", 50, generator)
    assert prompts.shape == (50, preferences.LENGTH)
    assert (prompts[:, -1] == 10).all()
    with pytest.raises(ValueError, match="ask for less"):
        preferences.line_prompts(corpus, "test", 500, generator)


def test_writing_in_a_batch_follows_the_probabilities(net, generator):
    prompts = torch.randint(256, (1, 5), generator=generator).repeat(4000, 1)
    first = preferences.write(net, prompts, generator, n=1)[:, 0]
    expected = net(prompts[:1])[0, -1].softmax(0)
    found = first.bincount(minlength=256) / 4000
    assert (found - expected).abs().max() < 4 * (expected.max() / 4000).sqrt()


def test_log_prob_is_that_of_the_tokens_one_by_one(net, generator):
    prompt, answer = torch.randint(256, (1, 9), generator=generator).split((5, 4), 1)
    row, total = prompt, 0.0
    for token in answer[0]:
        total += net(row)[0, -1].log_softmax(0)[token]
        row = torch.cat([row, token.view(1, 1)], 1)
    torch.testing.assert_close(preferences.log_prob(net, prompt, answer)[0], total)
    assert len(continue_text(net, prompt[0].tolist(), 4)) == 9  # the same network writes one by one


def test_divergence_is_the_mean_log_ratio(net, generator):
    torch.manual_seed(1)
    other = CopyingGPT(net.config)
    prompts = torch.randint(256, (1, 4), generator=generator).repeat(2000, 1)
    answers = preferences.write(net, prompts, generator, n=3)
    exact = preferences.divergence(net, other, prompts, answers)
    with torch.no_grad():
        ratios = [preferences.log_prob(one, prompts, answers) for one in (net, other)]
    sampled = ratios[0] - ratios[1]
    error = sampled.std() / math.sqrt(2000)
    assert abs(exact.mean() - sampled.mean()) < 4 * error
    assert preferences.divergence(net, net, prompts[:2], answers[:2]).abs().max() < 1e-5


def test_the_fitted_reward_has_no_slope_left(generator):
    d = torch.randn(200, 3, generator=generator).double()
    w = preferences.fit_reward(d, penalty=0.01).double().requires_grad_()
    loss = -nn.functional.logsigmoid(d @ w).mean() + 0.005 * w.square().sum()
    assert torch.autograd.grad(loss, w)[0].abs().max() < 1e-6


def test_labels_prefer_the_better_as_often_as_they_should(generator):
    a, b = torch.ones(4000, 1), torch.zeros(4000, 1)
    pairs = preferences.labelled(a, a, b, torch.full((4000,), 1.0), generator)
    share = pairs.chosen.mean().item()
    assert abs(share - 1 / (1 + math.exp(-1))) < 0.03
    assert torch.equal(pairs.chosen + pairs.rejected, a)


def test_best_of_n_is_the_mean_over_all_choices(generator):
    judged, worth = torch.randn(2, 3, 6, generator=generator).double()
    for n in (1, 2, 4, 6):
        choices = torch.tensor(list(itertools.combinations(range(6), n)))
        seen = judged[:, choices]  # (3, choices, n)
        taken = worth[:, choices].gather(2, seen.argmax(2, keepdim=True))[..., 0].mean(1)
        torch.testing.assert_close(preferences.best_of_drawn(n, judged, worth), taken)


def test_dpo_starts_at_log_two_and_learns_the_pairs(corpus, net, generator):
    torch.testing.assert_close(
        preferences.dpo_loss(torch.zeros(3), torch.zeros(3), 0.1), torch.tensor(math.log(2))
    )
    prompts = preferences.line_prompts(corpus, "train", 16, generator)
    a, b = torch.full((16, 4), 97), torch.full((16, 4), 98)
    pairs = preferences.Pairs(prompts, a, b)
    loss = preferences.preference_loss(pairs, preferences.known(net, pairs), 0.5)
    optimizer = preferences.gentle_optimizer(net, (1e-3, 3e-3))
    losses = preferences.tune(net, loss, 16, optimizer, generator, epochs=5)
    assert losses[0] == pytest.approx(math.log(2), abs=1e-5)
    assert losses[-1] < 0.6


def test_a_study_is_recorded(corpus, net, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "source_corpus", lambda: corpus)
    monkeypatch.setattr(study, "trained_model", lambda corpus, kind: net)
    monkeypatch.setattr(study, "BETAS", (0.3,))
    monkeypatch.setattr(study, "RATES", study.RATES[:2])
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    sizes = study.Sizes(16, 16, 8, 4, 4, 2, 4, 1, 600)
    study.main(["--record", "--seeds", "0", "1"], sizes)
    record = records.read("preferences", tmp_path)
    assert record.settings["pairs"] == 16
    for name in ("reward model", "reference", "dpo 0.3", "imitation", "best of 4"):
        assert [run["seed"] for run in record.results[name]] == [0, 1]
    assert record.results["reference"][0]["kl"] == pytest.approx(0, abs=1e-4)
    ordered = [record.results[f"best of {n}"][0]["words"] for n in (1, 2, 4)]
    assert ordered == sorted(ordered)
    assert record.results["against the proxy"][0]["step"] == [0, 1, 2]
