"""4.3's network learns a taste from pairs: DPO at several prices, and what it is compared with.

The taste is a rule (`utils.preferences.different_words`), so that three things can be measured
beside one another: the true reward, the divergence from the network before, and the loss on code.
A seed draws prompts, continuations, noise of the labels and the order; the reference is the same.
Rates are chosen with the first seed, on pairs or continuations of the validation files.

Explained in: 7.2.5
"""

import argparse
import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import records
from utils.fullscale import commit
from utils.language import (
    Corpus,
    losses_in_context,
    source_corpus,
    trained_model,
)
from utils.models import CopyingGPT
from utils.preferences import (
    WORTH,
    Pairs,
    best_of_drawn,
    divergence,
    fit_reward,
    gentle_optimizer,
    known,
    lengths,
    line_prompts,
    log_prob,
    mean_state,
    preference_loss,
    rewards,
    sampled_pairs,
    tune,
    write,
)
from utils.runtime import seed_everything

BETAS = (0.1, 0.3, 1.0)
RATES = ((1e-4, 3e-4), (3e-4, 1e-3), (1e-3, 3e-3))  # of matrices, and of tables and gains


@dataclass(frozen=True)
class Sizes:
    """How much is drawn and trained; the prompts of the test are those of the pool, and more."""

    pairs: int = 1536
    held_out: int = 512
    test_prompts: int = 512
    pool_prompts: int = 128
    pool: int = 32  # candidates for each prompt
    proxy_steps: int = 60  # of REINFORCE against the reward model
    proxy_batch: int = 64
    proxy_every: int = 4
    test_tokens: int = 10_000


def tuned(net: nn.Module, loss: Callable, n: int, rates: tuple[float, float], seed: int):
    """A copy of the network after one pass of `loss` over n examples."""
    policy = copy.deepcopy(net)
    tune(policy, loss, n, gentle_optimizer(policy, rates), torch.Generator().manual_seed(seed))
    return policy


def imitation_loss(pairs: Pairs) -> Callable:
    """Supervised: nats of a token of the chosen continuations at these places."""

    def loss(net: nn.Module, at: Tensor) -> Tensor:
        return -log_prob(net, pairs.prompt[at], pairs.chosen[at]).mean() / pairs.chosen.shape[1]

    return loss


class Study:
    """One seed's pairs, and everything that is measured with them."""

    def __init__(self, corpus: Corpus, net: nn.Module, sizes: Sizes, seed: int) -> None:
        self.corpus, self.net, self.sizes, self.seed = corpus, net, sizes, seed
        self.generator = torch.Generator().manual_seed(seed)
        self.pairs, self.held = (
            sampled_pairs(net, corpus, part, n, self.generator)
            for part, n in (("train", sizes.pairs), ("validation", sizes.held_out))
        )
        self.test = line_prompts(corpus, "test", sizes.test_prompts, self.generator)
        self.before, self.before_held = known(net, self.pairs), known(net, self.held)
        states = [self.state(self.pairs.prompt, y) for y in self.pairs[1:]]
        self.weights = fit_reward(states[0] - states[1])

    def words(self, answers: Tensor) -> Tensor:
        return rewards(self.corpus.tokenizer, answers) / WORTH

    def state(self, prompts: Tensor, answers: Tensor) -> Tensor:
        parts = zip(prompts.split(256), answers.split(256))
        return torch.cat([mean_state(self.net, *part) for part in parts])

    def proxy(self, prompts: Tensor, answers: Tensor) -> Tensor:
        """The reward model's reward, which was fitted to the pairs: (N,)."""
        return self.state(prompts, answers) @ self.weights

    def measured(self, policy: nn.Module, prompts: Tensor | None = None) -> dict[str, float]:
        """Words, proxy, divergence and repetition of what the policy writes, and its loss on code.

        `repeated` is the share of an answer that its commonest token takes.
        """
        prompts = self.test if prompts is None else prompts
        answers = write(policy, prompts, self.generator)
        tail = self.corpus.ids["test"][: self.sizes.test_tokens]
        parts = zip(prompts.split(256), answers.split(256))
        kl = torch.cat([divergence(policy, self.net, *part) for part in parts])
        return {
            "words": self.words(answers).mean().item(),
            "proxy": self.proxy(prompts, answers).mean().item(),
            "kl": kl.mean().item(),
            "repeated": (answers == answers.mode(1, keepdim=True).values).float().mean().item(),
            "test_loss": losses_in_context(policy, tail, 256)[0].mean().item(),
        }

    def dpo(self, beta: float, rates: tuple[float, float]) -> tuple[nn.Module, float]:
        """The policy, and its preference loss on held-out pairs."""
        loss = preference_loss(self.pairs, self.before, beta)
        policy = tuned(self.net, loss, len(self.pairs.prompt), rates, self.seed)
        with torch.no_grad():
            held = preference_loss(self.held, self.before_held, beta)
            return policy, held(policy, torch.arange(len(self.held.prompt))).item()

    def imitation(self, rates: tuple[float, float]) -> tuple[nn.Module, float]:
        """Trained on the chosen alone; the policy, and its loss on chosen held-out ones."""
        loss = imitation_loss(self.pairs)
        policy = tuned(self.net, loss, len(self.pairs.prompt), rates, self.seed)
        with torch.no_grad():
            return policy, imitation_loss(self.held)(policy, slice(None)).item()

    def reward_model(self) -> dict[str, float]:
        """How often the better of two unequal held-out continuations is told, and by what."""
        words, longer, guesses = (
            [f(y) for y in self.held[1:]]
            for f in (
                self.words,
                lambda y: lengths(self.corpus.tokenizer, y),
                lambda y: self.proxy(self.held.prompt, y),
            )
        )
        differ = words[0] != words[1]
        better = (words[0] > words[1])[differ]

        def right(pair: Sequence[Tensor]) -> float:
            return ((pair[0] > pair[1])[differ] == better).float().mean().item()

        return {
            "accuracy": right(guesses),
            "longer": right(longer),
            "less_likely": right(self.before_held[::-1]),
            "labels": better.float().mean().item(),
            "loss": -F.logsigmoid(guesses[0] - guesses[1]).mean().item(),
        }

    def best(self) -> dict[str, Any]:
        """Best of n by the rule and by the reward model, and the optimum at each price."""
        n, M = self.sizes.pool_prompts, self.sizes.pool
        prompts = self.test[:n].repeat_interleave(M, 0)
        answers = torch.cat([write(self.net, part, self.generator) for part in prompts.split(256)])
        words = self.words(answers).view(n, M).double()
        proxy = self.proxy(prompts, answers).view(n, M).double()
        found: dict[str, Any] = {}
        for k in (k for k in (1, 2, 4, 8, 16, 32) if k <= M):
            by = {"words": words, "words_by_proxy": proxy}
            found[f"best of {k}"] = {
                key: best_of_drawn(k, judge, words).mean().item() for key, judge in by.items()
            } | {"proxy_by_proxy": best_of_drawn(k, proxy, proxy).mean().item()}
        for beta in (1.0, 2.0, 4.0):
            log_w = (WORTH * words / beta).log_softmax(1)
            kl = (log_w.exp() * (log_w + torch.tensor(M).log())).sum(1).mean()
            tilted = (log_w.exp() * words).sum(1).mean()
            found[f"optimum, price {beta:g}"] = {"words": tilted.item(), "kl": kl.item()}
        return found

    def against_proxy(self, rates: tuple[float, float]) -> dict[str, list[float]]:
        """REINFORCE for the reward model's reward, at no price: how all measures move."""
        policy, sizes = copy.deepcopy(self.net), self.sizes
        optimizer = gentle_optimizer(policy, rates)
        path: dict[str, list[float]] = {}
        for step in range(sizes.proxy_steps + 1):
            if step % sizes.proxy_every == 0:
                now = {"step": step} | self.measured(policy, self.test[: 2 * sizes.proxy_batch])
                for key, value in now.items():
                    path.setdefault(key, []).append(value)
            prompts = line_prompts(self.corpus, "train", sizes.proxy_batch, self.generator)
            answers = write(policy, prompts, self.generator)
            reward = self.proxy(prompts, answers)
            gain = (reward - reward.mean()) / reward.std()
            optimizer.zero_grad()
            (-(gain * log_prob(policy, prompts, answers)).mean()).backward()
            optimizer.step()
        return path


