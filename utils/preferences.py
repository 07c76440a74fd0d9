"""Learning from preferences: pairs of continuations, a reward model, DPO.

The taste is a rule that can be computed, so that what was learned can be compared with the truth.
Leaves out agents that learn from reward while they act (`reinforcement`) and the recorded study
(`fullscale.preferences`).

Explained in: 7.2.5
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.language import Corpus, language_optimizer
from utils.models import normed
from utils.text import Tokenizer

LENGTH = 32  # tokens of a prompt, and of what is written after it
WORTH = 0.5  # of one more word, in the units of Bradley and Terry


class Pairs(NamedTuple):
    """Prompts with two continuations each; the first of the two was preferred.

    Shapes:
        each (N, LENGTH).
    """

    prompt: Tensor
    chosen: Tensor
    rejected: Tensor


def different_words(text: str) -> int:
    """How many different words a text has, cut at white space."""
    return len(set(text.split()))


def rewards(tokenizer: Tokenizer, answers: Tensor) -> Tensor:
    """The true reward of each continuation: (N, T) -> (N,)."""
    texts = map(tokenizer.decode, answers.tolist())
    return WORTH * torch.tensor([float(different_words(text)) for text in texts])


def lengths(tokenizer: Tokenizer, answers: Tensor) -> Tensor:
    """How many letters and other signs each continuation has: (N, T) -> (N,)."""
    return torch.tensor([len(tokenizer.decode(answer)) for answer in answers.tolist()])


def line_prompts(corpus: Corpus, part: str, n: int, generator: torch.Generator) -> Tensor:
    """Prompts that end where a line ends, drawn from one part of the corpus: (n, LENGTH).

    Raises:
        ValueError: the part has fewer such places.
    """
    ids = corpus.ids[part]
    is_end = torch.tensor([b"\n" in token for token in corpus.tokenizer.tokens])
    ends = 1 + torch.nonzero(is_end[ids])[:, 0]
    ends = ends[ends >= LENGTH]
    if len(ends) < n:
        raise ValueError(f"The part {part!r} has {len(ends)} ends of lines, not {n}: ask for less.")
    at = ends[torch.randperm(len(ends), generator=generator)[:n]]
    return ids[at[:, None] + torch.arange(-LENGTH, 0)]


@torch.no_grad()
def write(net: nn.Module, prompts: Tensor, generator: torch.Generator, n: int = LENGTH) -> Tensor:
    """Continue every prompt by n drawn tokens, all at once: (B, T) -> (B, n)."""
    cache, new, written = [], prompts, []
    for _ in range(n):
        logits = net(new, cache)[:, -1]  # (B, V)
        uniform = torch.rand(logits.shape, generator=generator)
        new = (logits - (-uniform.log()).log()).argmax(-1, keepdim=True)  # (B, 1)
        written.append(new)
    return torch.cat(written, 1)


def answer_log_probs(net: nn.Module, prompts: Tensor, answers: Tensor) -> Tensor:
    """Log-probabilities of all tokens at each place of the answer: (B, T), (B, n) -> (B, n, V)."""
    logits = net(torch.cat([prompts, answers], 1)[:, :-1])
    return logits[:, prompts.shape[1] - 1 :].log_softmax(-1)


def log_prob(net: nn.Module, prompts: Tensor, answers: Tensor) -> Tensor:
    """log π(answer | prompt), summed over its tokens: (B, T), (B, n) -> (B,)."""
    log_p = answer_log_probs(net, prompts, answers)
    return log_p.gather(2, answers[..., None])[..., 0].sum(1)


def dpo_loss(gain_chosen: Tensor, gain_rejected: Tensor, beta: float) -> Tensor:
    """Direct preference optimisation; a gain is log π(y|x) − log π_ref(y|x).

    Units: nats.

    Shapes:
        (B,), (B,) -> ().

    Source: Rafailov et al. 2023, "Direct Preference Optimization", equation 7.
    Explained in: 7.2.5
    """
    return -F.logsigmoid(beta * (gain_chosen - gain_rejected)).mean()


@torch.no_grad()
def divergence(net: nn.Module, reference: nn.Module, prompts: Tensor, answers: Tensor) -> Tensor:
    """KL of each place, exact over its tokens, summed along answers that `net` wrote: (B,).

    Its mean over answers is the divergence of the two distributions of whole answers. Units: nats.
    """
    p, q = (answer_log_probs(one, prompts, answers) for one in (net, reference))
    return (p.exp() * (p - q)).sum((1, 2))


@torch.no_grad()
def mean_state(net: nn.Module, prompts: Tensor, answers: Tensor) -> Tensor:
    """What the last block of a `CopyingGPT` knows of an answer: its states' mean, (B, C)."""
    states = []
    hook = net.blocks[-1].register_forward_hook(lambda layer, given, out: states.append(out))
    net(torch.cat([prompts, answers], 1))
    hook.remove()
    return normed(states[0])[:, prompts.shape[1] :].mean(1)


