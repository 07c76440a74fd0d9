"""Mixtures of experts: a router, the layer that computes only what it picked, and its balance.

Leaves out the other layers of a network (`models`) and its training (`training`, `language`).

Explained in: 7.2.1
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models import CopyingBlock, CopyingGPT, GPTConfig, before, normed


def pick_experts(probs: Tensor, top_k: int, is_renormalised: bool = True) -> tuple[Tensor, Tensor]:
    """The K likeliest experts of each token, and the weights of their outputs.

    Renormalised, the K weights of a token sum to 1; else they stay the probabilities.

    Shapes:
        probs (N, E) -> weights (N, K), chosen (N, K), whole numbers below E.

    Raises:
        ValueError: more experts asked for than there are, or none.

    Source: Shazeer et al. 2017, "Outrageously Large Neural Networks", section 2.1.
    Explained in: 7.2.1
    """
    if not 1 <= top_k <= probs.shape[-1]:
        raise ValueError(f"From {probs.shape[-1]} experts 1 or more are picked, not {top_k}.")
    weights, chosen = probs.topk(top_k, -1)
    return weights / weights.sum(-1, keepdim=True) if is_renormalised else weights, chosen


def load_shares(chosen: Tensor, n_experts: int) -> Tensor:
    """The share of all choices that fell on each expert.

    Shapes:
        chosen (N, K) -> (E,), of sum 1.

    Explained in: 7.2.1
    """
    return chosen.flatten().bincount(minlength=n_experts) / chosen.numel()


def balance_loss(probs: Tensor, chosen: Tensor) -> Tensor:
    """E times the sum over experts of share of choices times mean probability; 1 if balanced.

    Shapes:
        probs (N, E), chosen (N, K) -> (). Gradients reach `probs` alone.

    Source: Fedus, Zoph and Shazeer 2022, "Switch Transformers", section 2.2.
    Explained in: 7.2.1
    """
    n_experts = probs.shape[-1]
    return n_experts * (load_shares(chosen, n_experts) * probs.mean(0)).sum()


class Experts(nn.Module):
    """Feed-forward networks with a squared ReLU, of which a router picks `top_k` for each token.

    Tokens are sorted by expert, so that each expert computes once, for all of its tokens. With
    one expert picked its output is scaled by the router's probability; with more, by weights of
    sum 1. After each call `balance` holds the balance loss and `chosen` what was picked.

    Shapes:
        x (..., C) -> (..., C); `up` (E F, C) and `down` (E C, F) hold one expert above another.

    Source: Fedus, Zoph and Shazeer 2022 (one expert); Jiang et al. 2024, "Mixtral" (several).
    Explained in: 7.2.1
    """

    def __init__(self, d_model: int, d_ff: int, n_experts: int, top_k: int):
        super().__init__()
        self.n_experts, self.top_k = n_experts, top_k
        self.router = nn.Linear(d_model, n_experts, bias=False)
        self.up = nn.Parameter(torch.randn(n_experts * d_ff, d_model) * d_model**-0.5)
        self.down = nn.Parameter(torch.zeros(n_experts * d_model, d_ff))
        self.balance = self.chosen = None

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(0, -2)  # (N, C)
        probs = self.router(rows).softmax(-1)  # (N, E)
        weights, chosen = pick_experts(probs, self.top_k, self.top_k > 1)  # (N, K) each
        self.balance, self.chosen = balance_loss(probs, chosen), chosen
        order = chosen.flatten().argsort(stable=True)  # (N K,), choices sorted by expert
        tokens = order // self.top_k
        counts = chosen.flatten().bincount(minlength=self.n_experts).tolist()
        ups, downs = self.up.chunk(self.n_experts), self.down.chunk(self.n_experts)
        parts = [
            F.relu(part @ up.T).square() @ down.T
            for part, up, down in zip(rows[tokens].split(counts), ups, downs)
        ]
        scaled = torch.cat(parts) * weights.flatten()[order, None]  # (N K, C)
        return torch.zeros_like(rows).index_add(0, tokens, scaled).view_as(x)


class MixtureBlock(CopyingBlock):
    """A block of 4.3's `CopyingGPT` with experts in place of its two layers.

    Shapes:
        x (B, T, C) -> (B, T, C).

    Explained in: 7.2.1
    """

    def __init__(self, config: GPTConfig, d_ff: int, n_experts: int, top_k: int):
        super().__init__(config)
        del self.up, self.down
        self.experts = Experts(config.d_model, d_ff, n_experts, top_k)

    def forward(self, x: Tensor, cache: dict[str, Tensor] | None = None) -> Tensor:
        h = normed(x)
        x = x + self.attention(torch.lerp(h, before(h, cache, "read1"), self.share1), cache)
        h = normed(x)
        return x + self.experts(torch.lerp(h, before(h, cache, "read2"), self.share2))


def mixture_gpt(config: GPTConfig, d_ff: int, n_experts: int, top_k: int) -> CopyingGPT:
    """A `CopyingGPT` whose blocks hold experts; with one expert it is the dense network.

    Shapes:
        the network maps ids (B, T) to logits (B, T, V).

    Explained in: 7.2.1
    """
    net = CopyingGPT(config)
    blocks = (MixtureBlock(config, d_ff, n_experts, top_k) for _ in range(config.n_layers))
    net.blocks = nn.ModuleList(blocks)
    return net
