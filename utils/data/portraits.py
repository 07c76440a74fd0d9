"""Faces drawn by a program: people with fixed traits, pictures that differ in everything else.

Every step is an addition, a product, a quotient or a square root, rounded alike on every
machine, so that all machines draw the same bytes.
"""

import numpy as np
import torch

from utils.data.checking import in_range
from utils.data.kinds import Portraits

SIZE = 32  # pixels along a side
PARTS = ("train", "validation", "test")
CHUNK = 500  # pictures drawn at once

UPPER = ("hair", "hairline", "hair length", "brow weight", "brow level", "brow tilt")
UPPER += ("eye gap", "eye size", "eye narrowness", "iris")
LOWER = ("skin", "head width", "jaw", "eye level", "nose length", "nose width", "nose shade")
LOWER += ("mouth width", "mouth level", "lips")
TRAITS = UPPER + LOWER
"""What makes a person, each from -1 to 1: hair and eyes, then shape, nose and mouth."""

NUISANCES = ("right", "down", "closer", "roll", "turn", "smile", "open mouth", "closed eyes")
NUISANCES += ("raised brows", "light from the left", "light from above", "exposure")
NUISANCES += ("background", "glasses")
"""What makes a picture of a person, each from -1 to 1, and glasses, 0 or 1."""

NARROW = 0.35  # how much a group varies in the traits that it shares, of the others' 1
NOISE = 0.05  # of a pixel, at most


