"""Pictures composed of real digits, with a box around each and a sentence about them."""

import numpy as np
import torch

from utils.data.checking import in_range
from utils.data.images import LEVELS, enlarge, originals
from utils.data.kinds import Scenes
from utils.data.splitting import split

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SIDES = {"small": (10, 13), "large": (17, 22)}  # of a digit in pixels, first and last
BETWEEN = 14.5  # ink lower than this is small, higher is large
CLEAR = 3  # pixels by which "left", "above" or "top" must be true before a sentence says so
GAP = 1  # pixels between two boxes, and to the border


def scenes(
    n: int = 1000,
    *,
    most: int = 3,
    size: int = 48,
    part: str = "train",
    clutter: int = 0,
    seed: int = 0,
) -> Scenes:
    """`n` pictures of one to `most` digits, small or large, that do not overlap.

    The parts "train" and "test" are composed of different originals, the same that `split`
    makes, so that a test scene shows only digits never seen in training. `clutter` adds pieces
    of digits, which have no box. Sentences follow from labels and boxes, see `caption`.

    Shapes:
        x: (n, 1, size, size); boxes: (n, most, 4); labels: (n, most). See `Scenes`.

    Raises:
        ValueError: a number out of range, or a part other than "train" and "test".

    Source: composed here from `digits`, seeded.
    """
    in_range(n=(n, 1, 10**6), most=(most, 1, 4), size=(size, 48, 256), clutter=(clutter, 0, 8))
    in_range(seed=(seed, 0, 2**32 - 1))
    images, digit = _originals(part)
    rng = np.random.default_rng([seed, part == "test"])
    x = np.zeros((n, 1, size, size), dtype=np.float32)
    boxes = np.zeros((n, most, 4), dtype=np.float32)
    labels = np.full((n, most), -1, dtype=np.int64)
    captions = []
    for scene in range(n):
        count = int(rng.integers(1, most + 1))
        chosen = rng.integers(len(images), size=count)
        inks, places = _arrange(rng, images[chosen], size)
        order = np.argsort(_middles(places)[0], kind="stable")
        for ink, place in zip(inks, places):
            _paste(x[scene, 0], ink, place)
        boxes[scene, :count], labels[scene, :count] = places[order], digit[chosen][order]
        _scatter(rng, images, x[scene, 0], places, clutter)
        captions.append(caption(labels[scene, :count], boxes[scene, :count], size))
    tensors = (torch.from_numpy(array) for array in (x, boxes, labels))
    return Scenes(*tensors, tuple(captions))


def caption(labels, boxes, size: int) -> str:
    """The sentence about digits in these boxes, given from left to right by their middles.

    One digit is told with its corner, two with their relation, more in their order:
    "a small three at the top left", "a large seven above a small one",
    "from the left a small three and a large one and a small nine".

    Shapes:
        labels: K digits; boxes: (K, 4), left, top, right, bottom in pixels.
    """
    boxes = np.asarray(boxes)
    names = [f"a {_size_word(box)} {WORDS[int(label)]}" for label, box in zip(labels, boxes)]
    across, down = _middles(boxes)
    if len(names) == 1:
        corner = f"{_side(down[0], size, 'top bottom')} {_side(across[0], size, 'left right')}"
        return f"{names[0]} at the {corner}"
    if len(names) > 2:
        return "from the left " + " and ".join(names)
    if across[1] - across[0] > abs(down[1] - down[0]):
        return f"{names[0]} left of {names[1]}"
    upper, lower = names if down[0] < down[1] else names[::-1]
    return f"{upper} above {lower}"


def _originals(part: str) -> tuple[np.ndarray, np.ndarray]:
    if part not in ("train", "test"):
        raise ValueError(f"A scene's part is 'train' or 'test'; not {part!r}.")
    ink, digit = originals()
    parts = split(np.arange(len(ink)), digit)
    chosen = (parts.x_test if part == "test" else parts.x_train).numpy()
    return ink[chosen], digit[chosen]


def _arrange(rng, originals, size: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Ink and places for these digits, drawn again until all fit and every word is clear."""
    while True:
        inks = [_ink(rng, original) for original in originals]
        places: list[tuple[int, int, int, int]] = []
        for ink in inks:
            places += _free_place(rng, ink.shape, size, places)
        if len(places) == len(inks) and _is_clear(np.array(places), size):
            return inks, np.array(places)


def _ink(rng, original) -> np.ndarray:
    """A digit in a drawn size, cut to its ink."""
    first, last = SIDES[("small", "large")[rng.integers(2)]]
    side = int(rng.integers(first, last + 1))
    ink = enlarge(original[None], side)[0] / (LEVELS * (2 * side) ** 2)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)


def _free_place(rng, shape, size: int, taken, tries: int = 20) -> list[tuple[int, int, int, int]]:
    """One place that touches none of those taken; none where it isn't found in some tries."""
    height, width = shape
    for _ in range(tries):
        left = int(rng.integers(GAP, size - GAP - width + 1))
        top = int(rng.integers(GAP, size - GAP - height + 1))
        place = (left, top, left + width, top + height)
        if not any(_touch(place, other) for other in taken):
            return [place]
    return []


def _touch(one, other) -> bool:
    left, top, right, bottom = one
    beside = left >= other[2] + GAP or other[0] >= right + GAP
    return not (beside or top >= other[3] + GAP or other[1] >= bottom + GAP)


def _is_clear(places, size: int) -> bool:
    """Whether every word of the sentence is true by more than a hair."""
    across, down = _middles(places)
    heights = places[:, 3] - places[:, 1]
    if (np.abs(heights - BETWEEN) < 1).any():
        return False
    if len(places) == 1:
        return bool(min(abs(across[0] - size / 2), abs(down[0] - size / 2)) >= CLEAR)
    if len(places) == 2:
        return bool(abs(np.ptp(across) - np.ptp(down)) >= CLEAR)
    return bool((np.diff(np.sort(across)) >= CLEAR).all())


def _paste(picture, ink, place) -> None:
    left, top, right, bottom = place
    picture[top:bottom, left:right] = ink


def _scatter(rng, images, picture, places, pieces: int) -> None:
    """Halves of digits where there is room; a crowded picture may get fewer."""
    taken = [tuple(place) for place in places]
    for _ in range(pieces):
        ink = _ink(rng, images[rng.integers(len(images))])
        half = ink[: max(len(ink) // 2, 1)] if rng.integers(2) else ink[:, : ink.shape[1] // 2 + 1]
        for place in _free_place(rng, half.shape, len(picture), taken):
            _paste(picture, half, place)
            taken.append(place)


def _middles(boxes) -> tuple[np.ndarray, np.ndarray]:
    left, top, right, bottom = np.asarray(boxes, dtype=float).T
    return (left + right) / 2, (top + bottom) / 2


def _size_word(box) -> str:
    return "small" if box[3] - box[1] < BETWEEN else "large"


def _side(middle: float, size: int, words: str) -> str:
    return words.split()[int(middle > size / 2)]
