"""`utils.language`: the split, windows, the recipe, scoring and sampling; and `CopyingGPT`."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import data, language
from utils.models import GPT, CopyingGPT, GPTConfig, before, normed
from utils.runtime import seed_everything

TINY = GPTConfig(vocab_size=11, context_length=8, d_model=16, n_heads=2, n_layers=2)


@pytest.fixture(autouse=True, scope="module")
def house_settings():
    seed_everything(0)


def with_large_weights():
    net = CopyingGPT(TINY).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return net


# The network -------------------------------------------------------------------------------


def attention_written_out(layer, x):
    """One sequence, one head after another, one place after another; rotations as matrices."""
    T, C = x.shape
    Dh = C // layer.n_heads
    q, k, v = (x @ w.T for w in layer.qkv.weight.chunk(3))
    late = [torch.zeros(C, dtype=x.dtype), *k[:-1]]
    speeds = [10_000 ** -(n / (Dh // 4 - 1)) if n < Dh // 4 else 0.0 for n in range(Dh // 2)]

    def turned(y, t):
        y = y / (y.square().mean() + torch.finfo(x.dtype).eps).sqrt()
        out = y.clone()
        for n, speed in enumerate(speeds):
            cos, sin = math.cos(t * speed), math.sin(t * speed)
            out[n] = y[n] * cos - y[n + Dh // 2] * sin
            out[n + Dh // 2] = y[n] * sin + y[n + Dh // 2] * cos
        return out

    rows = []
    for t in range(T):
        heads = []
        for at in range(0, C, Dh):
            here = slice(at, at + Dh)
            scores = [
                turned(q[t, here], t) @ turned(late[s][here], s) * 1.5 / math.sqrt(Dh)
                for s in range(t + 1)
            ]
            heads.append(torch.stack(scores).softmax(0) @ v[: t + 1, here])
        rows.append(torch.cat(heads) @ layer.proj.weight.T)
    return torch.stack(rows)


def test_copying_attention_is_its_formula():
    net = CopyingGPT(TINY).double()
    x = torch.randn(6, 16, dtype=torch.float64)
    layer = CopyingGPT(GPTConfig(11, 8, 16, 1, 1)).double().blocks[0].attention
    layer.turns = layer.turns.double()
    for one in (layer, net.blocks[0].attention):
        torch.nn.init.normal_(one.qkv.weight, std=0.5)
    torch.testing.assert_close(
        layer(x[None])[0], attention_written_out(layer, x), rtol=1e-6, atol=1e-6
    )


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 7), max_size=4))
def test_a_cache_changes_nothing_however_the_tokens_arrive(cuts):
    net, idx, cache = with_large_weights(), torch.randint(11, (2, 8)), []
    edges = [0, *sorted(set(cuts)), 8]
    pieces = [net(idx[:, start:end], cache) for start, end in itertools.pairwise(edges)]
    torch.testing.assert_close(torch.cat(pieces, 1), net(idx), rtol=1e-9, atol=1e-9)


def test_the_future_is_hidden():
    net, idx = with_large_weights(), torch.randint(11, (1, 8))
    changed = idx.clone()
    changed[0, 5] = (idx[0, 5] + 1) % 11
    same = (net(idx) == net(changed)).all(2)[0]
    assert same[:5].all() and not same[5:].any()


def test_it_copies_before_it_is_trained():
    """After a token that stood once before, the likeliest next one is what followed it then."""
    net = CopyingGPT(GPTConfig(200, 64, 64, 2, 1))
    rows = torch.stack([torch.randperm(200)[:40] for _ in range(20)])
    asked = torch.randint(0, 39, (20,))
    repeated = rows[torch.arange(20), asked]
    idx = torch.cat([rows, repeated[:, None]], 1)
    guessed = net(idx)[:, -1].argmax(1)
    followed = rows[torch.arange(20), asked + 1]
    assert (guessed == followed).float().mean() > 0.8


def test_more_tokens_than_the_context_are_named():
    with pytest.raises(ValueError, match="reads 8 tokens at most; here come 9"):
        CopyingGPT(TINY)(torch.zeros(1, 9, dtype=torch.int64))


def test_before_moves_by_one_place_and_goes_on():
    x, cache = torch.randn(2, 5, 3), {}
    whole = before(x)
    assert (whole[:, 0] == 0).all() and torch.equal(whole[:, 1:], x[:, :-1])
    pieces = [before(part, cache, "x") for part in x.split([2, 1, 2], 1)]
    assert torch.equal(torch.cat(pieces, 1), whole)


def test_normed_has_a_mean_square_of_one():
    torch.testing.assert_close(normed(7 * torch.randn(4, 50)).square().mean(1), torch.ones(4))


# Text, windows -----------------------------------------------------------------------------


def test_every_file_is_in_one_part():
    parts = language.split_files([str(n) for n in range(10)])
    assert parts["test"] == ["0", "4", "8"] and parts["validation"] == ["1", "5", "9"]
    assert sorted(itertools.chain(*parts.values())) == [str(n) for n in range(10)]


def test_a_corpus_is_the_source_it_was_made_of():
    corpus = language.source_corpus(60_000, 300)
    texts = data.source(data.text.PACKAGES, budget=60_000).texts
    for part, kept in language.split_files(texts).items():
        assert corpus.tokenizer.decode(corpus.ids[part].tolist()) == "".join(kept)
        assert corpus.n_files[part] == len(kept)
        assert corpus.n_bytes[part] == len("".join(kept).encode())
    assert corpus.tokenizer.vocab_size == 300


def test_windows_follow_each_other():
    inputs, targets = language.token_windows(torch.arange(10), 3)
    assert inputs.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert torch.equal(targets, inputs + 1)
    with pytest.raises(ValueError, match="needs 4 ids; there are 3"):
        language.token_windows(torch.arange(3), 3)


# Training ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GPT, CopyingGPT])
def test_training_learns_a_repeating_text_and_resumes_exactly(kind, tmp_path):
    pair = language.token_windows(torch.arange(400) ** 2 % 11, 8)

    def train(epochs, seed, **options):
        torch.manual_seed(seed)
        net = kind(TINY)
        return net, language.train_language_model(net, pair, epochs, batch_size=10, **options)

    net, history = train(4, 0)
    assert history.train_losses[-1] < 0.6 * history.train_losses[0]

    class Interrupted(kind):
        def forward(self, idx, cache=None):
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == 13:
                raise InterruptedError
            return super().forward(idx, cache)

    torch.manual_seed(0)
    with pytest.raises(InterruptedError):
        language.train_language_model(
            Interrupted(TINY), pair, 4, batch_size=10, checkpoint=tmp_path / "run.safetensors"
        )
    again, resumed = train(4, 1, resume_from=tmp_path / "run.safetensors")
    assert resumed.step_losses == history.step_losses
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters()))


def test_the_optimizer_holds_every_parameter_once_and_clips():
    net = CopyingGPT(TINY)
    optimizer = language.language_optimizer(net, 1e-3, 2e-3)
    matrices, rest = (group["params"] for group in optimizer.param_groups)
    assert len(matrices) == 8 and all(p.dim() == 2 for p in matrices)
    assert {id(p) for p in matrices + rest} == {id(p) for p in net.parameters()}
    (100 * net(torch.randint(11, (2, 8)))).square().mean().backward()
    language.clip_gradients(optimizer)
    lengths = torch.stack([p.grad.norm() for p in net.parameters() if p.grad is not None])
    assert lengths.norm().item() == pytest.approx(1, rel=1e-3)


def test_the_loss_is_the_mean_over_tokens():
    logits, targets = torch.randn(3, 5, 11), torch.randint(11, (3, 5))
    expected = F.cross_entropy(logits.mT, targets)
    torch.testing.assert_close(language.token_loss(logits, targets), expected)


@pytest.mark.parametrize("kind", [GPT, CopyingGPT])
def test_the_model_of_the_chapter_is_built_and_trained_as_there(kind):
    corpus = language.source_corpus(20_000, 300)
    torch.manual_seed(3)
    net = kind(GPTConfig(300, 256, 64, 2, 2))
    torch.nn.init.normal_(net.token.weight, std=0.1)
    start = net.token.weight.detach().clone()
    pair = language.token_windows(corpus.ids["train"], 256)
    language.train_language_model(net, pair, 1, **language.RATES[kind])
    again = language.trained_model(corpus, kind, seed=3, epochs=1)
    assert not torch.equal(start, again.token.weight)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters()))
    with pytest.raises(ValueError, match=r"4\.3 trains CopyingGPT and GPT"):
        language.trained_model(corpus, torch.nn.Linear)


# Scoring, sampling -------------------------------------------------------------------------


def test_a_token_is_scored_with_half_a_window_before_it():
    net, ids = with_large_weights(), torch.randint(11, (41,))
    losses, places = language.losses_in_context(net, ids, 8, rows=3)
    assert places.tolist() == list(range(5, 41))
    for place, loss in zip(places.tolist(), losses):
        start = (place - 5) // 4 * 4
        logits = net(ids[None, start:place])[0, -1]
        assert loss.item() == pytest.approx(F.cross_entropy(logits, ids[place]).item(), rel=1e-9)


def test_bits_of_uniform_bytes():
    assert language.bits_per_byte(math.log(256), 1000, 1000) == pytest.approx(8)
    assert language.bits_per_byte(2 * math.log(256), 500, 1000) == pytest.approx(8)


def test_temperature_and_the_k_best():
    logits = torch.tensor([1.0, 3.0, 2.0])
    torch.testing.assert_close(language.next_probs(logits), logits.softmax(0))
    torch.testing.assert_close(language.next_probs(logits, 0.5), (2 * logits).softmax(0))
    torch.testing.assert_close(language.next_probs(logits, k=1), torch.tensor([0.0, 1.0, 0.0]))


@pytest.mark.parametrize("kind", [GPT, CopyingGPT])
def test_text_goes_on_equally_with_a_cache_and_without(kind):
    net, prompt = kind(TINY), [1, 2, 3]
    written = language.continue_text(net, prompt, 5)
    assert written[:3] == prompt and len(written) == 8
    assert language.continue_text(net, prompt, 5, has_cache=False) == written
    draws = [
        language.continue_text(net, prompt, 5, torch.Generator().manual_seed(7), has_cache=on, k=4)
        for on in (True, False)
    ]
    assert draws[0] == draws[1]
