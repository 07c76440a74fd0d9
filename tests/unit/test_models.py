"""`utils.models`: the mended network against plain layers, its shapes, and what it refuses."""

import re

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.models import ConvNet
from utils.runtime import seed_everything


@pytest.fixture(autouse=True, scope="module")
def house_settings():
    seed_everything(0)


@pytest.mark.parametrize(
    ("image_size", "padding", "n_parameters"),
    [(28, 1, 421_642), (28, 0, 225_034), (8, 1, 53_002)],  # 64·7·7, 64·5·5 and 64·2·2 features
)
def test_both_mends_have_the_parameters_computed_by_hand(image_size, padding, n_parameters):
    net = ConvNet(image_size, padding)
    assert sum(p.numel() for p in net.parameters()) == n_parameters
    assert net(torch.zeros(2, 1, image_size, image_size)).shape == (2, 10)


def test_forward_is_the_documents_order_of_layers():
    net = ConvNet()
    x = torch.randn(3, 1, 28, 28)
    y = F.relu(F.conv2d(x, net.conv1.weight, net.conv1.bias, padding=1))
    y = F.relu(F.conv2d(F.max_pool2d(y, 2), net.conv2.weight, net.conv2.bias, padding=1))
    y = F.max_pool2d(y, 2).reshape(3, 64 * 7 * 7)
    expected = F.relu(y @ net.fc1.weight.T + net.fc1.bias) @ net.fc2.weight.T + net.fc2.bias
    torch.testing.assert_close(net(x), expected)


@settings(max_examples=25, deadline=None)
@given(
    image_size=st.integers(4, 40),
    padding=st.integers(0, 2),
    n=st.integers(0, 3),
    n_classes=st.integers(1, 12),
)
def test_every_size_with_a_pixel_left_gives_one_row_per_image(image_size, padding, n, n_classes):
    try:
        net = ConvNet(image_size, padding, n_classes)
    except ValueError:
        assert ((image_size + 2 * padding - 2) // 2 + 2 * padding - 2) // 2 < 1
    else:
        assert net(torch.zeros(n, 1, image_size, image_size)).shape == (n, n_classes)


def test_images_do_not_mix_in_a_batch():
    net = ConvNet(8)
    x = torch.randn(5, 1, 8, 8)
    changed = x.clone()
    changed[3] += 1.0
    same = [i for i in range(5) if torch.allclose(net(x)[i], net(changed)[i], atol=1e-6)]
    assert same == [0, 1, 2, 4]


@pytest.mark.parametrize("shape", [(2, 1, 27, 28), (2, 3, 28, 28), (1, 28, 28), (2, 784)])
def test_another_shape_is_named(shape):
    with pytest.raises(ValueError, match=re.escape(f"these are {shape}")):
        ConvNet()(torch.zeros(shape))


def test_an_image_too_small_for_two_pools_is_named():
    with pytest.raises(ValueError, match="Nothing is left of a 3x3 image"):
        ConvNet(3, padding=0)


def test_without_padding_the_last_two_rows_and_columns_are_never_seen():
    """Both pools round down: 28 and 26 pixels give the same function, which saves work."""
    large, small = ConvNet(28, padding=0), ConvNet(26, padding=0)
    small.load_state_dict(large.state_dict())
    x = torch.randn(4, 1, 28, 28)
    torch.testing.assert_close(small(x[..., :26, :26]), large(x))
