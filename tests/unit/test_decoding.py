"""`utils.decoding`: every path, caches that go back, guesses, and expected passes."""

import random
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

from utils import decoding
from utils.decoding import all_paths, chooser, speculate, verify
from utils.language import continue_text
from utils.models import GPT, CopyingGPT, GPTConfig
from utils.runtime import seed_everything
from utils.text import NGram

SIZES = GPTConfig(vocab_size=11, context_length=40, d_model=16, n_heads=2, n_layers=2)


@pytest.fixture(autouse=True, scope="module")
def house_settings():
    seed_everything(0)


def toy(seed, n_words=3):
    rng, known = random.Random(seed), {}

    def probs(which, row):
        if (which, *row) not in known:
            weights = [rng.randint(0, 4) for _ in range(n_words)]
            weights[rng.randrange(n_words)] += 1
            fractions = [Fraction(w, sum(weights)) for w in weights]
            known[which, *row] = np.array(fractions)
        return known[which, *row]

    def target(row, m):
        return [probs("p", row[: len(row) - m + 1 + i]) for i in range(m)]

    return target, lambda row: probs("q", row)


def distribution(program):
    found = Counter()
    for row, weight in all_paths(program):
        found[tuple(row)] += weight
    return found


def large_net(kind):
    net = kind(SIZES)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return net.double()


# Exactness ---------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_has_exactly_the_targets_distribution(seed, k):
    target, guess = toy(seed)
    alone = distribution(lambda ch: speculate(target, None, [0], 4, 0, ch))
    assert sum(alone.values()) == 1
    assert distribution(lambda ch: speculate(target, guess, [0], 4, k, ch)) == alone


def test_a_replacement_from_p_is_found_out():
    def faulty(p, q, draft, choose):
        for i, x in enumerate(draft):
            kept = min(p[i][x], q[i][x])
            if not choose([q[i][x] - kept, kept]):
                return [*draft[:i], choose(p[i])]
        return [*draft, choose(p[len(draft)])]

    target, guess = toy(0)
    alone = distribution(lambda ch: speculate(target, None, [0], 3, 0, ch))
    assert distribution(lambda ch: speculate(target, guess, [0], 3, 2, ch, faulty)) != alone


def test_guesses_may_be_missing():
    target, guess = toy(1)
    sometimes = lambda row: guess(row) if row[-1] else None  # noqa: E731
    alone = distribution(lambda ch: speculate(target, None, [0], 3, 0, ch))
    assert distribution(lambda ch: speculate(target, sometimes, [0], 3, 2, ch)) == alone


