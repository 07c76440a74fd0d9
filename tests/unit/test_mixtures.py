"""Mixtures of experts: routing, the layer, its balance, and a network of such layers."""

import pytest
import torch
import torch.nn.functional as F

from utils.mixtures import Experts, balance_loss, load_shares, mixture_gpt, pick_experts
from utils.models import CopyingGPT, GPTConfig

CONFIG = GPTConfig(50, 16, 8, 2, 2)


def filled(layer):
    torch.manual_seed(1)
    for p in layer.parameters():
        torch.nn.init.normal_(p)
    return layer.double()


def test_weights_sum_to_one_where_they_are_renormalised():
    probs = torch.tensor([[0.5, 0.1, 0.3, 0.1]])
    weights, chosen = pick_experts(probs, 2)
    assert chosen.tolist() == [[0, 2]]
    torch.testing.assert_close(weights, torch.tensor([[0.625, 0.375]]))
    assert pick_experts(probs, 1, is_renormalised=False)[0].item() == 0.5


@pytest.mark.parametrize("top_k", [0, 5])
def test_experts_that_do_not_exist_cannot_be_picked(top_k):
    with pytest.raises(ValueError, match="From 4 experts"):
        pick_experts(torch.full((1, 4), 0.25), top_k)


@pytest.mark.parametrize("top_k", [1, 2, 4])
def test_the_grouped_layer_is_the_sum_over_picked_experts(top_k):
    layer = filled(Experts(6, 5, 4, top_k))
    x = torch.randn(3, 7, 6, dtype=torch.float64)
    probs = (x @ layer.router.weight.T).softmax(-1)
    hidden = F.relu(torch.einsum("...c,efc->...ef", x, layer.up.view(4, 5, 6))).square()
    every = torch.einsum("...ef,ecf->...ec", hidden, layer.down.view(4, 6, 5))
    kept = probs * (probs >= probs.topk(top_k).values[..., -1:])
    kept = kept / kept.sum(-1, keepdim=True) if top_k > 1 else kept
    torch.testing.assert_close(layer(x), (kept[..., None] * every).sum(-2))
    assert layer.chosen.shape == (21, top_k)


def test_balance_is_one_when_balanced_and_more_when_not():
    even = torch.full((8, 4), 0.25)
    assert balance_loss(even, torch.arange(8)[:, None] % 4).item() == pytest.approx(1)
    sure = F.one_hot(torch.zeros(8, dtype=torch.long), 4).float()
    assert balance_loss(sure, torch.zeros(8, 1, dtype=torch.long)).item() == pytest.approx(4)
    assert load_shares(torch.tensor([[0, 1], [0, 2]]), 4).tolist() == [0.5, 0.25, 0.25, 0]


def test_with_one_expert_the_network_is_the_dense_one():
    torch.manual_seed(0)
    dense, mixture = CopyingGPT(CONFIG), mixture_gpt(CONFIG, 32, 1, 1)
    names = {"up.weight": "experts.up", "down.weight": "experts.down"}
    state = mixture.state_dict()
    for name, value in dense.state_dict().items():
        for old, new in names.items():
            name = name.replace(old, new)
        state[name] = torch.randn_like(value) if "down" in name else value
    mixture.load_state_dict(state)
    for block, other in zip(dense.blocks, mixture.blocks):
        block.down.weight.data = other.experts.down.data
    idx = torch.randint(50, (2, 16))
    torch.testing.assert_close(mixture(idx), dense(idx))


def test_the_cache_changes_nothing():
    net = mixture_gpt(CONFIG, 8, 4, 2)
    for block in net.blocks:
        torch.nn.init.normal_(block.experts.down)
    idx, cache = torch.randint(50, (1, 12)), []
    whole = net(idx)
    parts = torch.cat([net(part, cache) for part in idx.split(4, 1)], 1)
    torch.testing.assert_close(parts, whole)
