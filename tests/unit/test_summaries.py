"""`utils.fullscale.summaries`: groups, splits, scores, the network's parts, and a small run."""

import numpy as np
import pytest
import torch
from rouge_score.rouge_scorer import RougeScorer

from utils import records
from utils.fullscale import summaries as s
from utils.runtime import seed_everything
from utils.text import train_bpe

WORDS = "return the sum of all nodes in a graph tree list if it has edges".split()


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


@pytest.fixture(scope="module")
def pairs():
    """Forty made-up pairs, two in each file, one of them from another package in four."""
    draw = np.random.default_rng(0)

    def text(n):
        return " ".join(draw.choice(WORDS, n)).capitalize() + "."

    bodies = tuple(f"{text(9)} {text(6)}" for _ in range(40))
    summaries = tuple(text(5) for _ in range(40))
    packages = ("sympy", "networkx", "sphinx", "babel")
    names = tuple(f"{packages[i // 2 % 4]}/f{i // 2}.py:Class.name{i}" for i in range(40))
    return s.Pairs(bodies, summaries, names, np.arange(40) // 2)


def test_files_that_share_a_text_are_one_group():
    bodies, summaries = ("p", "q", "q", "r"), ("1", "2", "1", "3")
    names = [["a.py:f"], ["b.py:f"], ["c.py:g"], ["d.py:h", "e.py:h"]]
    groups = s.file_groups(bodies, summaries, names)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_a_split_keeps_groups_together_and_loses_nothing(pairs):
    parts = s.split_by(pairs.groups, 0)
    assert sorted(np.concatenate(parts)) == list(range(40))
    assert [len(part) for part in parts] == [28, 6, 6]
    held = [{*pairs.groups[part]} for part in parts]
    assert not (held[0] & held[1] or held[0] & held[2] or held[1] & held[2])


def test_the_package_is_left_out(pairs):
    train, validation, test = s.split_pairs(pairs, "package", 0)
    assert all(pairs.names[i].startswith("networkx/") for i in test)
    assert not any(pairs.names[i].startswith("networkx/") for i in [*train, *validation])


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("a/b.py:Graph.add_edges_from", "add edges from"),
        ("a/b.py:HTMLWriter", "html writer"),
        ("a/matrix_tools.py", "matrix tools"),
        ("a/b.py:Poly.__add__", "add"),
        ("a/b.py:_", "_"),
    ],
)
def test_names_are_spoken(name, spoken):
    assert s.spoken_name(name) == spoken


def test_sentences_end_before_a_capital():
    assert s.sentences("It is e.g. a 2. of. Then this! Why?\n\nEnd.") == [
        "It is e.g. a 2. of.",
        "Then this!",
        "Why?",
        "End.",
    ]


def test_rouge_equals_the_library():
    kinds = ["rouge1", "rouge2", "rougeL"]
    scorer = RougeScorer(kinds, use_stemmer=True)
    draw = np.random.default_rng(0)
    texts = [" ".join(draw.choice(WORDS, n)) for n in range(12)]
    for a in texts:
        for b in texts:
            scores = scorer.score(b, a)
            assert s.rouge(a, b) == pytest.approx([scores[kind].fmeasure for kind in kinds])


def test_an_interval_by_groups_sees_that_copies_are_no_witnesses():
    values = np.random.default_rng(0).normal(size=60)
    copies, groups = np.repeat(values, 4), np.repeat(np.arange(60), 4)
    assert s.group_interval(copies, groups) == pytest.approx(
        s.group_interval(values, np.arange(60))
    )


def test_openers_are_no_content_and_known_words_no_invention():
    openers = s.common_openers(["Return it.", "Returns that.", "Sum of x."], times=2)
    assert openers == {"return"}
    assert s.content_words("Returns the sums of nodes.", openers) == ["sum", "node"]
    assert s.invented("Returns the sums of nodes.", "A node.", openers) == ["sum"]


@pytest.mark.parametrize("copies", [True, False])
def test_probabilities_add_up_and_ignore_padding(copies):
    net = s.PointerSummariser(20, 8, copies=copies).eval()
    read = torch.tensor([[18, 3]])
    short = net(torch.tensor([[4, 5, 6]]), read)
    assert torch.allclose(short.sum(-1), torch.ones(1, 2))
    assert torch.allclose(net(torch.tensor([[4, 5, 6, 17, 17]]), read), short, atol=1e-6)
    assert copies == (short[0, 0, [4, 5, 6]].sum() > 0.3)


def test_what_is_written_ends_and_repeats_no_two_tokens(pairs):
    tokenizer = train_bpe(pairs.bodies, 300)
    rows = s.token_rows(pairs.summaries, tokenizer, 12, end=True)
    kept = [[i for i in row if i < tokenizer.vocab_size] for row in rows.tolist()]
    for text, row, ids in zip(pairs.summaries, rows.tolist(), kept):
        assert tokenizer.vocab_size + 2 in row
        assert f" {text}".startswith(tokenizer.decode(ids))
    net = s.PointerSummariser(tokenizer.vocab_size + 3, 8).eval()
    source = s.token_rows(pairs.bodies, tokenizer, 20, end=False)
    for text in s.write_summaries(net, source, tokenizer, longest=9):
        assert len(text) < 200


def test_a_few_steps_lower_the_loss(pairs):
    tokenizer = train_bpe(pairs.bodies, 300)
    source = s.token_rows(pairs.bodies, tokenizer, 20, end=False)
    written = s.token_rows(pairs.summaries, tokenizer, 12, end=True)
    net = s.PointerSummariser(tokenizer.vocab_size + 3, 16)
    losses = s.train_summariser(net, source, written, epochs=8, batch_size=8, peak=1e-2)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.5
    assert not net.training


def test_a_run_is_recorded(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(s, "summary_pairs", lambda: pairs)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    ways = ["body", "name and body", "name", "half"]
    arguments = ["--width", "8", "--longest", "12", "--seeds", "0", "--record", "tiny"]
    s.main([*arguments, "--ways", *ways])
    record = records.read("tiny", tmp_path)
    assert [run["way"] for run in record.results["runs"]] == ways
    for run in record.results["runs"]:
        assert all(0 <= score <= 1 for name in ("test", "Lead-1", "oracle") for score in run[name])
        assert run["oracle"][0] >= run["Lead-1"][0]
        assert 0 <= run["invented"] <= 1
