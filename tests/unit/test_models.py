"""`utils.models`: each model against an independent one, its shapes, and what it refuses."""

import itertools
import re

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from utils.models import (
    GPT,
    VAE,
    AttentionReader,
    AutoEncoder,
    CausalSelfAttention,
    ConvNet,
    GPTConfig,
    RecurrentReader,
    dense_layers,
    elbo_terms,
    gpt2_weights,
    open_forget_gate,
)
from utils.runtime import seed_everything


@pytest.fixture(autouse=True, scope="module")
def house_settings():
    seed_everything(0)


@pytest.mark.parametrize(
    ("image_size", "padding", "n_parameters"),
    [(28, 1, 421_642), (28, 0, 225_034), (8, 1, 53_002)],  # 64·7·7, 64·5·5 and 64·2·2 features
)
def test_both_mends_have_the_parameters_computed_by_hand(image_size, padding, n_parameters):
    net = ConvNet(image_size, padding)
    assert sum(p.numel() for p in net.parameters()) == n_parameters
    assert net(torch.zeros(2, 1, image_size, image_size)).shape == (2, 10)


def test_forward_is_the_documents_order_of_layers():
    net = ConvNet()
    x = torch.randn(3, 1, 28, 28)
    y = F.relu(F.conv2d(x, net.conv1.weight, net.conv1.bias, padding=1))
    y = F.relu(F.conv2d(F.max_pool2d(y, 2), net.conv2.weight, net.conv2.bias, padding=1))
    y = F.max_pool2d(y, 2).reshape(3, 64 * 7 * 7)
    expected = F.relu(y @ net.fc1.weight.T + net.fc1.bias) @ net.fc2.weight.T + net.fc2.bias
    torch.testing.assert_close(net(x), expected)


@settings(max_examples=25, deadline=None)
@given(
    image_size=st.integers(4, 40),
    padding=st.integers(0, 2),
    n=st.integers(0, 3),
    n_classes=st.integers(1, 12),
)
def test_every_size_with_a_pixel_left_gives_one_row_per_image(image_size, padding, n, n_classes):
    try:
        net = ConvNet(image_size, padding, n_classes)
    except ValueError:
        assert ((image_size + 2 * padding - 2) // 2 + 2 * padding - 2) // 2 < 1
    else:
        assert net(torch.zeros(n, 1, image_size, image_size)).shape == (n, n_classes)


def test_images_do_not_mix_in_a_batch():
    net = ConvNet(8)
    x = torch.randn(5, 1, 8, 8)
    changed = x.clone()
    changed[3] += 1.0
    same = [i for i in range(5) if torch.allclose(net(x)[i], net(changed)[i], atol=1e-6)]
    assert same == [0, 1, 2, 4]


@pytest.mark.parametrize("shape", [(2, 1, 27, 28), (2, 3, 28, 28), (1, 28, 28), (2, 784)])
def test_another_shape_is_named(shape):
    with pytest.raises(ValueError, match=re.escape(f"these are {shape}")):
        ConvNet()(torch.zeros(shape))


def test_an_image_too_small_for_two_pools_is_named():
    with pytest.raises(ValueError, match="Nothing is left of a 3x3 image"):
        ConvNet(3, padding=0)


def test_without_padding_the_last_two_rows_and_columns_are_never_seen():
    """Both pools round down: 28 and 26 pixels give the same function, which saves work."""
    large, small = ConvNet(28, padding=0), ConvNet(26, padding=0)
    small.load_state_dict(large.state_dict())
    x = torch.randn(4, 1, 28, 28)
    torch.testing.assert_close(small(x[..., :26, :26]), large(x))


# GPT --------------------------------------------------------------------------------------

TINY = GPTConfig(vocab_size=11, context_length=8, d_model=12, n_heads=3, n_layers=2)


def with_large_weights(config=TINY):
    """A network whose attention is far from uniform and whose biases are not zero."""
    net = GPT(config).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return net


def as_gpt2(net):
    """The same weights in the reference implementation, which stores matrices transposed."""
    c = net.config
    sizes = {"n_positions": c.context_length, "n_embd": c.d_model, "n_head": c.n_heads}
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    config = GPT2Config(vocab_size=c.vocab_size, n_layer=c.n_layers, **sizes, **ends)
    reference = GPT2LMHeadModel(config).double().eval()
    reference.load_state_dict(gpt2_weights(net))
    return reference


def test_gpt_is_gpt2():
    net, idx = with_large_weights(), torch.randint(11, (3, 8))
    ours, theirs = net(idx), as_gpt2(net)(idx).logits
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_gpt_at_gpt2s_settings_has_its_size():
    with torch.device("meta"):
        net = GPT(GPTConfig(50257, 1024, 768, 12, 12))
    assert sum(p.numel() for p in net.parameters()) == 124_439_808


def test_the_future_is_hidden():
    net = with_large_weights()
    embedded = torch.randn(1, 6, 12, dtype=torch.float64, requires_grad=True)
    net.blocks[0](embedded)[0, 2].sum().backward()
    assert (embedded.grad[0, :3].abs().sum(1) > 0).all()
    assert (embedded.grad[0, 3:] == 0).all()


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 7), max_size=4))
def test_a_cache_changes_nothing_however_the_tokens_arrive(cuts):
    net, idx, cache = with_large_weights(), torch.randint(11, (2, 8)), []
    edges = [0, *sorted(set(cuts)), 8]
    pieces = [net(idx[:, start:end], cache) for start, end in itertools.pairwise(edges)]
    torch.testing.assert_close(torch.cat(pieces, 1), net(idx), rtol=1e-9, atol=1e-9)
    assert cache[0][0].shape == (2, 3, 8, 4)


