"""Captions for scenes: ways to write a sentence about a picture, compared on several seeds.

Every way has the same convolutional eye and is trained in the same way on the same scenes; all
settings were chosen on further scenes of the training part. The test part, whose digits come
from originals that training never shows, is looked at once, at the end.

Explained in: 2.7
"""

import argparse
import json
from collections.abc import Iterable
from itertools import product
from time import process_time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import data, records
from utils.data import Scenes
from utils.data.composed import WORDS
from utils.fullscale import commit
from utils.measure import parameters
from utils.runtime import progress, seed_everything
from utils.training import one_cycle

SIDE = 6  # cells along each side of the feature map
LENGTH = {2: 9, 3: 15}  # words of the longest sentence and its end, by the most digits


def all_captions() -> list[str]:
    """Every sentence that a scene of one or two digits can have."""
    names = [f"a {size} {digit}" for size, digit in product(("small", "large"), WORDS)]
    corners = [f"{row} {side}" for row, side in product(("top", "bottom"), ("left", "right"))]
    single = [f"{name} at the {corner}" for name, corner in product(names, corners)]
    relations = ("left of", "above")
    return single + [" ".join(three) for three in product(names, relations, names)]


def caption_words(captions: Iterable[str]) -> list[str]:
    """The end of a sentence as word 0, then all words that occur, in alphabetical order."""
    return ["<end>", *sorted({word for caption in captions for word in caption.split()})]


def caption_numbers(
    captions: tuple[str, ...], words: list[str], length: int
) -> tuple[Tensor, Tensor]:
    """What the pen reads, and what it should write: word numbers, 0 for the end, -1 beyond it.

    Shapes:
        N captions -> read (N, length), written (N, length); `length` counts the end.
    """
    number = {word: i for i, word in enumerate(words)}
    written = torch.full((len(captions), length), -1)
    for row, caption in zip(written, captions):
        idx = [number[word] for word in caption.split()] + [0]
        row[: len(idx)] = torch.tensor(idx)
    read = torch.cat([torch.zeros(len(captions), 1, dtype=torch.long), written[:, :-1]], 1)
    return read.clamp(min=0), written


def convolutional_eye() -> nn.Sequential:
    """Images (B, 1, 48, 48) -> a map of features (B, 64, 6, 6)."""
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False)]
    layers += [nn.BatchNorm2d(16), nn.ReLU()]
    for before, after, pool in ((16, 32, 2), (32, 64, 2), (64, 64, 1)):
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.MaxPool2d(pool)]
        layers += [nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


def image_code(channels: int, width: int) -> nn.Sequential:
    """A map of features (B, 64, 6, 6) -> one vector for the image (B, width)."""
    narrow, flat = nn.Conv2d(64, channels, 1), nn.Linear(channels * SIDE**2, width)
    return nn.Sequential(narrow, nn.Flatten(), flat, nn.BatchNorm1d(width), nn.ReLU())


class Eye(nn.Module):
    """What the pen starts from, and the cells that it may look at while it writes.

    The cells are those of the feature map with their places (`view="map"`), or one, the image's
    code ("code"), or one that is always zero ("start"). With "blind", all is zero.

    Shapes:
        images (B, 1, 48, 48) -> state (1, B, d), cells (B, 36 or 1, 66).
    """

    def __init__(self, view: str, d: int):
        super().__init__()
        self.view, self.features = view, convolutional_eye()
        self.start = image_code(16, d)
        self.code = image_code(32, 66) if view == "code" else None
        rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, SIDE)] * 2, indexing="ij")
        self.register_buffer("places", torch.stack([rows, columns]))  # (2, 6, 6)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(images)  # (B, 64, 6, 6)
        state = self.start(features)[None]  # (1, B, d)
        if self.view == "map":
            places = self.places.expand(len(images), -1, -1, -1)
            return state, torch.cat([features, places], 1).flatten(2).mT  # (B, 36, 66)
        if self.view == "code":
            return state, self.code(features)[:, None]  # (B, 1, 66)
        nothing = torch.zeros(len(images), 1, 66).to(images)
        return (torch.zeros_like(state) if self.view == "blind" else state), nothing


