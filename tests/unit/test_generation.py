"""`utils.generation` against scipy, brute force, closed forms, and good and bad samples."""

import numpy as np
import pytest
import torch
from scipy import linalg
from torch import nn

from utils import data, generation
from utils.models import AutoEncoder
from utils.runtime import seed_everything


@pytest.fixture(autouse=True, scope="module")
def house_settings():
    seed_everything(0)


@pytest.fixture(scope="module")
def parts():
    digits = data.digits()
    return data.split(digits.x, digits.y)


@pytest.fixture(scope="module")
def judge(parts):
    return generation.train_judge(parts.x_train, parts.y_train, epochs=3)


def test_training_to_copy_copies(parts):
    x = parts.x_train[:200].flatten(1)
    torch.manual_seed(0)
    net = AutoEncoder(64, 8)
    before = nn.functional.mse_loss(net(x), x)
    same = generation.train_to_copy(net, x, epochs=15)
    assert same is net and not net.training
    assert nn.functional.mse_loss(net(x), x) < before / 3


def test_training_is_repeated_by_its_seed(parts):
    weights = []
    for _ in range(2):
        torch.manual_seed(1)
        net = generation.train_to_copy(AutoEncoder(64, 2), parts.x_train[:100], epochs=2, seed=5)
        weights.append(net.encoder[0].weight)
    assert torch.equal(*weights)


def test_one_component_is_the_fitted_gaussian():
    codes = torch.randn(500, 3) @ torch.tensor([[2.0, 0, 0], [1, 1, 0], [0, 0, 3]]) + 4
    density = generation.fit_mixture(codes)
    floor = 0.01 * codes.var(0, unbiased=False).mean()
    torch.testing.assert_close(
        torch.tensor(density.covariances_[0]).float(),
        torch.cov(codes.T, correction=0) + floor * torch.eye(3),
        rtol=1e-4,
        atol=1e-4,
    )
    drawn = generation.draw_codes(density, 20_000)
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), rtol=0, atol=0.15)
    assert drawn.shape == (20_000, 3) and drawn.dtype == torch.float32


def test_a_mixture_finds_two_clusters_and_draws_from_both():
    codes = torch.cat([torch.randn(100, 2) * 0.1 - 5, torch.randn(100, 2) * 0.1 + 5])
    drawn = generation.draw_codes(generation.fit_mixture(codes, 2), 400)
    assert 120 < int((drawn[:, 0] > 0).sum()) < 280
    assert generation.nearest_distances(drawn, codes).max() < 3


def test_a_judge_knows_digits_and_leaves_the_generator_alone(parts, judge):
    with torch.no_grad():
        right = (judge(parts.x_test).argmax(1) == parts.y_test).double().mean()
    assert right > 0.95 and not judge.training
    before = torch.get_rng_state()
    generation.train_judge(parts.x_train[:64], parts.y_train[:64], epochs=1)
    assert torch.equal(before, torch.get_rng_state())


def test_a_judge_takes_flat_images_too(judge):
    x = torch.rand(4, 1, 8, 8)
    torch.testing.assert_close(judge(x), judge(x.flatten(1)))
    assert judge.features(x).shape == (4, generation.N_FEATURES)


def test_entropy_is_nothing_if_sure_and_ln_c_if_not():
    probs = torch.tensor([[1.0, 0, 0, 0], [0.25] * 4])
    entropy = generation.prediction_entropy(probs)
    torch.testing.assert_close(entropy, torch.tensor([0, np.log(4)]).float())


def test_nearest_distances_are_brute_force():
    a, b = torch.rand(7, 1, 2, 2), torch.rand(9, 4)
    expected = [min((p.flatten() - q).norm() for q in b) for p in a]
    torch.testing.assert_close(generation.nearest_distances(a, b), torch.stack(expected))
    assert generation.nearest_distances(b, b).max() == 0


@pytest.mark.parametrize("reference", [torch.zeros(0, 4), torch.zeros(3, 5)])
def test_nearest_distances_name_what_does_not_fit(reference):
    with pytest.raises(ValueError, match="reference of the samples' size"):
        generation.nearest_distances(torch.zeros(2, 4), reference)


def test_frechet_distance_is_scipys_formula():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 4)), rng.normal(size=(40, 4)) @ rng.normal(size=(4, 4)) + 1
    S, R = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(S @ R).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(S + R - 2 * root)
    assert generation.frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)
    assert generation.frechet_distance(b, a) == pytest.approx(expected, rel=1e-8)


def test_frechet_distance_in_one_dimension_and_of_a_flat_sample():
    a, b = np.array([[0.0], [2.0]]), np.array([[5.0], [5.0], [5.0]])
    assert generation.frechet_distance(a, a) == pytest.approx(0, abs=1e-12)
    assert generation.frechet_distance(a, b) == pytest.approx((1 - 5) ** 2 + 2)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), "equally wide"),
        (np.zeros(5), np.zeros(5), "equally wide"),
        (np.zeros((1, 2)), np.zeros((5, 2)), "two rows"),
    ],
)
def test_frechet_distance_names_what_does_not_fit(first, second, says):
    with pytest.raises(ValueError, match=says):
        generation.frechet_distance(first, second)


def test_scores_rank_real_digits_before_noise_and_see_a_missing_class(parts, judge):
    real = parts.x_test
    digits = generation.score_samples(parts.x_train[:450], judge, real)
    noise = generation.score_samples(torch.rand(450, 64), judge, real)
    ones = generation.score_samples(parts.x_train[parts.y_train == 1], judge, real)
    assert digits.confidence > noise.confidence and digits.entropy < noise.entropy
    assert digits.frechet < noise.frechet and digits.frechet < ones.frechet
    assert digits.nearest < noise.nearest and digits.missed < min(noise.missed, ones.missed)
    assert generation.score_samples(real, judge, real).nearest == 0


def test_samples_that_are_no_numbers_are_named(judge):
    with pytest.raises(ValueError, match="NaN or infinity"):
        generation.score_samples(torch.full((3, 64), torch.nan), judge, torch.zeros(3, 64))
