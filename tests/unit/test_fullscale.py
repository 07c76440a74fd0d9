"""`utils.fullscale.mnist` on a tiny made-up MNIST: the parts, a few steps of both, the record."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from utils import data, records
from utils.fullscale import commit, mnist
from utils.models import ConvNet
from utils.runtime import seed_everything


@pytest.fixture(autouse=True)
def house_settings():
    seed_everything(0)


def pictures(n, seed):
    """Each class is a bright bar at a height of its own."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 10
    x = torch.randint(0, 60, (n, 28, 28), generator=generator, dtype=torch.uint8)
    x[torch.arange(n), 2 * y + 3, 4:24] = 255
    return x, y


@pytest.fixture
def tiny_mnist(monkeypatch):
    sets = {"train": pictures(60, seed=0), "test": pictures(20, seed=1)}

    def load(name, part):
        assert name == "mnist"
        x, y = sets[part]
        return data.Images(x[:, None].float() / 255, y, tuple("0123456789"))

    monkeypatch.setattr(data, "load", load)
    return sets


def test_the_reference_network_is_the_one_of_pytorch_examples():
    net = mnist.ReferenceNet()
    assert sum(p.numel() for p in net.parameters()) == 1_199_882
    output = net(torch.randn(3, 1, 28, 28))
    torch.testing.assert_close(output.exp().sum(1), torch.ones(3))
    net.eval()
    x = torch.randn(2, 1, 28, 28)
    y = F.max_pool2d(F.relu(net.conv2(F.relu(net.conv1(x)))), 2).reshape(2, 9216)
    torch.testing.assert_close(net(x), net.fc2(F.relu(net.fc1(y))).log_softmax(1))


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_pool_first_is_the_same_function_with_the_same_gradients(order):
    plain, ours = ConvNet(28, padding=0), mnist.PoolFirst(26, padding=0)
    ours.load_state_dict(plain.state_dict())
    ours.to(memory_format=order)
    x, y = torch.randn(8, 1, 28, 28), torch.arange(8)
    torch.testing.assert_close(ours(x[..., :26, :26]), plain(x))
    F.cross_entropy(plain(x), y).backward()
    F.cross_entropy(ours(x[..., :26, :26]), y).backward()
    for a, b in zip(ours.parameters(), plain.parameters()):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6)


def test_items_are_the_tensors_in_memory():
    x, y = pictures(5, seed=0)
    items = mnist.ItemByItem(x, y)
    together = mnist._normalised(mnist.REFERENCE, x)
    assert len(items) == 5 and together.shape == (5, 1, 28, 28)
    for i in range(5):
        picture, label = items[i]
        torch.testing.assert_close(picture, together[i])
        assert label == y[i]
    by_hand = (x[0, 3, 4].item() / 255 - 0.1307) / 0.3081
    assert together[0, 0, 3, 4].item() == pytest.approx(by_hand, rel=1e-6)


def test_steps_lead_from_the_reference_to_ours_one_at_a_time():
    steps = list(mnist.STEPS.values())
    assert steps[0] == replace(mnist.REFERENCE, epochs=mnist.FAST.epochs)
    assert steps[-1] == mnist.FAST
    for before, after in pairwise(steps):
        changed = [key for key in vars(before) if vars(before)[key] != vars(after)[key]]
        assert len(changed) == 1


@pytest.mark.parametrize("name", ["reference", "fast"])
def test_a_recipe_learns_and_repeats(name):
    recipe = replace(mnist.RECIPES[name], epochs=2, batch_size=5)
    examples, test = pictures(60, seed=0), pictures(30, seed=1)
    run = mnist.train(recipe, examples, test, seed=0)
    assert run["accuracies"][-1] > 0.5  # chance is 0.1
    assert run["epochs"] == len(run["accuracies"]) == 2
    assert min(run["seconds"], run["cpu_seconds"]) > 0
    assert run["evaluation_seconds"] >= 0  # in hundredths, and 30 pictures may take none
    assert mnist.train(recipe, examples, test, seed=0)["accuracies"] == run["accuracies"]


def test_half_an_epoch_is_half_the_steps():
    recipe = replace(mnist.FAST, epochs=1.5, batch_size=5)
    run = mnist.train(recipe, pictures(20, seed=0), pictures(10, seed=1), seed=0)
    assert run["epochs"] == 1.5 and len(run["accuracies"]) == 2


def test_the_reference_stops_where_it_first_passes():
    sets = pictures(20, seed=0), pictures(20, seed=1)
    assert mnist.train(mnist.REFERENCE, *sets, seed=0, stop_at=0.0)["epochs"] == 1


def test_both_recipes_are_compared_in_turns_and_recorded(tiny_mnist, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.setitem(mnist.RECIPES, "reference", replace(mnist.REFERENCE, epochs=1))
    monkeypatch.setitem(mnist.RECIPES, "fast", replace(mnist.FAST, epochs=1))
    mnist.main(["--recipe", "both", "--seeds", "0", "1", "--record", "--threads", "1"])
    order = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert order == ["reference", "fast", "fast", "reference", "recorded"]
    record = records.read("mnist-99")
    assert record.seeds == [0, 1] and record.results["machine_state"]["threads"] == 1
    reference, fast = record.results["reference"][0], record.results["fast"][0]
    assert reference["seed"] == fast["seed"] == 0
    ratio = record.results["seconds_ratio"]["per_seed"][0]
    assert ratio == pytest.approx(reference["seconds"] / fast["seconds"])
    assert record.command == (
        "python -m utils.fullscale.mnist --recipe both --record --seeds 0 1 --threads 1"
    )


def test_every_step_is_run_and_recorded(tiny_mnist, monkeypatch, tmp_path):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    short = {name: replace(recipe, epochs=1) for name, recipe in mnist.STEPS.items()}
    monkeypatch.setattr(mnist, "STEPS", short)
    mnist.main(["--recipe", "steps", "--record", "--threads", "1"])
    rows = records.read("mnist-steps").results["steps"]
    assert [row["step"] for row in rows] == list(short)
    assert all(0 <= row["accuracies"][-1] <= 1 for row in rows)


def test_validation_leaves_the_test_set_alone(tiny_mnist, monkeypatch):
    whole = data.load
    monkeypatch.setattr(data, "load", lambda name, part: {"train": whole}[part](name, part))
    examples, held_out = mnist.load(validation=True)
    for part in (0, 1):
        assert torch.equal(torch.cat([examples[part], held_out[part]]), tiny_mnist["train"][part])
    assert len(held_out[0]) == 10
    with pytest.raises(KeyError):
        mnist.load()


@pytest.mark.parametrize(
    "wrong",
    [["--record"], ["--recipe", "steps", "--record", "--validation"], ["--recipe", "faster"]],
)
def test_a_wrong_command_is_refused_before_any_work(wrong, capsys):
    with pytest.raises(SystemExit):
        mnist.main(wrong)
    assert "error:" in capsys.readouterr().err


def test_the_commit_is_a_short_hash_or_nothing(monkeypatch):
    found = commit()
    assert found is None or (len(found) >= 7 and int(found, 16) >= 0)
    monkeypatch.setenv("PATH", "")
    assert commit() is None