class Pen(nn.Module):
    """A recurrent network that reads the words so far and looks at the cells for each next one.

    Shapes:
        read (B, T), state (1, B, d), cells (B, S, 66)
        -> logits (B, T, V), state (1, B, d), weights (B, T, S).
    """

    def __init__(self, n_words: int, d: int, is_normed: bool):
        super().__init__()
        self.embedding = nn.Embedding(n_words, 32)
        self.gru = nn.GRU(32, d, batch_first=True)
        self.query = nn.Linear(d, d)
        self.key, self.value = nn.Linear(66, d), nn.Linear(66, d)
        self.norm = nn.BatchNorm1d(d) if is_normed else nn.Identity()
        self.out = nn.Sequential(nn.Linear(2 * d, d), nn.ReLU(), nn.Linear(d, n_words))

    def forward(self, read: Tensor, state: Tensor, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden, state = self.gru(self.embedding(read), state)  # (B, T, d)
        scores = self.query(hidden) @ self.key(cells).mT / hidden.shape[-1] ** 0.5
        weights = scores.softmax(-1)  # (B, T, S)
        seen = self.norm((weights @ self.value(cells)).mT).mT  # (B, T, d)
        return self.out(torch.cat([hidden, seen], -1)), state, weights


class Captioner(nn.Module):
    """A convolutional eye and a recurrent pen.

    Shapes:
        images (B, 1, 48, 48), words read (B, T) -> logits (B, T, V).

    Source: Vinyals et al. 2015, "Show and Tell"; Xu et al. 2015, "Show, Attend and Tell".
    Explained in: 2.7
    """

    def __init__(self, n_words: int, view: str = "map", d: int = 64, is_normed: bool = True):
        super().__init__()
        self.eye, self.pen = Eye(view, d), Pen(n_words, d, is_normed)

    def forward(self, images: Tensor, read: Tensor) -> Tensor:
        return self.pen(read, *self.eye(images))[0]  # (B, T, V)


class SlotCaptioner(nn.Module):
    """The eye, and a classifier for each place in the sentence that knows of no other word.

    Shapes:
        images (B, 1, 48, 48), words read (B, T), not looked at -> logits (B, T, V).
    """

    def __init__(self, n_words: int, length: int, d: int = 128):
        super().__init__()
        self.eye, self.code = convolutional_eye(), image_code(32, d)
        self.out = nn.Linear(d, length * n_words)
        self.length = length

    def forward(self, images: Tensor, read: Tensor) -> Tensor:
        return self.out(self.code(self.eye(images))).unflatten(1, (self.length, -1))


def train_captioner(
    model: nn.Module, images: Tensor, read: Tensor, written: Tensor, epochs: int = 1
) -> list[float]:
    """Teacher forcing: every word is predicted from the true words before it. Returns the losses.

    Shapes:
        images (N, 1, 48, 48), read (N, T), written (N, T), -1 where nothing is to be written.
    """
    model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), fused=True)
    orders = [order for _ in range(epochs) for order in torch.randperm(len(images)).split(32)]
    scheduler = one_cycle(optimizer, len(orders), peak=3e-3, warm_up=0.2)
    losses = []
    for idx in progress(orders, "Training"):
        batch = images[idx].contiguous(memory_format=torch.channels_last)
        logits = model(batch, read[idx])
        loss = F.cross_entropy(logits.flatten(0, 1), written[idx].flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    model.eval()
    return losses


@torch.no_grad()
def greedy_captions(model: nn.Module, images: Tensor, length: int) -> Tensor:
    """Word by word, the likeliest one after those already written.

    Shapes:
        images (N, 1, 48, 48) -> words (N, length); what follows a 0, the end, means nothing.
    """
    if isinstance(model, SlotCaptioner):
        return model(images, None).argmax(-1)
    state, cells = model.eye(images)
    word, written = torch.zeros(len(images), 1, dtype=torch.long), []
    for _ in range(length):
        logits, state, _ = model.pen(word, state, cells)
        word = logits.argmax(-1)  # (N, 1)
        written.append(word)
    return torch.cat(written, 1)


def caption_texts(idx: Tensor, words: list[str]) -> list[str]:
    """Word numbers (N, T) as N strings, each up to its end."""
    rows = (row[: row.index(0)] if 0 in row else row for row in idx.tolist())
    return [" ".join(words[i] for i in row) for row in rows]


@torch.no_grad()
def caption_nats(model: nn.Module, images: Tensor, read: Tensor, written: Tensor) -> Tensor:
    """-ln p(sentence | image), the teacher-forced losses of the words added up: (N,)."""
    losses = F.cross_entropy(
        model(images, read).mT, written.clamp(min=0), reduction="none"
    )  # (N, T)
    return (losses * (written >= 0)).sum(1)


def caption_score(
    model: nn.Module, scenes: Scenes, words: list[str], length: int
) -> dict[str, float]:
    """How good the sentences of `model` about `scenes` are: shares from 0 to 1, and nats."""
    told = caption_texts(greedy_captions(model, scenes.x, length), words)
    right = torch.tensor([a == b for a, b in zip(told, scenes.captions)]).double()
    counts = (scenes.labels >= 0).sum(1)
    grammar = set(all_captions())
    result = {"exact": right.mean().item()}
    for n in range(1, scenes.labels.shape[1] + 1):
        result[f"exact_{n}"] = right[counts == n].mean().item()
    if scenes.labels.shape[1] == 2:
        result["grammatical"] = sum(one in grammar for one in told) / len(told)
    pair = caption_numbers(scenes.captions, words, length)
    return result | {"nats": caption_nats(model, scenes.x, *pair).mean().item()}


WAYS = {
    "blind": {"view": "blind"},
    "slots": None,
    "start": {"view": "start"},
    "code": {"view": "code"},
    "map": {"view": "map"},
    "map, not normed": {"view": "map", "is_normed": False},
}
"""Language model alone; a classifier for each place in the sentence; the image only at the start;
its code at every word; attention over its map; the same without normalising what is seen."""


def caption_run(way: str, most: int, n: int, seed: int) -> dict[str, Any]:
    """Train one captioner on `n` scenes of one to `most` digits, and score it."""
    train = data.scenes(n, most=most)
    words, length = caption_words(train.captions), LENGTH[most]
    seed_everything(seed)
    options = WAYS[way]
    model = (
        SlotCaptioner(len(words), length) if options is None else Captioner(len(words), **options)
    )
    start = process_time()
    losses = train_captioner(model, train.x, *caption_numbers(train.captions, words, length))
    seconds = process_time() - start
    every = 50 * max(1, len(losses) // 900)  # some twenty means, however long the run
    whole = [losses[i : i + every] for i in range(0, len(losses) - every + 1, every)]
    parts = {"fresh": data.scenes(2000, most=most, seed=1)}
    parts["test"] = data.scenes(2000, most=most, part="test")
    return {
        "way": way,
        "seed": seed,
        "parameters": parameters(model),
        "cpu_seconds": round(seconds, 1),
        "losses": [round(sum(part) / every, 4) for part in whole],
        **{name: caption_score(model, scenes, words, length) for name, scenes in parts.items()},
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.captions", description=__doc__)
    parser.add_argument("--ways", choices=[*WAYS], nargs="+", default=[*WAYS], metavar="WAY")
    parser.add_argument("--scenes", type=int, default=40_000, help="to train on")
    parser.add_argument("--most", type=int, choices=[*LENGTH], default=2, help="digits in one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--record", metavar="NAME", help="write book/results/NAME.json")
    options = parser.parse_args(arguments)
    runs = []
    for seed in options.seeds:
        for way in options.ways:
            runs.append(caption_run(way, options.most, options.scenes, seed))
            print(json.dumps({k: v for k, v in runs[-1].items() if k != "losses"}), flush=True)
    if options.record:
        seeds, ways = " ".join(map(str, options.seeds)), " ".join(f'"{w}"' for w in options.ways)
        record = records.Record(
            name=options.record,
            what="Share of sentences that are right word for word, and nats for each, on scenes "
            f"of up to {options.most} digits, by how the captioner uses the image; test digits "
            "come from originals never seen in training.",
            command=f"python -m utils.fullscale.captions --record {options.record}"
            f" --most {options.most} --scenes {options.scenes} --seeds {seeds} --ways {ways}",
            seeds=options.seeds,
            settings={"scenes": options.scenes, "most": options.most},
            results={"runs": runs},
            commit=commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


if __name__ == "__main__":
    main()
