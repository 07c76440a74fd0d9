"""The recorded runs of 4.3 on tiny texts: Shakespeare in turns, variants, two processes."""

import math
import subprocess

import pytest
import torch
from torch import nn

from utils import data, records
from utils.fullscale import copying, processes, shakespeare
from utils.language import Corpus, token_loss, token_windows
from utils.measure import parameters
from utils.models import GPT, CopyingAttention, GPTConfig
from utils.runtime import seed_everything
from utils.text import train_bpe

KINDS = CopyingAttention, copying.PunctualAttention

MODEL = """
import torch
from dataclasses import dataclass
from torch import nn

@dataclass
class GPTConfig:
    vocab_size: int
    dropout: float
    bias: bool
    n_layer: int
    n_head: int
    n_embd: int
    block_size: int

class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.table = nn.Embedding(config.vocab_size, config.vocab_size)

    def forward(self, idx, targets):
        logits = self.table(idx)
        return logits, nn.functional.cross_entropy(logits.flatten(0, 1), targets.view(-1))

    def configure_optimizers(self, weight_decay, rate, betas, device):
        return torch.optim.AdamW(self.parameters(), rate, betas, weight_decay=weight_decay)
"""


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


@pytest.fixture
def tiny_text(monkeypatch):
    text = "to be or not to be, " * 250
    monkeypatch.setattr(data, "load", lambda name: text)
    return text


@pytest.fixture
def clone(tmp_path):
    """A repository with a `model.py` of nanoGPT's interface."""
    (tmp_path / "model.py").write_text(MODEL)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@y"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def test_parts_are_nine_tenths_and_one_and_tuning_leaves_the_last_alone(tiny_text):
    train, validation, V = shakespeare.characters()
    assert (len(train), len(validation), V) == (4500, 500, len(set(tiny_text)))
    inner, held_out, _ = shakespeare.characters(tune=True)
    assert torch.equal(torch.cat([inner, held_out]), train) and len(held_out) == 500


def test_the_rate_rises_and_falls_to_a_tenth():
    settings = shakespeare.Reference()
    rates = [shakespeare.reference_rate(settings, step) for step in range(settings.iterations)]
    assert rates[0] == pytest.approx(1e-3 / 101) and rates[100] == pytest.approx(1e-3)
    assert max(rates) == rates[100] and rates[-1] == pytest.approx(1e-4, rel=1e-3)


def test_both_scores_are_means_over_characters():
    table, ids = nn.Embedding(5, 5), torch.randint(5, (64 * 300 + 1,))
    with torch.no_grad():
        whole = token_loss(table(ids[None, :-1]), ids[None, 1:]).item()
        assert shakespeare.exact_loss(table, ids) == pytest.approx(whole, rel=1e-5)
        assert shakespeare.random_loss(table, ids, 0) == pytest.approx(whole, rel=0.02)
    assert shakespeare.random_loss(table, ids, 0) == shakespeare.random_loss(table, ids, 0)


def test_both_train_in_turns_and_are_recorded(tiny_text, clone, tmp_path, monkeypatch):
    small = shakespeare.Ours(d_model=16, n_layers=1, iterations=80, batch_size=4, warmup=2)
    monkeypatch.setattr(shakespeare, "Ours", lambda: small)
    reference = shakespeare.Reference(iterations=8, warmup=2)
    monkeypatch.setattr(shakespeare, "Reference", lambda: reference)
    monkeypatch.setattr(records, "FOLDER", tmp_path / "results")
    shakespeare.main(["--nanogpt", str(clone), "--record", "--seeds", "0", "1"])
    results = records.read("shakespeare", tmp_path / "results").results
    for name, steps in (("nanogpt", 8), ("ours", 80)):
        for seed, run in enumerate(results[name]):
            assert run["seed"] == seed
            assert [point["iterations"] for point in run["curve"]] == [
                steps * n // 4 for n in range(1, 5)
            ]
            assert run["curve"][-1]["validation_loss"] == run["validation_loss"]
    assert results["ours"][0]["validation_loss"] < math.log(10)  # over one pass of its windows
    assert results["ngram"]["8"] < 0.1
    assert len(results["cpu_seconds_ratio"]["per_seed"]) == 2


def test_a_record_needs_the_reference():
    with pytest.raises(SystemExit):
        shakespeare.main(["--record"])
    with pytest.raises(ValueError, match="A window of 64 needs 65 ids"):
        token_windows(torch.arange(64), shakespeare.T)


# The other two records of the chapter -------------------------------------------------------


def test_a_variant_lacks_its_part():
    nets = {name: copying.variant_network(v, 300) for name, v in copying.VARIANTS.items()}
    count = {name: parameters(net) for name, net in nets.items()}
    assert count["copying GPT"] - count["no mixing"] == 2 * 2 * 64
    assert count["copying GPT"] - count["whole stream"] == 64
    assert count["copying GPT"] == count["keys not late"] == count["usual start"]
    block = nets["copying GPT"].blocks[0].attention
    query, key, value = block.qkv.weight.chunk(3)
    assert torch.equal(query, key)
    torch.testing.assert_close(block.proj.weight @ value, torch.eye(64), rtol=0, atol=1e-5)
    assert (nets["none of the four"].blocks[1].attention.proj.weight == 0).all()
    assert (nets["whole stream"].own == 0).all() and (nets["usual start"].own == 1).all()
    assert type(nets["GPT"]) is GPT


def test_punctual_keys_are_those_of_the_place():
    late, punctual = (kind(GPTConfig(9, 8, 16, 2, 1)) for kind in KINDS)
    punctual.load_state_dict(late.state_dict())
    x = torch.zeros(1, 5, 16)
    x[:, 0] = torch.randn(16)
    assert late(x)[:, 0].allclose(punctual(x)[:, 0], atol=1e-6)  # one value to choose from
    k = torch.randn(1, 5, 16)
    assert torch.equal(late.late(k, None)[:, 1:], k[:, :-1])
    assert torch.equal(punctual.late(k, None), k)


def test_a_variant_is_trained_and_scored():
    tokenizer = train_bpe(["ab"], 256)
    row = torch.tensor([97, 98, 99, 100] * 300)
    corpus = Corpus(tokenizer, {"train": row, "test": row}, {}, {})
    for variant in (copying.Variant(epochs=20), copying.Variant(**copying.GPT2, epochs=30)):
        result = copying.train_variant(variant, corpus, seed=3)
        assert result["seed"] == 3 and result["test_loss"] < 1


def test_losses_of_processes_are_those_of_training(monkeypatch):
    corpus = Corpus(train_bpe(["ab"], 256), {"train": torch.arange(2000) % 7}, {}, {})
    monkeypatch.setattr(processes, "source_corpus", lambda: corpus)
    losses = processes.first_losses(n_windows=4, batch_size=2)
    assert len(losses) == 2 and losses == processes.first_losses(n_windows=4, batch_size=2)