def chosen_rates(study: Study, trials: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """For each method the rates whose loss on held-out pairs is least."""
    best = {}
    methods = {f"dpo {beta:g}": (lambda r, b=beta: study.dpo(b, r)) for beta in BETAS}
    for name, train in (methods | {"imitation": study.imitation}).items():
        losses = {rates: train(rates)[1] for rates in RATES}
        trials.append({"method": name} | {str(r[0]): loss for r, loss in losses.items()})
        print(trials[-1], flush=True)
        best[name] = min(losses, key=losses.get)
    return best


def study_seeds(
    corpus: Corpus, net: nn.Module, sizes: Sizes, seeds: list[int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that were chosen, and all results, a list of runs for each method."""
    results: dict[str, Any] = {}
    trials: list[dict[str, Any]] = []
    rates: dict[str, tuple[float, float]] = {}

    def keep(name: str, seed: int, values: dict[str, Any], start: float | None = None) -> None:
        run = {"seed": seed, **values}
        if start is not None:
            run["cpu_seconds"] = round(process_time() - start, 1)
        results.setdefault(name, []).append(run)
        print(name, run, flush=True)

    for seed in seeds:
        start = process_time()
        study = Study(corpus, net, sizes, seed)
        unequal = [study.words(y) for y in study.pairs[1:]]
        flipped = (unequal[0] < unequal[1]).sum() / (unequal[0] != unequal[1]).sum()
        labels = {"flipped": flipped.item(), "words_chosen": unequal[0].mean().item()}
        keep("reward model", seed, study.reward_model() | labels, start)
        keep("reference", seed, study.measured(net))
        rates = rates or chosen_rates(study, trials)
        for name in rates:
            start = process_time()
            if name == "imitation":
                policy, held = study.imitation(rates[name])
            else:
                policy, held = study.dpo(float(name.split()[1]), rates[name])
            keep(name, seed, {"held_out_loss": held} | study.measured(policy), start)
        for name, values in study.best().items():
            keep(name, seed, values)
        start = process_time()
        keep("against the proxy", seed, study.against_proxy(RATES[-1]), start)
    chosen = {name: list(pair) for name, pair in rates.items()}
    return {"rates": chosen, "trials": trials, **asdict(sizes)}, results


def main(arguments: list[str] | None = None, sizes: Sizes | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.preferences")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", action="store_true", help="write book/results/preferences.json")
    options = parser.parse_args(arguments)
    seed_everything(0)
    corpus = source_corpus()
    net = trained_model(corpus, CopyingGPT)
    settings, results = study_seeds(corpus, net, sizes or Sizes(), options.seeds)
    if options.record:
        record = records.Record(
            name="preferences",
            what="4.3's network tuned to write more different words: words in 32 tokens, KL to the "
            "network before in nats, and loss on test code in nats a token.",
            command="python -m utils.fullscale.preferences --record --seeds "
            + " ".join(map(str, options.seeds)),
            seeds=options.seeds,
            settings=settings,
            results=results,
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