def test_all_paths_are_those_of_three_coins():
    coin = [Fraction(1, 3), Fraction(0), Fraction(2, 3)]
    found = list(all_paths(lambda choose: tuple(choose(coin) for _ in range(3))))
    assert len(found) == len({row for row, _ in found}) == 8
    for row, weight in found:
        assert weight == Fraction(2) ** (sum(row) // 2) / 27


def test_draws_follow_the_weights():
    weights, choose = np.array([0.0, 3.0, 1.0]), chooser(0)
    drawn = np.bincount([choose(weights) for _ in range(4000)], minlength=3)
    assert drawn[0] == 0 and abs(drawn[1] / 4000 - 0.75) < 0.03


@pytest.mark.parametrize(("row", "n", "k"), [([], 1, 1), ([0], -1, 1), ([0], 1, -1)])
def test_impossible_requests_are_refused(row, n, k):
    with pytest.raises(ValueError, match="from 0 are needed"):
        speculate(None, None, row, n, k, None)


# Expected passes ----------------------------------------------------------------------------


def test_expected_passes_of_extremes_and_of_one_rate():
    assert decoding.expected_passes([0.0] * 6, 3) == 6
    assert decoding.expected_passes([1.0] * 8, 3) == 2
    many = decoding.expected_passes([0.6] * 4000, 2)
    assert 4000 / many == pytest.approx(1 + 0.6 + 0.36, rel=1e-3)


def test_expected_passes_are_the_mean_over_all_paths():
    target, guess = toy(2)

    def n_passes(choose):
        calls = []
        speculate(lambda r, m: calls.append(m) or target(r, m), guess, [0], 4, 2, choose)
        return len(calls)

    def kept(row):
        places = [(target(row[:i], 1)[0], guess(row[:i]), row[i]) for i in range(1, len(row))]
        return [min(1, q[x] / p[x]) for p, q, x in places]

    alone = distribution(lambda ch: speculate(target, None, [0], 4, 0, ch))
    by_text = sum(w * decoding.expected_passes(kept(row), 2) for row, w in alone.items())
    assert sum(n * weight for n, weight in all_paths(n_passes)) == by_text


# Networks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GPT, CopyingGPT])
def test_a_reader_that_goes_back_reads_as_afresh(kind):
    net, rng = large_net(kind), random.Random(0)
    reader, row = decoding.Reader(net), [1, 2, 3]
    for _ in range(40):
        row = row[: rng.randint(max(1, len(row) - 20), len(row))]
        row = row + [rng.randrange(11) for _ in range(rng.randint(0, 5))]
        row, n = row[:30], rng.randint(1, min(3, len(row)))
        with torch.no_grad():
            afresh = net(torch.tensor([row]))[0, -n:].softmax(-1).numpy()
        np.testing.assert_allclose(reader(row, n), afresh, rtol=1e-8, atol=1e-12)
    assert reader.n_passes == 40


@pytest.mark.parametrize("kind", [GPT, CopyingGPT])
def test_greedy_text_is_the_same_token_for_token(kind):
    net, other = large_net(kind), large_net(kind)
    alone = continue_text(net, [1, 2, 3], 25)
    for guess in (decoding.Reader(other, 0).guess, decoding.copied_guess(11, 1)):
        reader = decoding.Reader(net, 0)
        assert speculate(reader, guess, [1, 2, 3], 25, 4, chooser(0)) == alone
        assert reader.n_passes <= 25
    assert speculate(decoding.Reader(net, 0), None, [1, 2, 3], 25, 0, chooser(0)) == alone


def test_a_draft_equal_to_the_target_is_always_kept():
    net = large_net(CopyingGPT)
    reader = decoding.Reader(net)
    speculate(reader, decoding.Reader(net).guess, [1], 20, 4, chooser(0))
    assert reader.n_passes == 4 and reader.n_read == 20


def test_a_cache_says_when_it_cannot_go_back():
    cache = []
    large_net(CopyingGPT)(torch.zeros(1, 30, dtype=torch.long), cache)
    with pytest.raises(ValueError, match="cannot go back 16 tokens"):
        decoding.drop_last(cache, 16)


def test_temperature_zero_puts_all_on_the_likeliest():
    z = torch.tensor([[0.0, 2.0, 1.0]])
    assert decoding.to_probs(z, 0).tolist() == [[0, 1, 0]]
    torch.testing.assert_close(decoding.to_probs(z, 0.5), (2 * z.double()).softmax(-1))


# Drafts that are no network ------------------------------------------------------------------


def test_copying_takes_what_followed_the_last_equal_pair():
    guess = decoding.copied_guess(9)
    assert guess([1, 2, 3, 1, 2, 4, 1, 2]).argmax() == 4
    assert guess([5, 5, 5]).argmax() == 5
    assert guess([1, 2, 3]) is None and guess([1]) is None


def test_the_tables_guess_is_its_distribution():
    row = torch.randint(7, (60,))
    table = NGram(row, 3, 7)
    guess = decoding.counted_guess(table)
    for end in (1, 2, 10):
        probs = guess(row[:end].tolist())
        assert probs.sum() == pytest.approx(1)
        told = table.log_probs(row[: end + 1])[-1].exp().item()
        assert probs[row[end]] == pytest.approx(told, rel=1e-5)
    assert sum(1 for a, b in pairwise(sorted(probs)) if a > b) == 0


def test_verify_adds_a_token_when_all_are_kept():
    p = np.eye(3)
    assert verify([p[0], p[1], p[2]], [p[0], p[1]], [0, 1], chooser(0)) == [0, 1, 2]
    assert verify([p[0], p[1], p[2]], [p[2], p[1]], [2, 1], chooser(0)) == [0]
