"""`utils.measure` against torch's own counter, statsmodels, scipy and brute force."""

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from utils import measure
from utils.models import ConvNet
from utils.runtime import seed_everything

small = st.integers(1, 4)


@pytest.fixture(autouse=True, scope="module")
def house_settings():
    seed_everything(0)


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(1, 20),
    kernel=small,
    stride=small,
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
)
def test_conv_output_size_is_what_torch_gives(size, kernel, stride, padding, dilation):
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
    try:
        expected = layer(torch.zeros(1, 1, size)).shape[-1]
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            measure.conv_output_size(size, kernel, stride, padding, dilation)
    else:
        assert measure.conv_output_size(size, kernel, stride, padding, dilation) == expected


@settings(max_examples=25, deadline=None)
@given(groups=small, a=small, b=small, kernel=small, stride=small, height=st.integers(4, 9))
def test_convolution_flops_are_the_librarys(groups, a, b, kernel, stride, height):
    layer = nn.Conv2d(groups * a, groups * b, kernel, stride, groups=groups)
    with FlopCounterMode(display=False) as counter:
        output = layer(torch.zeros(1, groups * a, height, 7))
    assert measure.layer_flops(layer, output.shape[1:]) == counter.get_total_flops()


def test_linear_flops_are_the_librarys():
    layer = nn.Linear(7, 5)
    assert measure.layer_flops(layer, (5,)) == measure.flops(layer, (1, 7)) == 2 * 7 * 5
    assert measure.layer_flops(layer, (3, 5)) == measure.flops(layer, (1, 3, 7))
    assert measure.layer_flops(nn.ReLU(), (5,)) == 0


def test_layer_table_adds_up_to_the_librarys_count():
    table = measure.layer_table(ConvNet(), (1, 1, 28, 28))
    assert [row.name for row in table] == ["conv1", "conv2", "fc1", "fc2"]
    assert table[1].output_shape == (64, 14, 14)
    assert table[1].activations == 64 * 14 * 14
    assert table[1].parameters == 64 * 32 * 9 + 64
    assert sum(row.flops for row in table) == measure.flops(ConvNet(), (1, 1, 28, 28)) == 8_482_304
    assert "64×14×14" in str(table) and "421,642" in str(table).splitlines()[-1]


def test_layer_table_names_work_done_outside_layers():
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 3))
            self.fc = nn.Linear(3, 3)

        def forward(self, x):
            return self.fc(x @ self.weight)

    assert measure.layer_table(Product(), (1, 3))[-1] == measure.Layer(
        "(outside layers)", "", (), 9, 18, 0
    )


def test_counting_leaves_the_model_as_it_was():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())
    before = {key: value.clone() for key, value in net.state_dict().items()}
    measure.layer_table(net, torch.ones(1, 3))
    measure.flops(net, (2, 3), backward=True)
    assert net.training and all(p.grad is None for p in net.parameters())
    assert not any(layer._forward_hooks for layer in net)
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key])


def test_backward_costs_twice_the_forward_but_for_the_first_layer():
    net = nn.Sequential(nn.Linear(8, 16), nn.Linear(16, 4))
    forward = measure.flops(net, (5, 8))
    assert measure.flops(net, (5, 8), backward=True) == 3 * forward - 2 * 5 * 8 * 16


def test_a_layer_table_of_a_larger_batch_is_refused():
    with pytest.raises(ValueError, match="batch of one; this is of 2"):
        measure.layer_table(nn.Linear(3, 3), (2, 3))


def test_parameters_leave_out_what_is_frozen_and_count_what_is_shared_once():
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    assert measure.parameters(net) == 18
    net[1].weight = net[0].weight
    assert measure.parameters(net) == 9
    net[0].weight.requires_grad_(False)
    assert measure.parameters(net) == 0


def test_bytes_of_tensors_and_models():
    assert measure.bytes_of(torch.zeros(10, 10)) == 400
    assert measure.bytes_of(torch.zeros(3, dtype=torch.bfloat16)) == 6
    assert measure.bytes_of(nn.BatchNorm1d(4)) == 4 * 4 * 4 + 8  # and a 64-bit step counter
    with pytest.raises(TypeError, match="this is a list"):
        measure.bytes_of([1.0])