def portraits(
    persons: int = 200,
    each: int = 8,
    *,
    minority: int = 50,
    part: str = "train",
    seed: int = 0,
) -> Portraits:
    """Drawn faces of `persons` people, `each` times, in two groups, of which B has a given share.

    `minority` is the share of group B in percent. People of group A differ among themselves
    mostly in hair, brows and eyes, those of B in shape, nose and mouth; both are photographed
    alike. The parts show different people, whatever the seed; more people or pictures keep
    the first ones, if the share is the same.

    Shapes:
        x: (persons · each, 1, 32, 32), 0 (black) to 1; y: the person. See `Portraits`.

    Raises:
        ValueError: a number out of range, or a part other than the three.

    Source: drawn here by a program, seeded; nobody is shown.

    Explained in: 5.2.3
    """
    in_range(persons=(persons, 1, 10**5), each=(each, 1, 100), minority=(minority, 0, 100))
    in_range(seed=(seed, 0, 2**32 - 1))
    if part not in PARTS:
        raise ValueError(f"A portrait's part is 'train', 'validation' or 'test'; not {part!r}.")
    group = np.diff(np.arange(persons + 1) * minority // 100)  # (persons,), B as even as it goes
    traits = np.empty((persons, len(TRAITS)), np.float32)
    taken = np.empty((persons, each, len(NUISANCES)), np.float32)
    noise = np.empty((persons, each, SIZE, SIZE), np.float32)
    for person in range(persons):
        rng = np.random.default_rng([seed, PARTS.index(part), person])
        traits[person] = _person(rng, group[person])
        for picture in range(each):
            taken[person, picture] = _circumstances(rng)
            noise[person, picture] = 2 * rng.random((SIZE, SIZE), np.float32) - 1
    x = np.empty((persons * each, SIZE, SIZE), np.float32)
    flat = traits.repeat(each, 0), taken.reshape(len(x), -1), noise.reshape(x.shape)
    for start in range(0, len(x), CHUNK):
        x[start : start + CHUNK] = draw(*(part[start : start + CHUNK] for part in flat))
    tensors = (torch.from_numpy(array) for array in (x[:, None], group, traits, flat[1]))
    x, group, traits, taken = tensors
    return Portraits(x, torch.arange(persons).repeat_interleave(each), group, traits, taken)


def draw(traits: np.ndarray, taken: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """One picture for each row of traits and circumstances.

    Shapes:
        traits: (N, 20); taken: (N, 14); noise: (N, 32, 32), -1 to 1 -> (N, 32, 32), 0 to 1.
    """
    t = dict(zip(TRAITS, traits.T[:, :, None, None], strict=True))  # each (N, 1, 1)
    n = dict(zip(NUISANCES, taken.T[:, :, None, None], strict=True))
    across, down = _face_coordinates(n)
    width, height = 0.54 + 0.1 * t["head width"], np.float32(0.72)
    skin, hair = 0.66 + 0.16 * t["skin"], 0.3 + 0.24 * t["hair"]
    picture = np.broadcast_to(0.5 + 0.2 * n["background"], across.shape)
    wide = width * (1 + 0.12 - 0.22 * (0.7 + 0.9 * t["jaw"]) * down)  # of the head, row by row
    behind = _disc(across, down - 0.35 * t["hair length"], width + 0.16, height + 0.12)
    picture = _over(picture, hair, behind)
    head = _disc(across, down, wide, height)
    picture = _over(picture, skin, head)
    x = across - 0.11 * n["turn"]  # features move more than the outline
    edge = -0.42 + 0.2 * t["hairline"] + 0.25 * x * x
    picture = _over(picture, hair, head * _ramp(edge - down))
    for side in (-1, 1):
        picture = _eye(picture, side * x, down, t, n, hair, skin)
    picture = _nose(picture, x, down, t, skin)
    picture = _mouth(picture, x, down, t, n, skin)
    shade = 1 + 0.25 * n["light from the left"] * -across + 0.2 * n["light from above"] * -down
    picture = picture * shade * (1 + 0.2 * n["exposure"]) + NOISE * noise
    return np.clip(picture, 0, 1)


def _person(rng, group: int) -> np.ndarray:
    spread = np.repeat([1, NARROW] if group == 0 else [NARROW, 1], [len(UPPER), len(LOWER)])
    return spread * (2 * rng.random(len(TRAITS)) - 1)


def _circumstances(rng) -> np.ndarray:
    taken = 2 * rng.random(len(NUISANCES)) - 1
    taken[-1] = taken[-1] > 0.6  # every fifth wears glasses
    return taken


def _face_coordinates(n: dict) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel lies in the face: across to the right, down, the head's middle at zero."""
    at = ((np.arange(SIZE) + 0.5) * 2 / SIZE - 1).astype(np.float32)
    across = at[None, None, :] - 0.07 * n["right"]
    down = at[None, :, None] - 0.07 * n["down"]
    tangent = 0.06 * n["roll"]  # of half the angle: sine and cosine without a table
    zoom = (1 + 0.06 * n["closer"]) * (1 + tangent * tangent)
    cosine, sine = (1 - tangent * tangent) / zoom, 2 * tangent / zoom
    return cosine * across + sine * down, cosine * down - sine * across


def _ramp(inside: np.ndarray, soft: float = 0.09) -> np.ndarray:
    """0 outside, 1 inside, and in between where the distance to the edge is small."""
    return np.clip(0.5 + inside / soft, 0, 1)


def _disc(x, y, a, b, soft: float = 0.09) -> np.ndarray:
    """How much of each pixel an ellipse with these half-axes covers."""
    u, v = x / a, y / b
    slope = np.sqrt(u / a * (u / a) + v / b * (v / b))  # half that of 1 - u² - v²
    inside = (1 - u * u - v * v) / (2 * slope + np.float32(1e-3))
    return _ramp(np.minimum(inside, np.minimum(a, b)), soft)


def _over(picture, ink, cover) -> np.ndarray:
    return picture + cover * (ink - picture)


def _eye(picture, x, y, t, n, hair, skin) -> np.ndarray:
    """Eye, brow and glass on the side where x is positive."""
    middle = 0.24 + 0.08 * t["eye gap"]
    level = -0.1 + 0.09 * t["eye level"]
    a = 0.12 + 0.05 * t["eye size"]
    open_by = a * (0.55 - 0.25 * t["eye narrowness"]) * (0.75 - 0.4 * n["closed eyes"])
    dx, dy = x - middle, y - level
    white = _disc(dx, dy, a, open_by)
    picture = _over(picture, np.minimum(skin + 0.22, 1), white)
    picture = _over(picture, 0.25 + 0.25 * t["iris"], white * _disc(dx, dy, 0.065, 0.065))
    brow = level - 0.19 - 0.07 * t["brow level"] - 0.04 * n["raised brows"]
    dy = y - brow - 0.5 * t["brow tilt"] * dx
    picture = _over(picture, 0.7 * hair, _disc(dx, dy, 0.17, 0.05 + 0.035 * t["brow weight"]))
    outer, inner = _disc(dx, y - level, 0.22, 0.19), _disc(dx, y - level, 0.16, 0.13)
    bridge = _ramp(0.06 - np.abs(x)) * _ramp(0.025 - np.abs(y - level))
    return _over(picture, np.float32(0.12), n["glasses"] * np.maximum(outer - inner, bridge))


def _nose(picture, x, y, t, skin) -> np.ndarray:
    tip = 0.2 + 0.11 * t["nose length"]
    half = 0.1 + 0.06 * t["nose width"]
    dark = skin * (0.68 - 0.3 * t["nose shade"])
    picture = _over(picture, dark, _disc(x, y - tip, half, 0.045))
    side = _ramp(0.03 - np.abs(x - 0.6 * half)) * _ramp(y + 0.05) * _ramp(tip - y)
    return _over(picture, 0.5 * (skin + dark), side)


def _mouth(picture, x, y, t, n, skin) -> np.ndarray:
    half = (0.22 + 0.1 * t["mouth width"]) * (1 + 0.12 * n["smile"])
    level = 0.42 + 0.09 * t["mouth level"]
    curve = y - level + 0.7 * n["smile"] * (x * x - 0.02)
    thick = 0.05 + 0.035 * t["lips"] + 0.025 * np.maximum(n["open mouth"], 0)
    within = _ramp(half - np.abs(x))
    picture = _over(picture, 0.55 * skin, within * _disc(x, curve, half, thick))
    gap = 0.035 * np.maximum(n["open mouth"], 0) + 0.005
    return _over(picture, np.float32(0.15), within * _disc(x, curve, 0.8 * half, gap))
