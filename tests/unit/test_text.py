"""Byte-pair encoding against `tokenizers`, and the n-gram model against its formula by hand."""

import itertools
import math
import random
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Reference

from utils import text

SAMPLE = (
    "low lower lowest, new newer newest; wide wider widest. The lower, the newer! aaaa aaa 11 111"
)
LETTERS = r"(?:[A-Za-z]|[^\x00-\x7F])+"
SIGNS = r"[\x00-\x08\x0E-\x1F!-/:-@\[-`{-\x7F]+"
SPACE = r"[\t-\r ]"
PATTERN = rf" ?{LETTERS}| ?[0-9]+| ?{SIGNS}|{SPACE}+(?![^\t-\r ])|{SPACE}+"


def characters():
    """GPT-2's sign for each byte."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    signs = {byte: chr(byte) for byte in shown}
    return signs | {byte: chr(256 + n) for n, byte in enumerate(hidden)}


def reference(tokenizer):
    """The same merges in `tokenizers`."""
    signs = characters()
    names = ["".join(signs[byte] for byte in token) for token in tokenizer.tokens]
    merges = [(names[left], names[right]) for left, right in tokenizer.merges]
    vocab = {name: n for n, name in enumerate(names)}
    model = Reference(models.BPE(vocab, merges))
    cut = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    model.pre_tokenizer = pre_tokenizers.Sequence([cut, as_bytes])
    return model


def test_training_equals_the_librarys():
    texts = [SAMPLE] * 2 + [SAMPLE.upper(), "a lone tail of words"]
    ours = text.train_bpe(texts, 256 + 60)
    theirs = Reference(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    n_signs = len(set("".join(texts)))
    trainer = trainers.BpeTrainer(
        vocab_size=n_signs + 60, min_frequency=2, show_progress=False, special_tokens=[]
    )
    theirs.train_from_iterator(texts, trainer)
    vocab = theirs.get_vocab()
    learned = sorted(vocab, key=vocab.get)[n_signs:]
    assert [token.decode() for token in ours.tokens[256:]] == learned


TRAINED = text.train_bpe([SAMPLE, SAMPLE + "数据 données"], 320)
REFERENCE = reference(TRAINED)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60) | st.lists(st.sampled_from(SAMPLE + "数é\n "), max_size=80).map("".join)
)
def test_encoding_equals_the_librarys(given_text):
    ids = TRAINED.encode(given_text)
    assert ids == REFERENCE.encode(given_text).ids
    assert TRAINED.decode(ids) == given_text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_come_back(given_bytes):
    assert b"".join(text.chunks(given_bytes)) == given_bytes
    assert TRAINED.decode_bytes(TRAINED.encode(given_bytes)) == given_bytes


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab c", max_size=30), max_size=4), st.integers(0, 12))
def test_counting_anew_where_something_changed_is_counting_anew(texts, n_merges):
    words = [list(chunk) for one in texts for chunk in text.chunks(one)]
    merges = []
    for new in range(256, 256 + n_merges):
        counts = Counter(pair for word in words for pair in itertools.pairwise(word))
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        merges.append(best)
        words = [text.merge_pair(word, best, new) for word in words]
    assert text.train_bpe(texts, 256 + n_merges).merges == tuple(merges)


def test_merge_goes_from_the_left_and_does_not_overlap():
    assert text.merge_pair([1, 1, 1, 2, 1, 1], (1, 1), 9) == [9, 1, 2, 9]


def test_bad_tokenizers_are_named():
    with pytest.raises(ValueError, match="at least 256"):
        text.train_bpe(["a"], 255)
    with pytest.raises(ValueError, match="do not exist yet"):
        text.Tokenizer(((97, 256),))


def by_hand(ids, order, vocab_size, token, context):
    """p(token | context), from the recursion and counts in dictionaries."""
    context = tuple(context)[len(context) - order + 1 :] if order > 1 else ()
    top = len(context) == order - 1 and by_hand.top == order
    grams = list(zip(*(ids[n:] for n in range(order))))
    if top:
        counts = Counter(grams)
    else:
        longer = set(zip(*(ids[n:] for n in range(order + 1))))
        counts = Counter(gram[1:] for gram in longer)
    lower = (
        1 / vocab_size if order == 1 else by_hand(ids, order - 1, vocab_size, token, context[1:])
    )
    n1, n2, n3, n4 = (max(1, sum(c == n for c in counts.values())) for n in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    D = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    taken = {gram: min(c, min(3, max(0.1, D[min(c, 3)]))) for gram, c in counts.items()}
    here = [gram for gram in counts if gram[:-1] == context]
    total = sum(counts[gram] for gram in here)
    if not total:
        return lower
    gram = (*context, token)
    kept = counts[gram] - taken.get(gram, 0)
    return (kept + sum(taken[gram] for gram in here) * lower) / total


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_an_n_gram_model_is_its_recursion_and_sums_to_one(order):
    drawn = random.Random(order)
    ids = [drawn.choice([0, 0, 0, 1, 1, 2, 3]) for _ in range(60)]
    model = text.NGram(torch.tensor(ids), order, 5)
    by_hand.top = order
    for _ in range(20):
        context = [drawn.randrange(5) for _ in range(order - 1)]
        rows = [torch.tensor([*context, token]) for token in range(5)]
        probs = [model.log_probs(row)[-1].exp().item() for row in rows]
        expected = [by_hand(ids, order, 5, token, context) for token in range(5)]
        assert probs == pytest.approx(expected, rel=1e-12)
        assert math.isclose(sum(probs), 1, rel_tol=1e-12)
        assert min(probs) > 0
        table = model.distributions(rows[0])[-1].exp()
        torch.testing.assert_close(table, torch.tensor(probs), rtol=1e-5, atol=1e-7)


def test_the_first_tokens_have_shorter_contexts():
    ids = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    three, one = text.NGram(ids, 3, 3), text.NGram(ids, 3, 3).levels[0]
    assert three.log_probs(ids[:1]).exp().item() == pytest.approx(
        one.mix(ids[:1].numpy(), torch.full((1,), 1 / 3).numpy()).item()
    )


def test_bad_n_grams_are_named():
    ids = torch.tensor([0, 1, 2, 0])
    with pytest.raises(ValueError, match="Orders from 1 to 6"):
        text.NGram(ids, 7, 512)
    with pytest.raises(ValueError, match="so many ids"):
        text.NGram(ids[:1], 2, 3)
    with pytest.raises(ValueError, match="from 0 to 1"):
        text.NGram(ids, 2, 2)