def test_time_ratio_finds_which_is_slower_and_runs_in_turns():
    order = []

    def wait(name, seconds):
        order.append(name)
        time.sleep(seconds)

    ratio = measure.time_ratio(lambda: wait("f", 0.02), lambda: wait("g", 0.004), repeats=4)
    assert "".join(order) == "fg" + "fggf" * 2
    assert ratio.low <= ratio.ratio <= ratio.high
    assert 2 < ratio.ratio < 10 and ratio.first > ratio.second > 0
    assert "against" in str(ratio)
    with pytest.raises(ValueError, match="at least 2 repeats"):
        measure.time_ratio(lambda: 0, lambda: 0, repeats=1)


def test_energy_is_power_times_time():
    assert measure.energy(1000, 3600) == 3.6e6  # one kWh
    for watts, seconds in [(-1, 1), (1, math.nan), (math.inf, 1)]:
        with pytest.raises(ValueError, match="finite number, not below zero"):
            measure.energy(watts, seconds)


def test_accuracy_counts_and_refuses_to_broadcast():
    assert measure.accuracy(torch.tensor([1, 2, 3, 4]), np.array([1, 2, 0, 4])) == 0.75
    with pytest.raises(ValueError, match=r"shapes are \(2, 1\) and \(2,\)"):
        measure.accuracy(torch.ones(2, 1), torch.ones(2))
    with pytest.raises(ValueError, match="at least one"):
        measure.accuracy(np.array([]), np.array([]))


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=9),
    level=st.floats(0.5, 0.99),
)
def test_spread_is_statsmodels_t_interval(values, level):
    ours, reference = measure.spread(values, level), DescrStatsW(values)
    low, high = reference.tconfint_mean(alpha=1 - level)
    assert ours.mean == pytest.approx(reference.mean, abs=1e-9)
    assert ours.std == pytest.approx(np.std(values, ddof=1), abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)
    assert ours.n == len(values)


def test_spread_covers_the_true_mean_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (1000, 4))
    hits = sum(s.low <= 3.0 <= s.high for s in map(measure.spread, draws))
    assert stats.binomtest(hits, 1000, 0.95).pvalue > 0.001


@pytest.mark.parametrize(
    ("values", "says"),
    [([1.0], "two values"), ([], "two values"), ([1.0, math.nan], "finite values")],
)
def test_spread_names_bad_values(values, says):
    with pytest.raises(ValueError, match=says):
        measure.spread(values)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 10_000), share=st.floats(0, 1), level=st.floats(0.5, 0.999))
def test_binomial_interval_is_statsmodels_wilson(n, share, level):
    successes = round(share * n)
    expected = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    ours = measure.binomial_interval(successes, n, level)
    assert ours == pytest.approx(expected, abs=1e-9)
    assert 0 <= ours[0] <= successes / n + 1e-12 and successes / n <= ours[1] + 1e-12


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((5, 4), "5 of 4"), ((-1, 4), "-1 of 4"), ((0, 0), "0 of 0"), ((1, 2, 95), "as 0.95 does")],
)
def test_binomial_interval_names_bad_input(arguments, says):
    with pytest.raises(ValueError, match=says):
        measure.binomial_interval(*arguments)


def test_counting_leaves_the_mode_of_every_layer_alone_also_after_an_error():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    net[1].eval()  # frozen, as in fine-tuning
    measure.flops(net, (2, 3))
    assert net[0].training and not net[1].training
    with pytest.raises(RuntimeError):
        measure.flops(net, (2, 5))
    assert net[0].training and not net[1].training


@pytest.mark.parametrize("setting", [{"stride": 0}, {"dilation": 0}, {"padding": -1}])
def test_an_impossible_setting_of_a_convolution_is_named(setting):
    with pytest.raises(ValueError, match="at least"):
        measure.conv_output_size(28, 3, **setting)


def test_kept_bytes_are_what_the_backward_pass_of_a_linear_layer_needs():
    net, x = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2)), torch.zeros(3, 5)
    assert measure.kept_bytes(lambda: net(x), net) == 4 * 3 * (5 + 7)
    with torch.no_grad():
        assert measure.kept_bytes(lambda: net(x), net) == 0
