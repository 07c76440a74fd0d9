"""`utils.architectures` against `transformers`, torch's counters, and what the papers print."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from utils import architectures, measure
from utils.architectures import (
    PUBLISHED,
    REPORTED,
    RUNS,
    Assumed,
    Experts,
    Transformer,
    find,
    footprint,
)

BIBLIOGRAPHY = Path(__file__).resolve().parents[2] / "book" / "references.bib"
IN_LIBRARY = [model for model in PUBLISHED if model.library]
MIXTURES = [model for model in PUBLISHED if model.sizes.experts]


def by_name(value):
    return getattr(value, "name", None)


@pytest.mark.parametrize("model", IN_LIBRARY, ids=by_name)
def test_parameters_are_the_librarys_to_the_last_one(model):
    built = architectures.on_meta(model)
    assert architectures.parameters(model.sizes) == sum(p.numel() for p in built.parameters())


@pytest.mark.parametrize("model", PUBLISHED, ids=by_name)
def test_parameters_are_about_what_the_source_states(model):
    assert architectures.parameters(model.sizes) == pytest.approx(model.stated, rel=0.09)
    if model.stated_active:
        active = architectures.active_parameters(model.sizes)
        assert active == pytest.approx(model.stated_active, rel=0.12)


def test_gemmas_paper_prints_its_numbers_in_full():
    for name, non_embedding in (("Gemma 2 9B", 8_324_201_984), ("Gemma 2 27B", 26_047_480_320)):
        c = find(name).sizes
        assert architectures.parameters(c) - c.vocab_size * c.d_model == non_embedding


@pytest.mark.parametrize("model", MIXTURES, ids=by_name)
def test_active_parameters_leave_out_the_experts_that_rest(model):
    c = model.sizes
    resting = (c.n_layers - c.experts.n_dense) * (c.experts.n - c.experts.top_k)
    weights = resting * architectures.count_feed_forward(c, c.experts.d_ff)
    total, active = architectures.parameters(c), architectures.active_parameters(c)
    assert total - active == weights > 0


def test_all_parameters_of_a_dense_model_are_active():
    c = find("Llama 3 8B").sizes
    assert architectures.active_parameters(c) == architectures.parameters(c)


@pytest.mark.parametrize("name", ["GPT-2", "Llama 3 8B", "Gemma 2 9B", "Qwen2.5 7B"])
def test_forward_flops_are_torchs(name):
    model = find(name)
    idx = torch.zeros(1, 24, dtype=torch.long, device="meta")
    mask = torch.zeros(1, 1, 24, 24, device="meta")
    built = architectures.on_meta(model).eval()
    with FlopCounterMode(display=False) as counter:
        built(idx, attention_mask=mask, use_cache=False)
    assert architectures.forward_flops(model.sizes, 24) == counter.get_total_flops()


def test_forward_flops_are_for_decoders_alone():
    for name in ("T5-base", "DeepSeek-V3"):
        with pytest.raises(ValueError, match="plain decoders"):
            architectures.forward_flops(find(name).sizes, 10)


def test_cache_bytes():
    assert architectures.kv_cache_bytes(find("Llama 2 70B").sizes, 4096) == 1_342_177_280
    assert architectures.kv_cache_bytes(find("DeepSeek-V3").sizes, 1) == 2 * 61 * (512 + 64)
    assert architectures.kv_cache_bytes(find("GPT-2").sizes, 10, 4) == 4 * 2 * 12 * 768 * 10


@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_parameters_are_torchs(groups):
    for bias in (True, False):
        layer = nn.Conv2d(4, 6, 3, groups=groups, bias=bias)
        count = architectures.count_convolution(4, 6, 3, groups, bias)
        assert count == measure.parameters(layer)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="do not divide"):
        Transformer(2, 30, 4, 120, 100)
    with pytest.raises(ValueError, match="cannot share"):
        Transformer(2, 32, 4, 128, 100, n_kv_heads=3)
    with pytest.raises(ValueError, match="no configuration"):
        architectures.on_meta(find("GPT-3"))
    with pytest.raises(ValueError, match="No architecture 'GPT-9'"):
        find("GPT-9")


def test_runs_cost_what_is_stated_or_counted_or_six_n_d():
    cost = {run.name: run.cost() for run in RUNS}
    assert cost["Llama 3 405B"] == 3.8e25
    assert cost["PaLM"] == 6 * 540.4e9 * 780e9
    assert cost["AlexNet"] == 3 * 1.449e9 * 90 * 1.2e6
    assert {run.how() for run in RUNS} == {"stated", "counted", "6ND"}
    assert RUNS[0].year() == pytest.approx(1998 + 10.5 / 12)


@pytest.mark.parametrize("rows", [PUBLISHED, RUNS], ids=["models", "runs"])
def test_rows_are_dated_in_order_and_their_sources_exist(rows):
    known = set(re.findall(r"^@\w+\{([^,]+),", BIBLIOGRAPHY.read_text(encoding="utf-8"), re.M))
    assert [row.date for row in rows] == sorted(row.date for row in rows)
    assert len({row.name for row in rows}) == len(rows)
    assert {row.source for row in rows} <= known


def test_a_mixture_counts_its_router_and_its_shared_expert():
    plain = Transformer(2, 8, 2, 16, 10)
    mixed = Transformer(2, 8, 2, 16, 10, experts=Experts(4, 2, 16, n_shared=1, n_dense=1))
    expert = architectures.count_feed_forward(plain, 16)
    more = architectures.parameters(mixed) - architectures.parameters(plain)
    assert more == 4 * expert + 8 * 4  # one of the five replaces the dense layer's own


def test_a_footprint_is_the_published_one_of_gpt3():
    a = Assumed(peak=125e12, utilisation=24.6 / 125, watts=330, pue=1.1, grams=429)
    found = footprint(3.14e23, a)
    assert found.mwh == pytest.approx(1287, rel=0.005)
    assert found.tonnes == pytest.approx(552, rel=0.005)
    assert found.hours == pytest.approx(14.8 * 24 * 10_000, rel=0.005)
    assert found.dollars == 2 * found.hours


def test_reported_figures_fit_together_and_have_sources():
    rows = {row.name: row for row in REPORTED}
    assert set(rows) <= {run.name for run in RUNS}
    bloom, deepseek = rows["BLOOM"], rows["DeepSeek-V3"]
    assert bloom.hours * bloom.watts / 1e6 == pytest.approx(bloom.mwh, rel=1e-4)
    assert bloom.mwh * bloom.grams / 1e3 == pytest.approx(bloom.tonnes, rel=1e-3)
    assert deepseek.dollars == 2 * deepseek.hours
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    assert all(f"{{{row.source}," in text for row in REPORTED)


@pytest.mark.parametrize("wrong", [{"peak": 0}, {"utilisation": 1.5}, {"pue": 0.9}, {"grams": -1}])
def test_assumptions_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"above zero|at most 1"):
        Assumed(**wrong)
