"""A language model end to end: text split by file, windows, training, scoring, sampling.

Leaves out the networks (`models`), the tokenizer and the n-gram model (`text`), and the loop
(`training`). All but `trained_model` takes any network from ids (B, T) to logits (B, T, V).

Explained in: 4.3
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import data, training
from utils.models import GPT, CopyingGPT, GPTConfig
from utils.text import Tokenizer, train_bpe

PARTS = ("train", "validation", "test")
RATES = {CopyingGPT: {"lr": 6e-3, "lr_tables": 3e-2}, GPT: {"lr": 4e-3, "lr_tables": 4e-3}}


@dataclass(frozen=True, eq=False)
class Corpus:
    """Text in three parts, and the tokenizer that was trained on the first.

    Shapes:
        ids: of each part (N,), its files one after another. n_bytes, n_files: of each part.
    """

    tokenizer: Tokenizer
    ids: dict[str, Tensor]
    n_bytes: dict[str, int]
    n_files: dict[str, int]


def split_files(texts: Sequence[str]) -> dict[str, list[str]]:
    """Of every four files one is for the test and one for validation; a file is never cut.

    Explained in: 4.3
    """
    parts = {part: [] for part in PARTS}
    for n, text in enumerate(texts):
        parts[{0: "test", 1: "validation"}.get(n % 4, "train")].append(text)
    return parts


def source_corpus(budget: int = 600_000, vocab_size: int = 512) -> Corpus:
    """Python source of the environment's packages, split by file, as byte-pair tokens.

    Units: the budget in bytes, of which about half are for training.

    Raises:
        ValueError: too small a budget, or fewer than 256 tokens.

    Explained in: 4.3
    """
    parts = split_files(data.source(data.text.PACKAGES, budget=budget).texts)
    tokenizer = train_bpe(parts["train"], vocab_size)
    ids = {part: torch.tensor(tokenizer.encode("".join(parts[part]))) for part in PARTS}
    n_bytes = {part: sum(len(text.encode()) for text in parts[part]) for part in PARTS}
    return Corpus(tokenizer, ids, n_bytes, {part: len(parts[part]) for part in PARTS})


def token_windows(ids: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets, cut from a row of ids without overlap.

    Shapes:
        ids (N,) -> (M, T) and (M, T), the targets one place later.

    Raises:
        ValueError: fewer ids than one window needs.

    Explained in: 4.3
    """
    if len(ids) <= length:
        raise ValueError(f"A window of {length} needs {length + 1} ids; there are {len(ids)}.")
    cut = ids.unfold(0, length + 1, length)  # (M, T + 1)
    return cut[:, :-1], cut[:, 1:]


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of a token. Units: nats.

    Shapes:
        logits (B, T, V), targets (B, T) -> ().
    """
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def clip_gradients(optimizer: torch.optim.Optimizer, *_) -> None:
    """Shorten the gradient of all parameters together to a length of 1, if it is longer.

    Explained in: 4.3
    """
    held = [p for group in optimizer.param_groups for p in group["params"]]
    nn.utils.clip_grad_norm_(held, 1.0)


def train_language_model(
    net: nn.Module,
    pair: tuple[Tensor, Tensor],
    epochs: int = 2,
    *,
    batch_size: int = 2,
    lr: float = 6e-3,
    lr_tables: float = 3e-2,
    seed: int = 0,
    resume_from: str | Path | None = None,
    **options,
) -> training.History:
    """Train a language model by AdamW: `lr` for the matrices of `blocks`, `lr_tables` for the rest.

    Only matrices decay. `resume_from` is a checkpoint that an interrupted run left; further
    options go to `training.fit`.

    Shapes:
        pair: inputs and targets (N, T), as `token_windows` gives them.

    Explained in: 4.3
    """
    steps = epochs * math.ceil(len(pair[0]) / batch_size)
    optimizer = language_optimizer(net, lr, lr_tables)
    schedule = training.cosine(optimizer, steps, warm_up=min(20, steps // 5))
    if resume_from is not None:
        options["history"] = training.load_checkpoint(resume_from, net, optimizer, schedule)
    options |= {"optimizer": optimizer, "scheduler": schedule, "loss": token_loss}
    return training.fit(net, pair, epochs=epochs, batch_size=batch_size, seed=seed, **options)


def language_optimizer(net: nn.Module, lr: float, lr_tables: float) -> torch.optim.AdamW:
    """AdamW with gradients clipped, and a rate of their own for embeddings, gains and shares.

    Explained in: 4.3
    """
    is_matrix = {name: p.dim() == 2 and "blocks" in name for name, p in net.named_parameters()}
    matrices = [p for name, p in net.named_parameters() if is_matrix[name]]
    rest = [p for name, p in net.named_parameters() if not is_matrix[name]]
    groups = [
        {"params": matrices, "lr": lr, "weight_decay": 0.1},
        {"params": rest, "lr": lr_tables, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)
    optimizer.register_step_pre_hook(clip_gradients)
    return optimizer


def trained_model(
    corpus: Corpus, kind: type[nn.Module] = CopyingGPT, seed: int = 0, epochs: int = 2
) -> nn.Module:
    """The network of 4.3, two blocks 64 wide with a context of 256, trained as there.

    Units: about ten seconds of processor time for the corpus of 4.3 and two passes over it.

    Shapes:
        the network maps ids (B, T) to logits (B, T, V).

    Raises:
        ValueError: a kind whose rates were not chosen in 4.3.

    Explained in: 4.3
    """
    if kind not in RATES:
        raise ValueError(f"4.3 trains {' and '.join(k.__name__ for k in RATES)}, not {kind}.")
    torch.manual_seed(seed)
    net = kind(GPTConfig(corpus.tokenizer.vocab_size, 256, 64, 2, 2))
    nn.init.normal_(net.token.weight, std=0.1)
    pair = token_windows(corpus.ids["train"], 256)
    train_language_model(net, pair, epochs, **RATES[kind])
    return net


@torch.no_grad()
def losses_in_context(
    net: nn.Module, ids: Tensor, length: int, rows: int = 16
) -> tuple[Tensor, Tensor]:
    """The loss of each token that has at least length/2 before it, and the token's place.

    Windows overlap by half, and only their second halves are scored.

    Units: nats.

    Shapes:
        ids (N,) -> losses (M,), places (M,) in ids.

    Explained in: 4.3
    """
    half = length // 2
    places = torch.arange(len(ids)).unfold(0, length + 1, half)[:, half + 1 :]
    losses = []
    for part in ids.unfold(0, length + 1, half).split(rows):
        logits = net(part[:, :-1])[:, half:]  # (B, T/2, V)
        losses.append(F.cross_entropy(logits.mT, part[:, half + 1 :], reduction="none"))
    return torch.cat(losses).flatten(), places.flatten()


def bits_per_byte(nats: float, n_tokens: int, n_bytes: int) -> float:
    """What a mean loss a token costs for a byte of the text.

    Explained in: 4.3
    """
    return nats * n_tokens / (n_bytes * math.log(2))


def next_probs(logits: Tensor, temperature: float = 1.0, k: int | None = None) -> Tensor:
    """Probabilities of the next token from its scores, those below the k best set to 0.

    Shapes:
        (V,) -> (V,).

    Explained in: 4.3
    """
    if k is not None:
        logits = logits.masked_fill(logits < logits.topk(k).values[-1], -math.inf)
    return (logits / temperature).softmax(0)


@torch.no_grad()
def continue_text(
    net: nn.Module,
    prompt: Sequence[int],
    n: int,
    generator: torch.Generator | None = None,
    has_cache: bool = True,
    **options,
) -> list[int]:
    """The prompt and n more tokens: drawn by `generator`, or the likeliest without one.

    `options` are those of `next_probs`.

    Explained in: 4.3
    """
    row, cache, new = list(prompt), [] if has_cache else None, list(prompt)
    for _ in range(n):
        logits = net(torch.tensor([new if has_cache else row]), cache)[0, -1]
        probs = next_probs(logits, **options)
        draw = probs.argmax() if generator is None else probs.multinomial(1, generator=generator)
        new = [int(draw)]
        row += new
    return row
