"""`utils.data`: the bytes of every set, what the sets promise, and what goes wrong with files."""

import gzip
import hashlib
import http.server
import importlib
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import requests
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from utils import data
from utils.data import composed, full_scale, images, kinds, text
from utils.data.portraits import LOWER, NARROW, NUISANCES, TRAITS, UPPER, draw

opinions = importlib.import_module("utils.data.opinions")  # `data.opinions` is its function

DEFAULT = data.names(full_scale=False)
FULL = tuple(name for name in data.names() if name not in DEFAULT)
SHARED = Path(os.environ.get("LARGE_MODELS_DATA") or Path(__file__).parents[3] / "shared" / "data")


# Names and hashes


@pytest.mark.parametrize("name", DEFAULT)
def test_every_machine_has_the_same_bytes(name):
    assert len(data.verify(name)) == 64


def test_verify_tells_other_bytes(monkeypatch):
    changed = data.load("wine")
    changed.x[0, 0] += 1e-3
    entry = data._SETS["wine"]
    monkeypatch.setitem(data._SETS, "wine", type(entry)(lambda: changed, "", entry.sha256))
    with pytest.raises(ValueError, match=r"'wine' has other bytes .* constraints.txt"):
        data.verify("wine")


@pytest.mark.parametrize("name", ["digits", "photos", "wine", "co2"])
def test_a_set_is_the_callers_own(name):
    first = data.load(name)
    before = data.fingerprint(first)
    values = first.values if name == "co2" else first.x
    values.zero_()
    assert data.fingerprint(data.load(name)) == before


def test_names_hold_every_set_of_the_design():
    assert set(DEFAULT) == {
        *("digits", "scenes", "recall", "cancer", "diabetes", "wine", "co2", "sunspots", "photos"),
        *("source", "docs", "imports", "translations", "opinions", "portraits"),
    }
    assert set(FULL) == {"mnist", "reviews", "shakespeare", "faces"}


def test_describe_has_a_line_for_each_and_all_about_one():
    lines = data.describe().splitlines()
    assert [line.split()[0] for line in lines] == list(data.names())
    assert "Shapes:" in data.describe("digits") and "CC BY 4.0" in data.describe("digits")
    for name in data.names():
        assert "Source:" in data.describe(name)


@pytest.mark.parametrize("ask", [data.load, data.verify, data.describe])
def test_unknown_name_names_the_nearest(ask):
    with pytest.raises(ValueError, match=r"No data set 'digit'; the nearest is 'digits'"):
        ask("digit")


def test_unknown_option_names_those_there_are():
    with pytest.raises(TypeError, match=r"'digits' has no option 'side'; it has size\."):
        data.load("digits", side=28)
    with pytest.raises(TypeError, match=r"'wine' has no option 'part'; it has none\."):
        data.load("wine", part="test")


def test_sets_show_shapes_instead_of_contents():
    shown = repr(data.digits())
    assert shown == "Images(x: (1797, 1, 8, 8) float32, y: (1797,) int64, names: 10)"
    with pytest.raises(AttributeError):
        data.digits().x = None  # frozen


def test_fingerprint_is_sha256_over_type_shape_and_bytes():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    expected = hashlib.sha256(b"<f4(2, 3)" + array.tobytes()).hexdigest()
    assert data.fingerprint(array) == expected == data.fingerprint(torch.from_numpy(array))
    assert data.fingerprint(array.astype(">f4")) == expected  # whatever the byte order
    assert data.fingerprint(array.T) != expected
    assert data.fingerprint(("ab", "c")) != data.fingerprint(("a", "bc"))


# Pictures


def test_digits_are_scikit_learns_scaled():
    digits, raw = data.digits(), load_digits()
    assert digits.x.dtype == torch.float32 and digits.y.dtype == torch.int64
    assert np.array_equal(digits.x[:, 0].numpy() * 16, raw.images)
    assert np.array_equal(digits.y, raw.target)


@pytest.mark.parametrize("size", [8, 13, 28])
def test_resized_digits_equal_torchs_bilinear_ones(size):
    resized = data.digits(size).x
    assert resized.shape == (1797, 1, size, size)
    assert 0 <= resized.min() and resized.max() <= 1
    torch.testing.assert_close(
        resized, F.interpolate(data.digits().x, size=(size, size), mode="bilinear")
    )


@given(st.integers(2, 12), st.integers(0, 30))
def test_resizing_weights_are_whole_and_add_up(side, more):
    weights = images._weights(side, side + more)
    assert weights.dtype == np.int64 and (weights >= 0).all()
    assert (weights.sum(axis=1) == 2 * (side + more)).all()


@pytest.mark.parametrize("size", [7, 65, 28.0, "28", True])
def test_digits_in_a_wrong_size_are_refused(size):
    with pytest.raises(ValueError, match="sizes from 8 to 64"):
        data.digits(size)


def test_photos_are_two_in_colour_and_pieces_come_from_the_middle():
    photos = data.photos()
    assert photos.x.shape == (2, 3, 427, 640) and photos.names == ("china", "flower")
    assert photos.x.min() == 0 and photos.x.max() == 1
    assert torch.equal(data.photos((27, 40)).x, photos.x[:, :, 200:227, 300:340])


