"""`utils.training` against a loop written out, torch's schedulers, an unbroken run, one process."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from utils import tensorfile, training
from utils.models import GPT, CopyingGPT, GPTConfig
from utils.runtime import device, seed_everything


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("LARGE_MODELS_PROGRESS", "0")
    seed_everything(0)


def examples(n=11):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(n, 4, generator=generator)
    return x, (x.sum(1) > 0).long()


def network(dropout=0.0):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 2))


def adam(model):
    return torch.optim.AdamW(model.parameters(), lr=0.01)


def run(model=None, optimizer=None, epochs=3, **options):
    model = model or network()
    optimizer = optimizer or adam(model)
    options = {"batch_size": 4, **options}
    return training.fit(model, examples(), epochs=epochs, optimizer=optimizer, **options)


# The loop


def test_fit_is_the_loop_written_out():
    model, (x, y) = network(), examples()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(5)
    losses = []
    for _ in range(2):
        order = torch.randperm(11, generator=generator)
        for idx in (order[:4], order[4:8], order[8:]):
            loss = F.cross_entropy(model(x[idx]), y[idx])
            model.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    ours = network()
    sgd = torch.optim.SGD(ours.parameters(), lr=0.1)
    history = run(ours, sgd, epochs=2, seed=5, validation=examples())
    assert history.step_losses == pytest.approx(losses, rel=1e-6)
    mean = (4 * losses[3] + 4 * losses[4] + 3 * losses[5]) / 11
    assert history.train_losses[1] == pytest.approx(mean, rel=1e-6)
    assert history.learning_rates == [0.1] * 6
    assert len(history.seconds) == 2 and min(history.seconds) > 0
    final = training.evaluate(ours, *examples())
    assert history.validation_losses[-1] == final.loss
    assert history.validation_accuracies[-1] == final.accuracy
    for mine, theirs in zip(ours.parameters(), model.parameters()):
        torch.testing.assert_close(mine.cpu(), theirs)


def test_the_same_seed_repeats_and_another_does_not():
    first, again, other = run(seed=0), run(seed=0), run(seed=1)
    assert first.step_losses == again.step_losses != other.step_losses


def test_fit_learns_and_also_without_classes():
    model = network()
    assert run(model, epochs=60).step_losses[-1] < 0.2
    assert training.evaluate(model, *examples()).accuracy == 1.0
    x = torch.linspace(-1, 1, 32)[:, None]
    line = nn.Linear(1, 1)
    history = training.fit(
        line,
        (x, 3 * x + 1),
        epochs=60,
        batch_size=8,
        optimizer=torch.optim.SGD(line.parameters(), lr=0.3),
        loss=F.mse_loss,
        validation=(x, 3 * x + 1),
    )
    assert history.validation_losses[-1] < 1e-4 and history.validation_accuracies == []
    assert line.weight.item() == pytest.approx(3, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 30), batch_size=st.integers(1, 40), seed=st.integers(0, 99))
def test_batches_hold_every_example_once(n, batch_size, seed):
    x = torch.arange(n)
    shuffled = [*training.batches(x, 2 * x, batch_size, torch.Generator().manual_seed(seed))]
    in_order = [*training.batches(x, 2 * x, batch_size)]
    assert all(torch.equal(2 * a, b) for a, b in shuffled + in_order)
    assert torch.equal(torch.cat([a for a, _ in in_order]), x)
    assert torch.equal(torch.cat([a for a, _ in shuffled]).sort().values, x)
    assert [len(a) for a, _ in shuffled] == [len(a) for a in x.split(batch_size)]


def test_evaluate_does_not_depend_on_the_batch_and_keeps_the_mode():
    model, (x, y) = network(dropout=0.5), examples()
    whole, parts = training.evaluate(model, x, y), training.evaluate(model, x, y, batch_size=3)
    assert model.training
    model.eval()
    outputs = model(x.to(device())).cpu()
    assert whole.loss == pytest.approx(F.cross_entropy(outputs, y).item(), rel=1e-6)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)
    assert torch.equal(whole.predictions, outputs.argmax(1))
    assert torch.equal(parts.predictions, whole.predictions)
    assert whole.accuracy == (whole.predictions == y).double().mean().item()
    training.evaluate(model, x, y)
    assert not model.training


def test_evaluate_takes_token_targets():
    logits = torch.tensor([[[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]]])  # (1, 3, 2)
    loss = lambda output, y: F.cross_entropy(output.flatten(0, 1), y.flatten())  # noqa: E731
    result = training.evaluate(nn.Identity(), logits, torch.tensor([[0, 1, 0]]), loss=loss)
    assert result.predictions.tolist() == [[0, 1, 1]]
    assert result.accuracy == pytest.approx(2 / 3)


# Schedules


def rates(scheduler, optimizer, steps):
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("warm_up", [0, 1, 5])
def test_cosine_is_the_formula(warm_up):
    optimizer = torch.optim.SGD(network().parameters(), lr=0.5)
    found = rates(training.cosine(optimizer, 20, warm_up), optimizer, 20)
    rise = [0.5 * (i + 1) / (warm_up + 1) for i in range(warm_up)]
    n = 20 - warm_up
    fall = [0.25 * (1 + math.cos(math.pi * i / n)) for i in range(n)]
    assert found == pytest.approx(rise + fall, rel=1e-6)


def test_one_cycle_rises_to_its_peak_and_falls_to_almost_nothing():
    optimizer = torch.optim.SGD(network().parameters(), lr=0.1, momentum=0.9)
    found = rates(training.one_cycle(optimizer, 40, peak=1.0, warm_up=0.25), optimizer, 40)
    assert found.index(max(found)) == 9 and max(found) == pytest.approx(1.0)
    assert found[0] == pytest.approx(1 / 25) and found[-1] < 1e-4


@pytest.mark.parametrize("warm_up", [-1, 10, 11])
def test_a_warm_up_that_does_not_fit_is_named(warm_up):
    with pytest.raises(ValueError, match=f"A warm-up of {warm_up} steps"):
        training.cosine(adam(network()), 10, warm_up)


# Bad input


def test_bad_examples_and_settings_are_named():
    model, (x, y) = network(), examples()
    fit = {"epochs": 1, "batch_size": 4, "optimizer": adam(model)}
    with pytest.raises(ValueError, match="there are 11 and 5"):
        training.fit(model, (x, y[:5]), **fit)
    with pytest.raises(ValueError, match="no examples"):
        training.fit(model, (x[:0], y[:0]), **fit)
    with pytest.raises(ValueError, match="epochs is at least 1; this is 0"):
        training.fit(model, (x, y), **{**fit, "epochs": 0})
    with pytest.raises(ValueError, match="batch_size is at least 1; this is -2"):
        training.fit(model, (x, y), **{**fit, "batch_size": -2})
    with pytest.raises(ValueError, match="none of this model's parameters"):
        training.fit(network(), (x, y), **fit)
    with pytest.raises(ValueError, match="no examples"):
        training.evaluate(model, x[:0], y[:0])


def test_a_loss_that_is_not_finite_stops_before_it_spoils_the_model():
    model, (x, y) = network(), examples()
    x[3] = math.nan
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(FloatingPointError, match="The loss is nan at step 1"):
        training.fit(model, (x, y), epochs=1, batch_size=11, optimizer=adam(model))
    assert all(torch.equal(a, b.cpu()) for a, b in zip(before, model.parameters()))


# Checkpoints


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "none"])
def test_resuming_gives_the_losses_of_an_unbroken_run(tmp_path, schedule):
    """With dropout, momentum and a schedule: every state that training has must come back."""

    def start():
        model = network(dropout=0.3)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, fused=True)
        if schedule == "one_cycle":
            return model, optimizer, training.one_cycle(optimizer, 12, peak=0.05)
        if schedule == "cosine":
            return model, optimizer, training.cosine(optimizer, 12, warm_up=7)
        return model, optimizer, None

    model, optimizer, scheduler = start()
    seed_everything(3)
    unbroken = run(model, optimizer, epochs=4, scheduler=scheduler)

    path = tmp_path / "deep" / "run.safetensors"
    seed_everything(3)
    broken, optimizer, scheduler = start()
    seed_everything(3)
    run(broken, optimizer, epochs=2, scheduler=scheduler, checkpoint=path)

    resumed, optimizer, scheduler = start()
    history = training.load_checkpoint(path, resumed, optimizer, scheduler)
    assert len(history.train_losses) == 2
    history = run(resumed, optimizer, epochs=4, scheduler=scheduler, history=history)
    assert history.step_losses == unbroken.step_losses
    assert history.learning_rates == unbroken.learning_rates
    for a, b in zip(model.parameters(), resumed.parameters()):
        assert torch.equal(a, b)
    assert [file.name for file in path.parent.iterdir()] == ["run.safetensors"]


def test_a_checkpoint_keeps_tied_weights_and_other_memory_formats(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    model[2].weight = model[1].weight
    model.to(memory_format=torch.channels_last)
    path = training.save_checkpoint(tmp_path / "tied.safetensors", model)
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    assert training.load_checkpoint(path, other) == training.History()
    x = torch.randn(1, 3, 9, 9)
    torch.testing.assert_close(other(x), model(x))


def test_a_wrong_checkpoint_is_named_and_changes_nothing(tmp_path):
    model = network()
    optimizer = adam(model)
    path = training.save_checkpoint(tmp_path / "run.safetensors", model, optimizer)
    bare = training.save_checkpoint(tmp_path / "bare.safetensors", model)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.ones(2)}, foreign)
    tree = tensorfile.write(tmp_path / "tree.safetensors", {"a": [torch.ones(2)]})
    corrupt = tmp_path / "corrupt.safetensors"
    corrupt.write_bytes(path.read_bytes()[:-50])
    empty = tmp_path / "empty.safetensors"
    empty.write_bytes(b"")

    other = network()
    nn.init.constant_(other[0].weight, 7.0)
    wide = nn.Sequential(nn.Linear(4, 9))
    sgd = torch.optim.SGD(other.parameters(), lr=1.0)
    schedule = training.one_cycle(adam(other), 9, peak=1.0)
    for error, says, arguments in [
        (FileNotFoundError, "There is no file", (tmp_path / "none", other)),
        (FileNotFoundError, "There is no file", (tmp_path, other)),
        (ValueError, "is not whole", (corrupt, other)),
        (ValueError, "is not whole", (empty, other)),
        (ValueError, "is not whole", (foreign, other)),
        (ValueError, "is no checkpoint", (tree, other)),
        (ValueError, "checkpoint of another model", (path, wide)),
        (ValueError, "holds as optimizer AdamW, not SGD", (path, other, sgd)),
        (ValueError, "parameter group", (path, other, torch.optim.AdamW([other[0].weight]))),
        (ValueError, "holds as optimizer None, not AdamW", (bare, other, adam(other))),
        (
            ValueError,
            "holds as scheduler None, not OneCycleLR",
            (path, other, adam(other), schedule),
        ),
    ]:
        with pytest.raises(error, match=says) as raised:
            training.load_checkpoint(*arguments)
        assert "\n" not in str(raised.value)
    assert (other[0].weight == 7.0).all()


def test_a_failed_save_leaves_the_old_checkpoint_and_no_rubbish(tmp_path, monkeypatch):
    path = training.save_checkpoint(tmp_path / "run.safetensors", network())
    before = path.read_bytes()

    def fail(tensors, file, metadata):
        Path(file).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(tensorfile, "save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        training.save_checkpoint(path, network())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


# Several processes

PROGRAM = """
import json, os, sys
from pathlib import Path
from tests.unit.test_training import adam, network, run

