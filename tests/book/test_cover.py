"""The cover is what its program computes, and its caption says what the program finds."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from tools import cover

ROOT = Path(__file__).parents[2]


def test_the_cover_is_the_program_s():
    stored = np.asarray(Image.open(cover.PATH).convert("RGBA"), dtype=int)
    drawn = np.asarray(cover.cover(), dtype=int)
    assert stored.shape == drawn.shape
    assert np.abs(stored - drawn).max() <= 2, "another processor may round a shade differently"


def test_the_caption_s_numbers_are_computed():
    images = load_digits().images
    patches = len(images) * (images.shape[1] - 2) * (images.shape[2] - 2)
    _, share = cover.kernels(images)
    caption = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")
    assert f"all {patches:,} patches" in caption
    assert f"{share.sum():.0%} of its variance".replace("%", " %") in caption