@pytest.mark.parametrize("size", [(428, 10), (0, 10), (10,), 10, (10.0, 10)])
def test_a_wrong_piece_of_a_photo_is_refused(size):
    with pytest.raises(ValueError, match=r"\(height, width\) within \(427, 640\)"):
        data.photos(size)


# Scenes


@pytest.mark.parametrize("options", [{}, {"clutter": 3, "most": 4}, {"part": "test", "size": 64}])
def test_boxes_lie_inside_apart_and_tight_around_their_ink(options):
    found = data.scenes(60, **options)
    size, elsewhere = options.get("size", 48), 0.0
    for picture, boxes, labels in zip(found.x[:, 0], found.boxes, found.labels):
        ours = boxes[labels >= 0].int().tolist()
        covered = torch.zeros_like(picture)
        for left, top, right, bottom in ours:
            assert 0 < left < right < size and 0 < top < bottom < size
            ink = picture[top:bottom, left:right]
            for side in (ink[0], ink[-1], ink[:, 0], ink[:, -1]):
                assert side.max() > 0
            covered[top:bottom, left:right] += 1
        assert covered.max() == 1
        elsewhere += picture[covered == 0].sum().item()
        assert (boxes[labels < 0] == 0).all() and len(ours) == int((labels >= 0).sum()) >= 1
    assert (elsewhere > 0) == ("clutter" in options)
    assert 0 <= found.x.min() and found.x.max() <= 1


def test_a_scene_shows_originals_of_its_own_part():
    digits = data.digits()
    parts = data.split(digits.x, digits.y)
    for part, originals in (("train", parts.x_train), ("test", parts.x_test)):
        raw, labels = composed._originals(part)
        assert np.array_equal(raw, (16 * originals[:, 0]).long())
        assert len(labels) == len(originals) > 400


SENTENCE_WORDS = {
    *("a small large from the left right top bottom at above of and".split()),
    *("zero one two three four five six seven eight nine".split()),
}


def test_captions_say_what_is_in_the_picture():
    found = data.scenes(300)
    words = "zero one two three four five six seven eight nine".split()
    counts = set()
    for caption, boxes, labels in zip(found.captions, found.boxes, found.labels):
        ours, boxes = labels[labels >= 0].tolist(), boxes[labels >= 0]
        told = [words.index(word) for word in caption.split() if word in words]
        assert sorted(told) == sorted(ours)
        assert set(caption.split()) <= SENTENCE_WORDS and "  " not in caption
        across = (boxes[:, 0] + boxes[:, 2]) / 2
        down = (boxes[:, 1] + boxes[:, 3]) / 2
        heights = dict(zip(ours, (boxes[:, 3] - boxes[:, 1]).tolist()))
        assert (across.diff() >= 0).all()
        if len(ours) == len(set(ours)):
            for before, word in zip(caption.split(), caption.split()[1:]):
                if word in words:
                    assert (heights[words.index(word)] > 14.5) == (before == "large")
        if len(ours) == 1:
            vertical, horizontal = caption.split()[-2:]
            assert (vertical == "top") == (down[0] < 24)
            assert (horizontal == "left") == (across[0] < 24)
        elif " above " in caption:
            order = down.argsort().tolist()
            assert told == [ours[at] for at in order] and down.diff().abs() > across.diff()
        else:
            assert told == ours
        counts.add(len(ours))
    assert counts == {1, 2, 3}


def test_captions_of_given_boxes():
    small, large = (2, 2, 10, 13), (20, 20, 40, 42)
    assert data.caption([3], [small], 48) == "a small three at the top left"
    assert data.caption([3], [large], 48) == "a large three at the bottom right"
    assert (
        data.caption([3, 7], [small, (30, 3, 38, 14)], 48) == "a small three left of a small seven"
    )
    assert data.caption([3, 7], [(2, 20, 22, 42), (6, 2, 22, 13)], 48) == (
        "a small seven above a large three"
    )
    assert data.caption([3, 7, 1], [small, large, (41, 2, 46, 13)], 48) == (
        "from the left a small three and a large seven and a small one"
    )


def test_scenes_follow_from_the_seed():
    assert data.fingerprint(data.scenes(5, seed=1)) == data.fingerprint(data.scenes(5, seed=1))
    assert data.fingerprint(data.scenes(5, seed=1)) != data.fingerprint(data.scenes(5, seed=2))
    assert torch.equal(data.scenes(8).x[:5], data.scenes(5).x)  # more scenes, the same first ones


@pytest.mark.parametrize(
    "options",
    [{"n": 0}, {"n": 2.0}, {"most": 5}, {"size": 47}, {"clutter": -1}, {"seed": -1}, {"n": True}],
)
def test_scenes_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} is a whole number from"):
        data.scenes(**options)


def test_scenes_of_an_unknown_part_are_refused():
    with pytest.raises(ValueError, match="part is 'train' or 'test'; not 'dev'"):
        data.scenes(3, part="dev")


# Portraits