def fit_reward(differences: Tensor, penalty: float = 1e-3) -> Tensor:
    """Weights w that make −log σ(w·d) least for features of chosen minus rejected, by Newton.

    Shapes:
        (N, C) -> (C,).

    Explained in: 7.2.5
    """
    d = differences.double()
    w = torch.zeros(d.shape[1], dtype=d.dtype)
    for _ in range(20):
        p = torch.sigmoid(-d @ w)  # how surprising each preference still is
        gradient = -d.T @ p / len(d) + penalty * w
        curvature = (d * (p * (1 - p))[:, None]).T @ d / len(d)
        w = w - torch.linalg.solve(curvature + penalty * torch.eye(len(w), dtype=d.dtype), gradient)
    return w.to(differences.dtype)


def labelled(
    prompts: Tensor, a: Tensor, b: Tensor, margin: Tensor, generator: torch.Generator
) -> Pairs:
    """Pairs in which a is preferred to b with probability σ(margin): Bradley–Terry."""
    a_wins = torch.rand(len(margin), generator=generator) < margin.sigmoid()
    a_wins = a_wins[:, None]
    return Pairs(prompts, torch.where(a_wins, a, b), torch.where(a_wins, b, a))


def sampled_pairs(
    net: nn.Module, corpus: Corpus, part: str, n: int, generator: torch.Generator
) -> Pairs:
    """Two continuations by the network for each of n prompts, judged by the rule, with noise."""
    prompts = line_prompts(corpus, part, n, generator)
    a, b = (write(net, prompts, generator) for _ in range(2))
    margin = rewards(corpus.tokenizer, a) - rewards(corpus.tokenizer, b)
    return labelled(prompts, a, b, margin, generator)


def best_of_drawn(n: int, judged: Tensor, worth: Tensor) -> Tensor:
    """Mean worth of the one that is judged best of n, over all choices of n from each row.

    Of M candidates the one of rank k (0 the worst) is best in C(k, n−1) of the C(M, n) choices.

    Shapes:
        judged, worth (N, M), n at most M -> (N,).
    """
    M = judged.shape[1]
    shares = [math.comb(k, n - 1) / math.comb(M, n) for k in range(M)]
    ordered = worth.gather(1, judged.argsort(dim=1, stable=True))
    return ordered @ torch.tensor(shares, dtype=worth.dtype)


@torch.no_grad()
def known(net: nn.Module, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Log-probabilities of all chosen and all rejected: (N,) each."""
    return tuple(
        torch.cat([log_prob(net, *part) for part in zip(pairs.prompt.split(256), y.split(256))])
        for y in (pairs.chosen, pairs.rejected)
    )


Loss = Callable[[nn.Module, Tensor], Tensor]  # the network and the numbers of a batch -> ()


def preference_loss(pairs: Pairs, before: tuple[Tensor, Tensor], beta: float) -> Loss:
    """What `tune` makes smaller: DPO's loss of the pairs at these places."""

    def loss(net: nn.Module, at: Tensor) -> Tensor:
        answers = torch.cat([pairs.chosen[at], pairs.rejected[at]])
        chosen, rejected = log_prob(net, pairs.prompt[at].repeat(2, 1), answers).chunk(2)
        return dpo_loss(chosen - before[0][at], rejected - before[1][at], beta)

    return loss


def gentle_optimizer(net: nn.Module, rates: tuple[float, float]) -> torch.optim.Optimizer:
    """That of 4.3 without weight decay: what the reference knows shall not fade."""
    optimizer = language_optimizer(net, *rates)
    for group in optimizer.param_groups:
        group["weight_decay"] = 0.0
    return optimizer


def tune(
    net: nn.Module,
    loss: Loss,
    n: int,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    epochs: int = 1,
    batch: int = 16,
) -> list[float]:
    """Passes over n examples in a new order each, the rate falling to zero; returns the losses."""
    steps = epochs * math.ceil(n / batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 10) * (1 - step / steps)
    )
    seen = []
    for _ in range(epochs):
        for at in torch.randperm(n, generator=generator).split(batch):
            value = loss(net, at)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
            seen.append(value.item())
    return seen