def test_a_new_gpt_guesses_about_evenly():
    idx, targets = torch.randint(256, (2, 8, 64))
    loss = F.cross_entropy(GPT(GPTConfig())(idx).mT, targets)
    assert loss.item() == pytest.approx(5.545, abs=0.1)  # ln 256


@pytest.mark.parametrize("past", [0, 5])
def test_more_tokens_than_the_context_are_named(past):
    net, cache = GPT(TINY), []
    if past:
        net(torch.zeros(1, past, dtype=torch.long), cache)
    with pytest.raises(ValueError, match="8 tokens at most; here come 9"):
        net(torch.zeros(1, 9 - past, dtype=torch.long), cache)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"n_heads": 5}, "5 heads share the width evenly; d_model=64"),
        ({"n_layers": 0}, "n_layers is a positive whole number; this is 0"),
        ({"d_model": 64.0}, "d_model is a positive whole number; this is 64.0"),
        ({"vocab_size": True}, "vocab_size is a positive whole number; this is True"),
    ],
)
def test_a_bad_size_is_named(wrong, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        GPTConfig(**wrong)


def test_attention_needs_no_cache():
    attention = CausalSelfAttention(TINY)
    assert attention(torch.zeros(2, 5, 12)).shape == (2, 5, 12)


# Autoencoders -----------------------------------------------------------------------------


def test_dense_layers_are_affine_maps_with_relu_between():
    layers = dense_layers((5, 4, 3))
    x = torch.randn(6, 5)
    hidden = F.relu(x @ layers[0].weight.T + layers[0].bias)
    torch.testing.assert_close(layers(x), hidden @ layers[2].weight.T + layers[2].bias)
    assert len(dense_layers((5, 4))) == 1


@settings(max_examples=20, deadline=None)
@given(
    input_dim=st.integers(1, 9),
    d_code=st.integers(1, 12),
    hidden=st.lists(st.integers(1, 6), max_size=3),
    output=st.sampled_from(["sigmoid", "linear"]),
)
def test_an_autoencoder_is_its_two_halves(input_dim, d_code, hidden, output):
    net = AutoEncoder(input_dim, d_code, hidden, output)
    widths = [input_dim, *hidden, d_code]
    both = [*itertools.pairwise(widths), *itertools.pairwise(widths[::-1])]
    assert sum(p.numel() for p in net.parameters()) == sum(m * n + n for m, n in both)
    x = torch.randn(3, input_dim)
    z = net.encode(x)
    assert z.shape == (3, d_code)
    torch.testing.assert_close(net(x), net.decode(z))
    inside = bool(((net(x) >= 0) & (net(x) <= 1)).all())
    assert inside or output == "linear"


def test_an_autoencoder_gives_images_back_as_images():
    assert AutoEncoder(64, 2)(torch.zeros(5, 1, 8, 8)).shape == (5, 1, 8, 8)


def test_without_hidden_layers_an_autoencoder_is_affine():
    net = AutoEncoder(6, 2, hidden=(), output="linear")
    a, b = torch.randn(2, 4, 6)
    torch.testing.assert_close(net(0.3 * a + 0.7 * b), 0.3 * net(a) + 0.7 * net(b))


def test_an_autoencoder_names_what_it_does_not_take():
    with pytest.raises(ValueError, match="'sigmoid' or 'linear'; this is 'relu'"):
        AutoEncoder(output="relu")
    with pytest.raises(ValueError, match="has 784 numbers; these have 64"):
        AutoEncoder()(torch.zeros(2, 64))


def test_a_vae_draws_around_its_mean_and_decodes_to_probabilities():
    net = VAE(6, 2, hidden=(5,))
    x = torch.rand(4, 6)
    torch.manual_seed(3)
    logits, mean, log_var = net(x)
    torch.manual_seed(3)
    z = torch.distributions.Normal(mean, (log_var / 2).exp()).sample()
    torch.testing.assert_close(logits.sigmoid(), net.decode(z))
    assert mean.shape == log_var.shape == (4, 2)
    torch.testing.assert_close(torch.cat([mean, log_var], 1), net.encoder(x))


def test_the_terms_of_the_bound_are_torchs():
    logits, mean, log_var = torch.randn(5, 7), torch.randn(5, 3), torch.randn(5, 3)
    x = torch.randint(2, (5, 7)).float()
    fit, rate = elbo_terms((logits, mean, log_var), x)
    bernoulli = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(1)
    torch.testing.assert_close(fit, bernoulli)
    normal = torch.distributions.Normal(mean, (log_var / 2).exp())
    prior = torch.distributions.Normal(torch.zeros(3), torch.ones(3))
    torch.testing.assert_close(rate, torch.distributions.kl_divergence(normal, prior))


def test_a_vae_takes_images_and_names_another_size():
    fit, rate = elbo_terms(VAE(64, 2)(torch.rand(3, 1, 8, 8)), torch.rand(3, 1, 8, 8))
    assert fit.shape == (3,) and rate.shape == (3, 2)
    with pytest.raises(ValueError, match="has 784 numbers; these have 64"):
        VAE()(torch.zeros(2, 64))


# Readers of sequences -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_recurrent_reader_scores_from_its_last_state(kind):
    reader, idx = RecurrentReader(kind, 5), torch.randint(9, (3, 7))
    last = reader.cell(reader.embedding(idx))[0][:, -1]
    torch.testing.assert_close(reader(idx), last @ reader.head.weight.T + reader.head.bias)
    assert reader(idx).shape == (3, 8)


def test_attention_of_a_reader_is_torchs():
    reader, idx = AttentionReader(6, 10), torch.randint(9, (3, 7))
    x = reader.embedding(idx) + reader.positions[:7]
    found = F.scaled_dot_product_attention(reader.query(x[:, -1:]), reader.key(x), reader.value(x))
    torch.testing.assert_close(reader(idx), reader.head(found[:, 0]))


def test_only_positions_tell_a_reader_the_order():
    idx = torch.tensor([[1, 2, 3, 4, 8], [4, 2, 1, 3, 8]])  # the same symbols, the same last one
    plain, placed = AttentionReader(6, 5, has_positions=False), AttentionReader(6, 5)
    torch.testing.assert_close(plain(idx)[0], plain(idx)[1])
    assert not torch.allclose(placed(idx)[0], placed(idx)[1])


def test_an_opened_forget_gate_forgets_what_its_bias_says():
    reader = open_forget_gate(RecurrentReader("LSTM", 4), 3.0)
    nn.init.zeros_(reader.cell.weight_hh_l0)
    nn.init.zeros_(reader.cell.weight_ih_l0)
    c = torch.ones(1, 1, 4, requires_grad=True)
    _, (_, after) = reader.cell(torch.zeros(1, 6, 16), (torch.zeros(1, 1, 4), c))
    (grad,) = torch.autograd.grad(after.sum(), c)
    torch.testing.assert_close(grad, torch.sigmoid(torch.tensor(3.0)).expand(1, 1, 4) ** 6)


def test_only_an_lstm_has_a_forget_gate_to_open():
    with pytest.raises(ValueError, match="not a GRU"):
        open_forget_gate(RecurrentReader("GRU", 4), 3.0)