def test_portraits_have_the_shapes_they_promise():
    found = data.portraits(7, 3, minority=30)
    assert found.x.shape == (21, 1, 32, 32) and found.x.dtype == torch.float32
    assert 0 <= found.x.min() < 0.2 and 0.8 < found.x.max() <= 1
    assert found.y.tolist() == [person for person in range(7) for _ in range(3)]
    assert found.group.dtype == torch.int64
    assert found.traits.shape == (7, len(TRAITS)) and found.taken.shape == (21, len(NUISANCES))
    assert found.traits.abs().max() <= 1 and found.taken.abs().max() <= 1


@pytest.mark.parametrize("minority, expected", [(0, 0), (5, 5), (33, 33), (50, 50), (100, 100)])
def test_the_minority_is_as_large_as_asked(minority, expected):
    assert int(data.portraits(100, 1, minority=minority).group.sum()) == expected


def test_a_person_keeps_traits_and_the_groups_differ_in_other_ones():
    found = data.portraits(400, 1)
    spread = torch.stack([found.traits[found.group == g].std(0) for g in (0, 1)])
    upper, lower = spread[:, : len(UPPER)], spread[:, len(UPPER) :]
    assert TRAITS == UPPER + LOWER and len(UPPER) == len(LOWER)
    for wide, narrow in ((upper[0], upper[1]), (lower[1], lower[0])):
        torch.testing.assert_close(narrow / wide, torch.full((10,), NARROW), rtol=0.2, atol=0)
    taken = found.taken[:, -1]
    assert set(taken.tolist()) == {0.0, 1.0} and 0.1 < taken.mean() < 0.3  # glasses


def test_portraits_of_two_parts_show_different_people():
    parts = [data.portraits(20, 1, part=part) for part in ("train", "validation", "test")]
    traits = torch.cat([part.traits for part in parts])
    assert len(traits.unique(dim=0)) == 60


def test_more_portraits_keep_the_first_ones():
    few, many = data.portraits(4, 2, seed=3), data.portraits(6, 3, seed=3)
    assert torch.equal(few.traits, many.traits[:4])
    assert torch.equal(few.x[2:4], many.x[3:5])
    assert not torch.equal(few.x, data.portraits(4, 2, seed=4).x)


@pytest.mark.parametrize("trait", range(20))
def test_every_trait_is_seen(trait):
    plain, taken, noise = np.zeros((1, 20)), np.zeros((1, 14)), np.zeros((1, 32, 32))
    changed = plain.copy()
    changed[0, trait] = 1
    plain[0, trait] = -1
    rows = [row.astype(np.float32) for row in (plain, changed, taken, noise)]
    difference = np.abs(draw(rows[0], *rows[2:]) - draw(rows[1], *rows[2:]))
    assert difference.max() > 0.1


@pytest.mark.parametrize("nuisance", range(14))
def test_every_nuisance_is_seen_and_changes_no_more_than_it_should(nuisance):
    traits, noise = np.zeros((1, 20), np.float32), np.zeros((1, 32, 32), np.float32)
    plain = np.zeros((1, 14), np.float32)
    changed = plain.copy()
    changed[0, nuisance] = 1
    difference = np.abs(draw(traits, plain, noise) - draw(traits, changed, noise))[0]
    assert difference.max() > 0.08
    if NUISANCES[nuisance] in ("smile", "open mouth"):
        assert difference[:18].max() == 0 and difference[18:28].max() > 0
    if NUISANCES[nuisance] in ("closed eyes", "raised brows", "glasses"):
        assert difference[20:].max() == 0


def test_a_mirrored_face_is_the_same_face():
    zeros = np.zeros((1, 20), np.float32), np.zeros((1, 14), np.float32)
    picture = draw(*zeros, np.zeros((1, 32, 32), np.float32))[0]
    mirrored = picture[:, ::-1].copy()
    mirrored[14:21, 12:20] = picture[14:21, 12:20]  # the nose throws its shadow to one side
    np.testing.assert_allclose(picture, mirrored, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{"persons": 0}, {"each": 0}, {"minority": 101}, {"minority": 0.5}, {"seed": -1}]
)
def test_portraits_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} is a whole number from"):
        data.portraits(**options)


def test_portraits_of_an_unknown_part_are_refused():
    with pytest.raises(ValueError, match="part is 'train', 'validation' or 'test'; not 'dev'"):
        data.portraits(3, part="dev")


# Recall


@pytest.mark.parametrize("options", [{}, {"lag": 1}, {"lag": 7, "symbols": 26, "part": "test"}])
def test_recall_asks_for_the_first_symbol(options):
    found = data.recall(200, **options)
    lag, symbols = options.get("lag", 20), options.get("symbols", 8)
    assert found.x.shape == (200, lag + 1) and len(found.names) == symbols + 1
    assert torch.equal(found.y, found.x[:, 0])
    assert (found.x[:, -1] == symbols).all() and found.names[symbols] == "?"
    assert 0 <= found.x[:, :-1].min() and found.x[:, :-1].max() == symbols - 1


def test_recall_answers_are_spread_evenly_and_nothing_else_tells_them():
    found = data.recall(40_000, lag=3, symbols=4)
    pairs = torch.bincount(4 * found.x[:, 0] + found.x[:, 1], minlength=16) / 40_000
    torch.testing.assert_close(pairs, torch.full((16,), 1 / 16), rtol=0, atol=0.006)