model = network()
optimizer = adam(model)
folder = Path(sys.argv[1])
options = {"validation": None, "checkpoint": folder / "run.safetensors"}
history = run(model, optimizer, batch_size=5, **options)
weights = [p.tolist() for p in model.parameters()]
found = [history.step_losses, history.train_losses, weights]
(folder / os.environ["RANK"]).write_text(json.dumps(found))
"""


def test_two_processes_under_torchrun_give_the_losses_of_one(tmp_path):
    """11 examples in batches of 5: the last batch is of one, and leaves a process without any."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [*command, str(program), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    model = network()
    alone = run(model, batch_size=5)
    for rank in "01":
        step_losses, train_losses, weights = json.loads((tmp_path / rank).read_text())
        assert step_losses == pytest.approx(alone.step_losses, rel=1e-5)
        assert train_losses == pytest.approx(alone.train_losses, rel=1e-5)
        for mine, theirs in zip(model.parameters(), weights):
            torch.testing.assert_close(mine, torch.tensor(theirs), rtol=1e-4, atol=1e-5)
    saved = training.load_checkpoint(tmp_path / "run.safetensors", network())
    assert saved.step_losses == pytest.approx(alone.step_losses, rel=1e-5)


KINDS = GPT, CopyingGPT

GPT_PROGRAM = """
import json, os, sys
from pathlib import Path
from tests.unit.test_training import KINDS, run_gpt

losses = [run_gpt(kind).step_losses for kind in KINDS]
Path(sys.argv[1], os.environ["RANK"]).write_text(json.dumps(losses))
"""


def clip(optimizer, *_):
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 0.5)


def run_gpt(kind):
    """A small language model on a repeating text, four sequences a step, with gradient clipping."""
    torch.manual_seed(0)
    model = kind(GPTConfig(16, context_length=8, d_model=16, n_heads=2, n_layers=2))
    windows = (torch.arange(90) ** 2 % 11).reshape(10, 9)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    optimizer.register_step_pre_hook(clip)
    return training.fit(
        model,
        (windows[:, :-1], windows[:, 1:]),
        epochs=3,
        batch_size=4,
        optimizer=optimizer,
        scheduler=training.cosine(optimizer, 9, warm_up=2),
        loss=lambda logits, targets: F.cross_entropy(logits.mT, targets),
    )


def test_a_gpt_in_two_processes_has_the_losses_of_one(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(GPT_PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [*command, str(program), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    for n, kind in enumerate(KINDS):
        alone = run_gpt(kind).step_losses
        assert alone[-1] < alone[0]
        for rank in ("0", "1"):
            found = json.loads((tmp_path / rank).read_text())[n]
            assert found == pytest.approx(alone, rel=1e-5)
