"""`utils.recognition`: the embedding, its loss against a loop, error rates against scikit-learn."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_curve

from utils import data
from utils import recognition as r


@pytest.fixture(scope="module")
def portraits():
    return data.portraits(12, 4)


def unit(*shape):
    generator = torch.Generator().manual_seed(0)
    return F.normalize(torch.randn(*shape, generator=generator, dtype=torch.float64), dim=-1)


def test_standardised_pictures_do_not_depend_on_exposure(portraits):
    plain, bright = r.standardised(portraits.x), r.standardised(0.1 + 1.7 * portraits.x)
    torch.testing.assert_close(plain, bright, rtol=0, atol=1e-4)
    torch.testing.assert_close(plain.mean((1, 2, 3)), torch.zeros(48), rtol=0, atol=1e-5)
    torch.testing.assert_close(plain.std((1, 2, 3)), torch.ones(48))


def test_embeddings_have_length_one_and_do_not_depend_on_the_batch(portraits):
    net = r.FaceEmbedder().eval()
    z = r.embed(net, portraits.x)
    assert z.shape == (48, 32) and z.dtype == torch.float64 and not z.requires_grad
    torch.testing.assert_close(z.norm(dim=1), torch.ones(48, dtype=torch.float64))
    torch.testing.assert_close(z[:5], r.embed(net, portraits.x[:5]), rtol=0, atol=1e-5)


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"pictures \(B, 1, 32, 32\); these are \(2, 1, 64, 64\)"):
        r.FaceEmbedder()(torch.zeros(2, 1, 64, 64))


@pytest.mark.parametrize("people, k", [(2, 2), (5, 3), (4, 2)])
def test_margin_loss_is_the_loop_over_people_and_pictures(people, k):
    z, losses = unit(people, k, 6), []
    for p in range(people):
        for i in range(k):
            logits = []
            for q in range(people):
                others = [z[q, j] for j in range(k) if (q, j) != (p, i)]
                mean = sum(others)
                logits.append(7 * (z[p, i] @ mean / mean.norm() - 0.3 * (p == q)))
            losses.append(torch.stack(logits).logsumexp(0) - logits[p])
    torch.testing.assert_close(r.margin_loss(z, 7, 0.3), torch.stack(losses).mean())


def test_margin_makes_the_loss_larger():
    z = unit(6, 3, 8)
    losses = [r.margin_loss(z, margin=margin).item() for margin in (0, 0.1, 0.5)]
    assert losses == sorted(losses) and losses[0] < losses[2]


def test_varied_pictures_are_lit_or_mirrored_and_follow_from_the_generator(portraits):
    x = torch.ones(200, 1, 32, 32)
    x[..., 0] = 2  # a bright left edge
    varied = r.vary(x, torch.Generator().manual_seed(0))
    mirrored = varied[:, 0, :, -1].mean(1) > varied[:, 0, :, 0].mean(1)
    assert 0.4 < mirrored.double().mean() < 0.6
    lit = r.vary(torch.ones(500, 1, 32, 32), torch.Generator().manual_seed(1))
    assert 0.5 < lit.min() < 0.6 and 1.4 < lit.max() < 1.5
    torch.testing.assert_close(lit.mean((1, 2, 3)), torch.ones(500))
    again = r.vary(x, torch.Generator().manual_seed(0))
    assert torch.equal(varied, again)


def test_training_brings_pictures_of_a_person_together(portraits):
    torch.manual_seed(0)
    fresh = r.embed(r.FaceEmbedder().eval(), portraits.x)
    net = r.train_embedder(portraits.x, portraits.y, steps=30, people=10, seed=0)
    assert not net.training
    errors = []
    for z in (fresh, r.embed(net, portraits.x)):
        scores, first, second = r.all_pairs(z, portraits.y)
        errors.append(r.equal_error(*r.error_rates(scores, first == second)[1:]))
    assert errors[1] < errors[0] / 2


def test_training_follows_from_the_seed_and_goes_on_from_a_network(portraits):
    settings = {"steps": 2, "people": 4, "seed": 1}
    nets = [r.train_embedder(portraits.x, portraits.y, **settings) for _ in range(2)]
    for one, other in zip(nets[0].parameters(), nets[1].parameters()):
        assert torch.equal(one, other)
    before = nets[0].linear.weight.clone()
    more = r.train_embedder(portraits.x, portraits.y, **settings, net=nets[0])
    assert more is nets[0] and not torch.equal(before, more.linear.weight)


def test_weights_choose_the_people(portraits):
    weights = (torch.arange(12) < 4).float()  # the others never come, whatever their pictures
    spoiled = torch.where(portraits.y[:, None, None, None] < 4, portraits.x, float("nan"))
    net = r.train_embedder(spoiled, portraits.y, steps=2, people=4, weights=weights)
    assert all(p.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("options", [{"people": 13}, {"k": 5, "people": 4}])
def test_too_small_a_set_is_refused(portraits, options):
    with pytest.raises(ValueError, match="people, one with 4"):
        r.train_embedder(portraits.x, portraits.y, **options)


def test_all_pairs_are_each_pair_once():
    z, y = unit(5, 3), torch.tensor([0, 0, 1, 1, 2])
    scores, first, second = r.all_pairs(z, y)
    assert len(scores) == 10 and int((first == second).sum()) == 2
    assert scores[0] == z[0] @ z[1] and scores[-1] == z[3] @ z[4]


def scored(n=400):
    generator = torch.Generator().manual_seed(0)
    same = torch.rand(n, generator=generator) < 0.3
    return torch.randn(n, generator=generator, dtype=torch.float64) + 1.5 * same, same


def test_error_rates_are_those_of_scikit_learn():
    scores, same = scored()
    thresholds, far, tar = r.error_rates(scores, same)
    by_library = roc_curve(same, scores, drop_intermediate=False)
    for ours, theirs in zip((far, tar, thresholds), by_library):
        torch.testing.assert_close(ours, torch.from_numpy(theirs[1:]))


def test_weights_count_pairs_as_if_repeated():
    scores, same = scored(60)
    weights = torch.arange(60) % 3
    _, far, tar = r.error_rates(scores, same, weights)
    _, far_long, tar_long = r.error_rates(
        scores.repeat_interleave(weights), same.repeat_interleave(weights)
    )
    assert equal_within(r.equal_error(far, tar), r.equal_error(far_long, tar_long), 0.02)
    assert r.accepted_at(far, tar, 0.1) == pytest.approx(r.accepted_at(far_long, tar_long, 0.1))


def equal_within(one, other, most):
    return abs(one - other) <= most


def test_equal_error_and_accepted_by_hand():
    scores = torch.tensor([9.0, 8, 7, 6, 5, 4, 3, 2])
    same = torch.tensor([1, 1, 0, 1, 0, 1, 0, 0]).bool()
    _, far, tar = r.error_rates(scores, same)
    assert r.equal_error(far, tar) == 0.25  # accepting down to 6: one false of four, one missed
    assert r.accepted_at(far, tar, 0) == 0.5 and r.accepted_at(far, tar, 0.25) == 0.75
    assert r.accepted_at(*r.error_rates(scores, ~same)[1:], 0) == 0


def test_a_perfect_and_a_useless_score():
    scores = torch.arange(100.0)
    perfect, useless = scores >= 50, scores.int() % 2 == 0
    assert r.equal_error(*r.error_rates(scores, perfect)[1:]) == 0
    assert r.equal_error(*r.error_rates(scores, useless)[1:]) == pytest.approx(0.5, abs=0.03)