def test_recall_follows_from_the_seed_and_parts_are_drawn_apart():
    assert torch.equal(data.recall(9, seed=3).x, data.recall(9, seed=3).x)
    assert not torch.equal(data.recall(9, seed=3).x, data.recall(9, seed=4).x)
    assert not torch.equal(data.recall(9).x, data.recall(9, part="test").x)


@pytest.mark.parametrize(
    "options",
    [{"n": 0}, {"lag": 0}, {"lag": 2.0}, {"symbols": 1}, {"symbols": 27}, {"seed": -1}],
)
def test_recall_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} is a whole number from"):
        data.recall(**options)


def test_recall_of_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="'train' or 'test'; not 'dev'"):
        data.recall(3, part="dev")


# Opinions


def sense(text):
    """The sense of a sentence, read by rules of its own: True if it is for the film."""
    good = {word for _, words in opinions.ADJECTIVES.values() for word in words.split()}
    if " but " in text:
        return sense(text.split(" but ")[1])
    if text.startswith("although "):
        words = text.split()
        return sense(" ".join(words[len(words) - words[::-1].index("the") - 1 :]))
    if " although " in text:
        return sense(text.split(" although ")[0])
    words = text.split()
    turns = sum(word in ("doubt", "nobody", "not", "never", "hardly", "less") for word in words)
    if "than" in words:
        turns += words[1] != "film"
    return (any(word in good for word in words)) == (turns % 2 == 0)


@pytest.mark.parametrize("part", opinions.PARTS)
def test_opinions_mean_what_their_label_says(part):
    found = data.opinions(1200, part=part)
    assert [sense(text) for text in found.texts] == found.y.bool().tolist()
    shares = {kind: [] for kind in found.constructions}
    for kind, y in zip(found.constructions, found.y.tolist()):
        shares[kind].append(y)
    counts = [len(labels) for labels in shares.values()]
    assert max(counts) - min(counts) <= 1
    assert all(abs(2 * sum(labels) - len(labels)) <= 1 for labels in shares.values())


def test_parts_of_the_opinions_hold_the_words_and_constructions_that_they_promise():
    train = data.opinions(6000)
    words = {word for text in train.texts for word in text.split()}
    transfer, unseen = (
        {word for side in opinions.ADJECTIVES[part] for word in side.split()}
        for part in ("transfer", "unseen")
    )
    assert transfer < words and not unseen & words
    for sentence, kind in zip(train.texts, train.constructions):
        assert kind == "plain" or not transfer & {*sentence.split()}
    for part in opinions.PARTS[1:]:
        found = data.opinions(1200, part=part)
        assert not {*train.texts} & {*found.texts}
        new = {word for text in found.texts for word in text.split()} - words
        assert new == (unseen if part == "unseen" else set())
    composed = data.opinions(8, part="composed").constructions
    assert not {*composed} & {*train.constructions} and len({*train.constructions}) == 8
    assert "plain" not in data.opinions(99, part="transfer").constructions


def test_opinions_nest_as_deep_as_asked_and_follow_from_the_seed():
    found = data.opinions(60, part="test", depth=5)
    assert all(text.split().count("that") == 5 for text in found.texts)
    assert [sense(text) for text in found.texts] == found.y.bool().tolist()
    assert {text.split().count("that") for text in data.opinions(400).texts} == {0, 1, 2}
    assert data.opinions(40, seed=1).texts[:9] == data.opinions(9, seed=1).texts
    assert data.opinions(40, seed=1).texts != data.opinions(40, seed=2).texts


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 0}, "n is a whole number from"),
        ({"seed": -1}, "seed is a whole number from"),
        ({"part": "dev"}, "one of train, test, transfer, unseen, composed; not 'dev'"),
        ({"depth": 0}, "depth is a whole number from 1 to 20"),
        ({"depth": 2, "part": "composed"}, "'composed' does not have"),
    ],
)
def test_opinions_that_are_not_there_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        data.opinions(**options)


# Tables and series


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("cancer", (569, 30), [212, 357]),
        ("wine", (178, 13), [59, 71, 48]),
        ("diabetes", (442, 10), []),
    ],
)
def test_tables_have_their_rows_features_and_classes(name, shape, classes):
    table = data.load(name)
    assert table.x.shape == shape and len(table.features) == shape[1] and table.target
    assert table.x.isfinite().all() and table.x.dtype == torch.float32
    if classes:
        assert table.y.bincount().tolist() == classes and len(table.names) == len(classes)
    else:
        assert table.y.dtype == torch.float32 and (table.y.min(), table.y.max()) == (25, 346)
        assert table.x[0, 0] == 59  # years, not standardised


def test_co2_is_monthly_with_its_gaps_or_weekly():
    co2, weekly = data.co2(), data.co2("week")
    assert co2.values.shape == co2.t.shape == (526,) and int(co2.values.isnan().sum()) == 5
    assert weekly.values.shape == (2284,) and int(weekly.values.isnan().sum()) == 59
    assert co2.t[0] == pytest.approx(1958 + 2 / 12) and np.allclose(np.diff(co2.t), 1 / 12)
    assert co2.values[1].item() == pytest.approx((317.3 + 317.6 + 317.5 + 316.4) / 4)
    assert (co2.period, co2.unit) == (12, "ppm")
    with pytest.raises(ValueError, match="by 'month' or by 'week'; not by 'day'"):
        data.co2("day")


def test_sunspots_are_yearly():
    sunspots = data.sunspots()
    assert sunspots.t[[0, -1]].tolist() == [1700, 2008] and len(sunspots.values) == 309
    assert 0 <= sunspots.values.min() and sunspots.values.max() < 200


# Text


def test_source_files_are_named_from_the_package_on_in_order():
    source = data.source(("jinja2", "joblib"))
    assert list(source.names) == sorted(source.names)
    assert {name.split("/")[0] for name in source.names} == {"jinja2", "joblib"}
    assert "jinja2/lexer.py" in source.names and not any("/test/" in n for n in source.names)
    assert "class Lexer" in source.texts[source.names.index("jinja2/lexer.py")]
    assert data.fingerprint(source) == data.fingerprint(data.source(("joblib", "jinja2")))
    assert any("/test/" in name for name in data.source(("joblib",), tests=True).names)


def test_a_stray_file_in_a_package_changes_nothing(monkeypatch):
    listed = list(text.metadata.files("jinja2"))
    before = data.fingerprint(data.source("jinja2"))
    monkeypatch.setattr(text.metadata, "files", lambda name: listed[::-1])
    assert data.fingerprint(data.source("jinja2")) == before


@settings(deadline=None, max_examples=20)
@given(st.integers(10_000, 600_000))
def test_a_budget_is_kept_with_whole_files(budget):
    everything, part = data.source("jinja2"), data.source("jinja2", budget=budget)
    whole = dict(zip(everything.names, everything.texts))
    assert all(whole.pop(name) == code for name, code in zip(part.names, part.texts))
    left = budget - sum(len(code.encode()) for code in part.texts)
    assert left >= 0
    assert all(len(code.encode()) > left for code in whole.values() if code)  # no other one fits


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"packages": "numpy"}, "No package 'numpy' here; there are sympy"),
        ({"packages": ()}, "at least one package"),
        ({"packages": "jinja2", "budget": 0}, "from 1; not 0"),
        ({"packages": "jinja2", "budget": 1.5}, r"from 1; not 1\.5"),
        ({"packages": "jinja2", "budget": 10}, "No file fits into a budget of 10 bytes"),
    ],
)
def test_source_of_nothing_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        data.source(**options)


def test_a_package_that_is_not_there_is_named(monkeypatch):
    def missing(name):
        raise text.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(text.metadata, "files", missing)
    with pytest.raises(FileNotFoundError, match="jinja2 is not installed here; `make setup`"):
        data.source("jinja2")


def test_a_file_that_is_not_there_is_named(monkeypatch):
    (path, *_) = (p for p in text.metadata.files("jinja2") if p.suffix == ".py")
    path.dist = type("Gone", (), {"locate_file": staticmethod(lambda _: Path("nowhere.py"))})
    monkeypatch.setattr(text.metadata, "files", lambda name: [path])
    with pytest.raises(FileNotFoundError, match=r"jinja2/\w+\.py is missing; reinstall jinja2"):
        data.source("jinja2")


CODE = '''
"""A module.

It has a second paragraph, of some eight words or more."""
import os, sys as system
from . import near, name
from ..up import thing
if True:
    def f():
        """Add :class:`~a.B` to ``x < 1`` and *more*.

        Parameters
        ----------
        x : number

        >>> f(1)
        2

        The body `of <https://x.y>`_ it has a dozen words, so it is long enough::

            code

        And the **last** words make for a body that is long enough.
        """
        from sympy.core import add
try:
    class C:
        def g(self):
            "No full stop"
finally:
    import late
'''


@pytest.fixture
def one_file(monkeypatch):
    files = {"p/q/__init__.py": "", "p/q/near.py": "", "p/q/m.py": CODE, "p/up.py": "thing = 1\n"}
    source = kinds.Source(tuple(sorted(files)), tuple(files[name] for name in sorted(files)))
    monkeypatch.setattr(text, "source", lambda *_, **__: source)


def test_docs_are_prose_and_pairs(one_file):
    docs = data.docs()
    assert docs.names == ("p/q/m.py", "p/q/m.py:f")
    assert docs.texts[1] == (
        "Add a.B to x < 1 and more.\n\nAnd the last words make for a body that is long enough."
    )
    assert docs.summaries == ("A module.", "Add a.B to x < 1 and more.")
    assert docs.bodies[1] == "And the last words make for a body that is long enough."


def test_imports_are_resolved(one_file):
    imports = data.imports()
    assert imports.files == ("p/q/m.py",)
    assert imports.modules == ("late", "os", "p.q", "p.q.near", "p.up", "sympy.core", "sys")
    assert imports.pairs.tolist() == [[0, column] for column in range(7)]


def test_docs_and_imports_of_the_environment():
    docs, imports = data.docs(), data.imports()
    assert len(docs.names) == len(docs.texts) > 10_000
    assert len(docs.bodies) == len(docs.summaries) > 3000
    assert len(set(zip(docs.bodies, docs.summaries))) == len(docs.bodies)
    assert not any(">>>" in body or "\n    " in body for body in docs.bodies)
    assert all(summary.endswith(".") for summary in docs.summaries)
    assert all(len(body.split()) >= 8 for body in docs.bodies)
    assert len(imports.files) > 1000 and "sympy.core.symbol" in imports.modules
    assert len({tuple(pair) for pair in imports.pairs.tolist()}) == len(imports.pairs)
    assert imports.pairs.amax(0).tolist() == [len(imports.files) - 1, len(imports.modules) - 1]
    assert not any("\\" in file or file.startswith("/") for file in imports.files)


# Translations


def test_dates_are_those_of_cldr():
    dates = data.translations("dates", n=200)
    assert len(dates.source) == len(set(dates.source)) == 200 and dates.languages == ("en", "zh")
    assert all("年" in target and target.count("月") == 1 for target in dates.target)
    for source, target in zip(dates.source, dates.target):
        year = source.split()[-1]
        assert target.startswith(year + "年") and ("星期" in target) == ("day, " in source)


def test_numbers_and_amounts_keep_their_value():
    pairs = data.translations("numbers", n=300)
    power = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
    big = {"万": 1e4, "亿": 1e8, "万亿": 1e12, "": 1.0}
    checked = 0
    for source, target in zip(pairs.source, pairs.target):
        figure, word = source.split(" ", 1)
        if word in power:
            digits = target.rstrip("万亿")
            value = float(digits) * big[target[len(digits) :]]
            assert value == pytest.approx(float(figure) * power[word])
            checked += 1
        else:
            assert figure in target and "-" not in target
    assert 100 < checked < 200


def test_names_and_interface_strings_are_whole():
    territories = dict(zip(*_sides(data.translations("territories"))))
    assert territories["France"] == "法国" and len(territories) > 250
    assert dict(zip(*_sides(data.translations("languages", "de"))))["French"] == "Französisch"
    interface = dict(zip(*_sides(data.translations("interface"))))
    assert len(interface) > 3000 and interface["Appearance"] == "外观"
    assert not any("\x04" in key for key in interface) and all(interface.values())


def _sides(pairs):
    return pairs.source, pairs.target


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "date"}, "No translations of kind 'date'; there are dates"),
        ({"target": "xx"}, "No language 'xx' in CLDR"),
        ({"target": 3}, "No language 3 in CLDR"),
        ({"n": 0}, "n is a whole number from 1"),
        ({"n": 10**6}, "n is a whole number from 1 to 100000"),
        ({"kind": "interface", "target": "de"}, "from 'en' to 'zh' only"),
    ],
)
def test_translations_that_are_not_there_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        data.translations(**options)


# Splitting


@settings(deadline=None)
@given(st.integers(20, 120), st.floats(0.2, 0.8), st.integers(0, 99), st.booleans())
def test_split_puts_every_case_on_one_side(n, share, seed, stratify):
    x, y = np.arange(n, dtype=np.float64)[:, None], np.arange(n) % 3
    parts = data.split(x, y, test=share, seed=seed, stratify=stratify)
    train, test = parts.x_train.flatten().tolist(), parts.x_test.flatten().tolist()
    assert sorted(train + test) == list(range(n))
    assert len(test) == int(np.ceil(share * n))
    assert torch.equal(parts.y_train, parts.x_train.flatten().long() % 3)
    if stratify:
        assert max(parts.y_test.bincount()) - min(parts.y_test.bincount()) <= 2
    again = data.split(torch.from_numpy(x), y, test=share, seed=seed, stratify=stratify)
    assert torch.equal(again.x_test, parts.x_test)


def test_split_keeps_types_and_the_share_of_each_class():
    digits = data.digits()
    x_train, x_test, y_train, y_test = data.split(digits.x, digits.y)
    assert x_train.shape == (1347, 1, 8, 8) and x_test.shape == (450, 1, 8, 8)
    assert x_test.dtype == torch.float32 and y_test.dtype == torch.int64
    shares = y_test.bincount() / digits.y.bincount()
    assert shares.min() > 0.24 and shares.max() < 0.26
    assert len(y_train) == 1347


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(20, 200), st.floats(0.3, 0.7), st.integers(0, 99))
def test_split_draws_what_scikit_learn_draws(classes, n, share, seed):
    x = np.arange(n + 2 * classes)
    y = np.random.default_rng(seed).integers(classes, size=n) ** 2  # unequal classes, with gaps
    y = np.concatenate([y, np.repeat(np.arange(classes) ** 2, 2)])
    for stratify in (True, False):
        parts = data.split(x, y, test=share, seed=seed, stratify=stratify)
        expected = train_test_split(
            x, test_size=share, random_state=seed, stratify=y if stratify else None
        )
        for ours, theirs in zip((parts.x_train, parts.x_test), expected):
            assert ours.tolist() == theirs.tolist()


X, Y = torch.ones(8, 2), torch.tensor([0, 1] * 4)


@pytest.mark.parametrize(
    ("error", "arguments", "says"),
    [
        (TypeError, {"x": ["a"] * 8}, "x must hold numbers; this is list"),
        (TypeError, {"x": None}, "x must hold numbers; this is NoneType"),
        (ValueError, {"x": torch.empty(0, 2)}, r"x must hold at least one case.*\(0, 2\)"),
        (ValueError, {"x": torch.ones(7, 2)}, "7 cases against 8 labels"),
        (ValueError, {"x": torch.full((8, 2), torch.nan)}, "x holds 16 NaN"),
        (ValueError, {"y": torch.full((8,), torch.nan)}, "y holds 8 NaN"),
        (ValueError, {"y": Y[:, None]}, r"y must have one dimension.*\(8, 1\)"),
        (ValueError, {"y": Y.float()}, "pass stratify=False"),
        (ValueError, {"test": 0.0}, r"between 0 and 1, such as 0\.25; not 0\.0"),
        (ValueError, {"test": 3}, "between 0 and 1"),
        (ValueError, {"y": torch.arange(8)}, "8 cases cannot be split so: a class has only one"),
        (ValueError, {"test": 0.9}, "so: 0 for training and 8 for the test are too few for 2"),
        (ValueError, {"test": 0.99, "stratify": False}, "are too few for one case"),
    ],
)
def test_what_cannot_be_split_is_named(error, arguments, says):
    with pytest.raises(error, match=says):
        data.split(**({"x": X, "y": Y} | arguments))


# Full scale: files here, in the cache, and from a server on this machine


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """An empty cache, no folder, and a registry with one plain and one packed file."""
    monkeypatch.setattr(full_scale, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("LARGE_MODELS_PROGRESS", "0")
    monkeypatch.delenv("LARGE_MODELS_DATA", raising=False)
    plain = hashlib.sha256(b"to be").hexdigest()
    files = {
        "play": full_scale.File("play.txt", "http://127.0.0.1:9/play.txt", (plain,), 5, "free"),
        "pack": full_scale.File("in/pack.gz", "http://127.0.0.1:9/pack.gz", (plain,), 5, "free"),
    }
    monkeypatch.setattr(full_scale, "REGISTRY", files)
    return files


@pytest.fixture
def served(registry, tmp_path, monkeypatch):
    """Serve a folder on this machine and let the registry's addresses lead there."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name, file in registry.items():
        address = f"http://127.0.0.1:{server.server_port}/{Path(file.path).name}"
        monkeypatch.setitem(registry, name, full_scale.File(**(vars(file) | {"address": address})))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield folder
    server.shutdown()
    server.server_close()


def left_behind():
    cache = full_scale.CACHE
    return [path for path in cache.rglob("*") if path.is_file()] if cache.exists() else []


def test_a_file_of_the_folder_comes_first(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("LARGE_MODELS_DATA", str(tmp_path))
    (tmp_path / "play.txt").write_bytes(b"to be")
    (tmp_path / "pack.gz").write_bytes(gzip.compress(b"to be"))  # also without its subfolder
    assert full_scale.content("play") == full_scale.content("pack") == b"to be"
    assert left_behind() == []


def test_how_a_file_is_packed_does_not_matter(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("LARGE_MODELS_DATA", str(tmp_path))
    for level, stamp in ((1, 0), (9, 1234567)):
        (tmp_path / "pack.gz").write_bytes(gzip.compress(b"to be", level, mtime=stamp))
        assert full_scale.content("pack") == b"to be"


@pytest.mark.parametrize(
    "wrong",
    [b"", b"not to be", b"no gzip", gzip.compress(b"not to be"), gzip.compress(b"to be")[:9]],
    ids=["empty", "another text", "no gzip", "another text, packed", "cut off"],  # no time of day
)
def test_a_wrong_file_of_the_folder_is_named_and_left_alone(registry, tmp_path, monkeypatch, wrong):
    monkeypatch.setenv("LARGE_MODELS_DATA", str(tmp_path))
    for name in ("play", "pack"):
        path = tmp_path / Path(registry[name].path).name
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match=r"has the wrong content .* remove it") as error:
            full_scale.content(name)
        assert str(path) in str(error.value) and registry[name].address in str(error.value)
        assert path.read_bytes() == wrong


def test_a_packed_file_that_unpacks_to_far_too_much_is_stopped():
    bomb = gzip.compress(bytes(10_000_000))
    assert len(full_scale._unpack(bomb, 1000)) == 1001


def test_a_download_is_checked_kept_and_not_repeated(served):
    (served / "play.txt").write_bytes(b"to be")
    (served / "pack.gz").write_bytes(gzip.compress(b"to be"))
    for name in ("play", "pack"):
        assert full_scale.content(name) == b"to be"
        (served / Path(full_scale.REGISTRY[name].path).name).unlink()
        assert full_scale.content(name) == b"to be"
    assert sorted(path.name for path in left_behind()) == ["pack.gz", "play.txt"]


def test_a_wrong_download_is_removed(served):
    (served / "play.txt").write_bytes(b"not to be")
    with pytest.raises(ValueError, match="sent the wrong content for 'play', and it was removed"):
        full_scale.content("play")
    assert left_behind() == []


def test_an_address_without_the_file_is_named(served):
    with pytest.raises(FileNotFoundError, match=r"HTTPError.*get it from http"):
        full_scale.content("play")
    assert left_behind() == []


def test_no_network_is_one_sentence_with_the_way_out(registry):
    with socket.socket() as free:  # bound and not listening: nobody answers
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/play.txt"
        registry["play"] = full_scale.File(**(vars(registry["play"]) | {"address": address}))
        with pytest.raises(FileNotFoundError) as error:
            full_scale.content("play")
    said = str(error.value)
    assert "ConnectionError" in said and address in said and "LARGE_MODELS_DATA" in said
    assert str(full_scale.CACHE / "play.txt") in said and "\n" not in said
    assert error.value.__cause__ is None and left_behind() == []


def test_a_download_cut_short_leaves_nothing(registry, monkeypatch):
    def cut_short(self, url, output_file, pooch):
        Path(output_file).write_bytes(b"to")
        raise requests.ConnectionError("gone")

    monkeypatch.setattr(full_scale.pooch.HTTPDownloader, "__call__", cut_short)
    with pytest.raises(FileNotFoundError, match="ConnectionError"):
        full_scale.content("play")
    assert left_behind() == []


def test_a_cache_that_cannot_be_written_is_named(registry, tmp_path):
    full_scale.CACHE.write_bytes(b"a file where the folder should be")
    with pytest.raises(FileNotFoundError, match="cannot be written"):
        full_scale.content("play")


def test_registry_has_address_hash_and_licence_of_each_file():
    for name, file in full_scale.REGISTRY.items():
        assert name.split()[0] in FULL
        assert file.address.startswith("https://") and file.licence and file.size > 0
        assert file.sha256 and all(len(bytes.fromhex(known)) == 32 for known in file.sha256)
        assert not file.path.endswith((".pkl", ".pickle", ".pkz"))


def as_file(monkeypatch, tmp_path, name, content):
    """Put small content in the place of a registered file."""
    monkeypatch.setenv("LARGE_MODELS_DATA", str(tmp_path))
    file = full_scale.REGISTRY[name]
    known = vars(file) | {"sha256": (hashlib.sha256(content).hexdigest(),), "size": len(content)}
    monkeypatch.setitem(full_scale.REGISTRY, name, full_scale.File(**known))
    packed = gzip.compress(content) if file.path.endswith(".gz") else content
    (tmp_path / Path(file.path).name).write_bytes(packed)


def test_mnist_is_read_from_its_format(monkeypatch, tmp_path):
    pixels = np.arange(2 * 784, dtype=np.uint32).astype(np.uint8)
    as_file(monkeypatch, tmp_path, "mnist test images", bytes(16) + pixels.tobytes())
    as_file(monkeypatch, tmp_path, "mnist test labels", bytes(8) + bytes([7, 2]))
    mnist = data.mnist("test")
    assert mnist.x.shape == (2, 1, 28, 28) and mnist.x.max() == 1 and mnist.y.tolist() == [7, 2]
    assert mnist.x[0, 0, 1, 0].item() == pytest.approx(28 / 255)
    with pytest.raises(ValueError, match="'train' and 'test'; not 'dev'"):
        data.mnist("dev")


def test_reviews_are_read_whatever_the_encoding(monkeypatch, tmp_path):
    as_file(monkeypatch, tmp_path, "reviews negative", "bad café \nworse\n".encode("latin-1"))
    as_file(monkeypatch, tmp_path, "reviews positive", "good café\n".encode())
    reviews = data.reviews()
    assert reviews.texts == ("bad café", "worse", "good café")
    assert reviews.y.tolist() == [0, 0, 1] and reviews.names == ("negative", "positive")


def test_faces_are_turned_upright(monkeypatch, tmp_path):
    upright = np.zeros((400, 64, 64), dtype=np.uint8)
    upright[:, 3, 5] = 255  # row 3, column 5
    columns = upright.transpose(0, 2, 1).reshape(400, 4096).T
    savemat(tmp_path / "faces.mat", {"faces": columns})
    as_file(monkeypatch, tmp_path, "faces", (tmp_path / "faces.mat").read_bytes())
    faces = data.faces()
    assert faces.x.shape == (400, 1, 64, 64) and (faces.x[:, 0, 3, 5] == 1).all()
    assert faces.x.sum() == 400 and faces.y[[0, 9, 10, 399]].tolist() == [0, 0, 1, 39]


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no full-scale files: {SHARED} is not there")
@pytest.mark.parametrize("name", FULL)
def test_full_scale_files_hold_what_they_should(name, monkeypatch):
    monkeypatch.setenv("LARGE_MODELS_DATA", str(SHARED))
    files = [file for file in full_scale.REGISTRY if file.split()[0] == name]
    missing = [f for f in files if not any(path.is_file() for path in full_scale.places(f))]
    if missing:
        pytest.skip(f"not in {SHARED}: {', '.join(missing)}")
    assert len(data.verify(name)) == 64
