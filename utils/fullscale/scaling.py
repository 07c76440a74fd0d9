"""Loss against size and data: language models of many sizes, each on many lengths of new text.

The text is Python source of the environment's packages, letter by letter, and no run reads any of
it twice. A pilot finds a learning rate for each size and length on the validation part; then every
pair of a size and a length is trained on several seeds and scored on the test part. Larger
models on more text, which the fits of the chapter never see, are trained by the same rule. On a
GPU many runs go side by side, each a CUDA graph on a stream of its own; for models as small as
these the launches, not the arithmetic, set the pace (a card stood at 3 % of its load).

Explained in: 7.1.1
"""

import argparse
import hashlib
import json
import math
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import records
from utils.fullscale import commit
from utils.models import GPT, GPTConfig
from utils.runtime import seed_everything

V = 128  # ASCII; any other letter counts as a question mark
FOLDERS_OF_TESTS = {"tests", "test", "testing"}


class Shape(NamedTuple):
    """Width, blocks and heads of a model."""

    d_model: int
    n_layers: int
    n_heads: int

    def __str__(self) -> str:
        return f"{self.d_model}x{self.n_layers}"


@dataclass(frozen=True)
class Sweep:
    """What is trained. Units: `tokens`, and all sizes of text, in letters."""

    packages: tuple[str, ...]
    shapes: tuple[Shape, ...]
    tokens: tuple[int, ...]
    held_out: tuple[tuple[Shape, int], ...]
    pilot_shapes: tuple[Shape, ...]
    pilot_tokens: tuple[int, ...]
    rates: tuple[float, ...]
    context_length: int
    batch_size: int
    n_validation: int  # windows scored
    n_test: int


SMALL = ("sympy", "networkx", "mpmath", "docutils", "sphinx", "babel", "jinja2", "joblib")
LARGE = ("torch", "scipy", "scikit-learn", "statsmodels", "pandas", "matplotlib")
LARGE += ("numpy", "keras")
MILLION = 2**20

CPU = Sweep(
    packages=SMALL,
    shapes=tuple(Shape(C, 2, C // 8) for C in (8, 12, 16, 24, 32)),
    tokens=tuple(MILLION // 8 * 2**n for n in range(4)),
    held_out=((Shape(48, 2, 6), MILLION), (Shape(48, 2, 6), 2 * MILLION)),
    pilot_shapes=tuple(Shape(C, 2, C // 8) for C in (8, 24)),
    pilot_tokens=(MILLION // 4, MILLION),
    rates=(4e-3, 8e-3, 16e-3, 32e-3),
    context_length=64,
    batch_size=8,
    n_validation=1000,
    n_test=2000,
)

CUDA = Sweep(
    packages=SMALL + LARGE,
    shapes=(
        *(Shape(16, 1, 1), Shape(16, 2, 1), Shape(24, 2, 1), Shape(32, 3, 1), Shape(48, 3, 2)),
        *(Shape(64, 4, 2), Shape(96, 4, 3), Shape(128, 5, 4), Shape(192, 5, 6)),
    ),
    tokens=tuple(MILLION * 2**n for n in range(1, 6)),
    held_out=(
        (Shape(192, 5, 6), 64 * MILLION),
        (Shape(256, 6, 8), 64 * MILLION),
        (Shape(384, 6, 12), 64 * MILLION),
    ),
    pilot_shapes=(Shape(16, 1, 1), Shape(32, 3, 1), Shape(96, 4, 3), Shape(192, 5, 6)),
    pilot_tokens=(2 * MILLION, 8 * MILLION),
    rates=(1e-3, 2e-3, 4e-3, 8e-3, 16e-3, 32e-3),
    context_length=128,
    batch_size=16,
    n_validation=2000,
    n_test=8000,
)

TINY = Sweep(
    packages=("joblib",),
    shapes=(Shape(8, 1, 1), Shape(16, 1, 1)),
    tokens=(2**12, 2**13),
    held_out=((Shape(24, 1, 1), 2**14),),
    pilot_shapes=(Shape(8, 1, 1), Shape(16, 1, 1)),
    pilot_tokens=(2**12, 2**13),
    rates=(4e-3, 16e-3, 64e-3),
    context_length=32,
    batch_size=8,
    n_validation=20,
    n_test=20,
)

PRESETS = {"cpu": CPU, "cuda": CUDA, "tiny": TINY}


class Job(NamedTuple):
    """One run: which model, how many letters, which seed, which rate."""

    shape: Shape
    tokens: int
    seed: int
    rate: float
    part: str  # of the record: "pilot", "sweep", "held_out" or "rates"

    def flops(self, context_length: int) -> float:
        return self.tokens * training_flops(self.shape, context_length)


def non_embedding(shape: Shape) -> int:
    """Parameters of the blocks and the last normalisation: 12LC² + 13LC + 2C.

    Explained in: 7.1.1
    """
    C, L = shape.d_model, shape.n_layers
    return 12 * L * C**2 + 13 * L * C + 2 * C


def training_flops(shape: Shape, context_length: int, vocab_size: int = V) -> int:
    """Operations for one token of training, forward and backward: 3(24LC² + 4LTC + 2VC).

    Attention multiplies whole T by T squares, the half that the mask hides included.

    Explained in: 7.1.1
    """
    C, L = shape.d_model, shape.n_layers
    return 3 * (24 * L * C**2 + 4 * L * context_length * C + 2 * vocab_size * C)


def collect_source(packages: Iterable[str]) -> dict[str, np.ndarray]:
    """The letters of the packages' source in three parts, split by file, equal files once.

    Of forty files one is for the test and one for validation, in an order fixed by the hash of
    their names. Folders of tests are left out.

    Shapes:
        each part (n,), bytes below 128.

    Raises:
        FileNotFoundError: a package that is not installed.

    Explained in: 7.1.1
    """
    files: dict[str, str] = {}
    for package in packages:
        try:
            listed = metadata.files(package)
        except metadata.PackageNotFoundError:
            raise FileNotFoundError(f"{package} is not installed here.") from None
        for path in listed or []:
            if path.suffix == ".py" and not FOLDERS_OF_TESTS & set(path.parts[:-1]):
                files[path.as_posix()] = path.locate().read_text("utf-8", errors="replace")
    order = sorted(files, key=lambda name: hashlib.sha256(name.encode()).digest())
    texts = list(dict.fromkeys(files[name] for name in order))
    parts = defaultdict(list)
    for n, text in enumerate(texts):
        parts[{0: "test", 1: "validation"}.get(n % 40, "train")].append(text)
    joined = {part: "".join(some).encode("ascii", "replace") for part, some in parts.items()}
    return {part: np.frombuffer(text, np.uint8) for part, text in joined.items()}


def fingerprint(parts: dict[str, np.ndarray]) -> str:
    """Sixteen digits that change with any letter of the parts."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(name.encode() + parts[name].tobytes())
    return digest.hexdigest()[:16]


class SelectedRows(nn.Embedding):
    """An embedding whose rows are picked by a product, which a CUDA graph can record."""

    def forward(self, idx: Tensor) -> Tensor:
        letters = torch.arange(self.num_embeddings, device=idx.device)
        return (idx[..., None] == letters).to(self.weight.dtype) @ self.weight


class Run:
    """One training run whose step is the same operations each time, on one device.

    The number of steps done, the rates and the places of all windows lie on the device, so that
    a step takes nothing from outside and can be replayed as a graph.
    """

    def __init__(self, job: Job, sweep: Sweep, text: Tensor):
        T, B = sweep.context_length, sweep.batch_size
        self.job, self.n_steps = job, max(1, job.tokens // (T * B))
        if self.n_steps * B * T >= len(text):
            raise ValueError(f"{job.tokens:,} new letters are asked for; there are {len(text):,}.")
        generator = torch.Generator().manual_seed(job.seed)
        order = torch.randperm((len(text) - 1) // T, generator=generator)[: self.n_steps * B]
        torch.manual_seed(job.seed)
        C, L, H = job.shape
        self.net = GPT(GPTConfig(V, T, C, H, L))
        on_gpu = text.device.type == "cuda"
        if on_gpu:
            rows = SelectedRows(V, C)
            rows.weight = self.net.token.weight
            self.net.token = rows
        self.net.to(text.device)
        self.text = text
        self.starts = (order * T).view(self.n_steps, B).to(text.device)
        self.places = torch.arange(T + 1, device=text.device)
        self.rates = torch.tensor(rates(job.rate, self.n_steps), device=text.device)
        self.rate = torch.tensor(job.rate, device=text.device)
        self.done = torch.zeros(1, dtype=torch.long, device=text.device)
        matrices = [p for n, p in self.net.named_parameters() if "blocks" in n and p.dim() == 2]
        rest = [p for n, p in self.net.named_parameters() if not ("blocks" in n and p.dim() == 2)]
        groups = [
            {"params": matrices, "weight_decay": 0.1},
            {"params": rest, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(
            groups, lr=self.rate, betas=(0.9, 0.98), fused=True, capturable=on_gpu
        )

    def step(self) -> None:
        """One step of AdamW on the next batch, at the next rate."""
        starts = self.starts.index_select(0, self.done)  # (1, B)
        rows = self.text[starts.T + self.places].long()  # (B, T + 1)
        self.rate.copy_(self.rates.index_select(0, self.done)[0])
        logits = self.net(rows[:, :-1])  # (B, T, V)
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.done += 1


def rates(peak: float, n_steps: int) -> list[float]:
    """A rise over a tenth of the steps, at most 100, then half a cosine down to a tenth."""
    warm_up = min(100, max(1, n_steps // 10))
    table = []
    for n in range(n_steps):
        share = (n - warm_up) / max(1, n_steps - warm_up)
        fall = 0.1 + 0.9 * (1 + math.cos(math.pi * share)) / 2
        table.append(peak * ((n + 1) / warm_up if n < warm_up else fall))
    return table


@torch.no_grad()
def mean_loss(net: nn.Module, text: Tensor, context_length: int, n_windows: int) -> float:
    """The mean over so many windows, evenly spread over the text. Units: nats a letter.

    Shapes:
        text (n,).

    Explained in: 7.1.1
    """
    n = min(n_windows, (len(text) - 1) // context_length)
    starts = torch.linspace(0, len(text) - 1 - context_length, n, dtype=torch.float64).long()
    rows = text.unfold(0, context_length + 1, 1)
    total = torch.zeros((), dtype=torch.float64, device=text.device)
    for some in starts.to(text.device).split(250):
        block = rows[some].long()
        logits = net(block[:, :-1])  # (b, T, V)
        loss = F.cross_entropy(logits.flatten(0, 1), block[:, 1:].flatten())
        total += loss.double() * len(some)
    return total.item() / n


class Lane:
    """A stream of a GPU, on which one run at a time is recorded as a graph and replayed."""

    AT_ONCE = 250

    def __init__(self) -> None:
        self.stream, self.event = torch.cuda.Stream(), torch.cuda.Event()
        self.run: Run | None = None
        self.graph: torch.cuda.CUDAGraph | None = None
        self.left = 0

    def begin(self, job: Job, sweep: Sweep, text: Tensor) -> None:
        with torch.cuda.stream(self.stream):
            self.run = Run(job, sweep, text)
            self.left = self.run.n_steps
            for _ in range(min(3, self.left)):
                self.run.step()
                self.left -= 1
            self.stream.synchronize()
            self.graph = torch.cuda.CUDAGraph()
            self.graph.capture_begin()
            try:
                self.run.step()
            finally:
                self.graph.capture_end()
            self.event.record(self.stream)

    def advance(self) -> None:
        with torch.cuda.stream(self.stream):
            for _ in range(min(self.AT_ONCE, self.left)):
                self.graph.replay()
                self.left -= 1
            self.event.record(self.stream)


class Laboratory:
    """Trains jobs on a device, keeps what came out, and stops at a time."""

    def __init__(
        self, sweep: Sweep, parts: dict[str, Tensor], until: float = math.inf, lanes: int = 1
    ):
        self.sweep, self.parts, self.until, self.n_lanes = sweep, parts, until, lanes
        self.rows: list[dict[str, Any]] = []
        self.log: Path | None = None

    def train(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """Train the jobs, seed by seed, those that cost most first, and return their rows."""
        known, T = len(self.rows), self.sweep.context_length
        jobs = sorted(jobs, key=lambda job: (job.seed, -job.flops(T)))
        if self.parts["train"].device.type == "cuda":
            self._train_side_by_side(jobs)
        else:
            for job in jobs:
                if time.time() > self.until:
                    break
                run = Run(job, self.sweep, self.parts["train"])
                for _ in range(run.n_steps):
                    run.step()
                self._finish(run)
        return self.rows[known:]

    def _train_side_by_side(self, jobs: Sequence[Job]) -> None:
        waiting, lanes = deque(jobs), [Lane() for _ in range(self.n_lanes)]
        while (waiting or any(lane.run for lane in lanes)) and time.time() < self.until:
            is_idle = True
            for lane in lanes:
                if lane.run is None:
                    if waiting:
                        lane.begin(waiting.popleft(), self.sweep, self.parts["train"])
                        is_idle = False
                elif lane.event.query():
                    is_idle = False
                    if lane.left:
                        lane.advance()
                    else:
                        with torch.cuda.stream(lane.stream):
                            self._finish(lane.run)
                        lane.run = lane.graph = None
            if is_idle:
                time.sleep(2e-4)

    def _finish(self, run: Run) -> None:
        steps = int(run.done)
        if steps != run.n_steps:
            raise RuntimeError(f"{steps} steps were done of {run.n_steps}.")
        T = self.sweep.context_length
        shape, tokens, seed, rate, part = run.job
        row = {"part": part, "shape": str(shape), "tokens": tokens, "seed": seed, "rate": rate}
        row["validation"] = mean_loss(run.net, self.parts["validation"], T, self.sweep.n_validation)
        if part != "pilot":
            row["test"] = mean_loss(run.net, self.parts["test"], T, self.sweep.n_test)
        self.rows.append(row)
        line = json.dumps(row)
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(line + "\n")


def best_rate(rates: Sequence[float], losses: Sequence[float]) -> float:
    """The rate of least loss, by a parabola in its logarithm through the three best placed.

    Explained in: 7.1.1
    """
    at = min(max(int(np.argmin(losses)), 1), len(losses) - 2)
    x, y = np.log(rates[at - 1 : at + 2]), np.asarray(losses[at - 1 : at + 2])
    a, b, _ = np.polyfit(x, y, 2)
    lowest = -b / (2 * a) if a > 0 else x[int(np.argmin(y))]
    return float(np.exp(np.clip(lowest, x[0], x[-1])))


def fit_rule(points: Sequence[tuple[int, int, float]]) -> tuple[float, float, float]:
    """Constants (c, a, b) of rate = e^c N^a D^b, by least squares in logarithms.

    Shapes:
        points: (N, D, best rate), three at least.

    Explained in: 7.1.1
    """
    N, D, best = (np.log(column) for column in zip(*points))
    design = np.stack([np.ones_like(N), N, D], 1)
    return tuple(float(value) for value in np.linalg.lstsq(design, best, rcond=None)[0])


def rate_by_rule(rule: tuple[float, float, float], shape: Shape, tokens: int) -> float:
    """The learning rate of a size and a length."""
    c, a, b = rule
    return math.exp(c + a * math.log(non_embedding(shape)) + b * math.log(tokens))


def pilot_points(sweep: Sweep, rows: list[dict[str, Any]]) -> list[tuple[int, int, float]]:
    """(N, D, best rate) for each pair of the pilot whose rates were all tried."""
    points = []
    for shape in sweep.pilot_shapes:
        for tokens in sweep.pilot_tokens:
            tried = sorted(
                (row["rate"], row["validation"])
                for row in rows
                if row["shape"] == str(shape) and row["tokens"] == tokens
            )
            if len(tried) == len(sweep.rates):
                points.append((non_embedding(shape), tokens, best_rate(*zip(*tried))))
    return points


def grid(rows: list[dict[str, Any]], part: str, key: str) -> dict[str, dict[str, list]]:
    """Losses of a part by shape and tokens: [by rate or seed, in order], five decimals."""
    found: dict[str, dict[str, list]] = {}
    for row in sorted(rows, key=lambda row: (row["tokens"], row["rate"], row["seed"])):
        if row["part"] == part:
            losses = found.setdefault(row["shape"], {}).setdefault(str(row["tokens"]), [])
            losses.append(round(row[key], 5))
    return found


def run_all(lab: Laboratory, seeds: Sequence[int]) -> dict[str, Any]:
    """Pilot, sweep, held-out runs and a check of the rates; what a record keeps of them."""
    sweep = lab.sweep
    pilot = [
        Job(shape, tokens, 100, rate, "pilot")
        for shape in sweep.pilot_shapes
        for tokens in sweep.pilot_tokens
        for rate in sweep.rates
    ]
    rule = fit_rule(pilot_points(sweep, lab.train(pilot)))
    print("rule", rule, flush=True)
    pairs = [(shape, tokens) for shape in sweep.shapes for tokens in sweep.tokens]
    parts = [("sweep", pairs, seeds), ("held_out", sweep.held_out, seeds[:2])]
    jobs = [
        Job(*pair, seed, rate_by_rule(rule, *pair), part)
        for part, some, drawn in parts
        for pair in some
        for seed in drawn
    ]
    ends = [
        (s, D)
        for s in (sweep.shapes[1], sweep.shapes[-2])
        for D in sweep.tokens[:: len(sweep.tokens) - 1]
    ]
    jobs += [
        Job(*p, seeds[0], f * rate_by_rule(rule, *p), "rates") for p in ends for f in (0.5, 2.0)
    ]
    lab.train(jobs)
    shapes = dict.fromkeys([*sweep.shapes, *(shape for shape, _ in sweep.held_out)])
    return {
        "parameters": {str(shape): non_embedding(shape) for shape in shapes},
        "test": grid(lab.rows, "sweep", "test"),
        "validation": grid(lab.rows, "sweep", "validation"),
        "held_out": grid(lab.rows, "held_out", "test"),
        "pilot": grid(lab.rows, "pilot", "validation"),
        "rates_halved_and_doubled": grid(lab.rows, "rates", "test"),
        "rule": {"log_constant": rule[0], "exponent_N": rule[1], "exponent_D": rule[2]},
        "letters": {part: len(text) for part, text in lab.parts.items()},
    }


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    sweep, start = PRESETS[options.preset], time.time()
    if options.corpus is not None and options.corpus.is_file():
        with np.load(options.corpus) as file:
            parts = {name: file[name] for name in file.files}
    else:
        parts = collect_source(sweep.packages)
    print({part: len(text) for part, text in parts.items()}, fingerprint(parts), flush=True)
    if options.pack:
        np.savez_compressed(options.corpus, **parts)
        return
    seed_everything(0)
    device = torch.device(options.device)
    if device.type == "cuda":
        torch.use_deterministic_algorithms(False)  # sums may differ in their last digits
        torch.set_float32_matmul_precision("high")
    on_device = {part: torch.from_numpy(text.copy()).to(device) for part, text in parts.items()}
    if device.type == "cuda":
        torch.cuda.synchronize()
    lab = Laboratory(sweep, on_device, start + 60 * options.minutes, options.lanes)
    lab.log = options.log
    results = run_all(lab, options.seeds)
    results["corpus"] = fingerprint(parts)
    results["minutes"] = round((time.time() - start) / 60, 2)
    if options.record:
        seeds = " ".join(map(str, options.seeds))
        record = records.Record(
            name=options.record,
            what="Test loss in nats a letter of language models of Python source, by width x "
            "blocks and letters of training text, each on several seeds; larger runs apart.",
            command=f"python -m utils.fullscale.scaling --preset {options.preset} --device "
            f"{device.type} --seeds {seeds} --record {options.record}",
            seeds=options.seeds,
            settings=_settings(sweep),
            results=results,
            commit=options.commit or commit(),
        )
        print("recorded in", records.write(record, replace=True).name)


def _settings(sweep: Sweep) -> dict[str, Any]:
    kept = asdict(sweep)
    for name in ("shapes", "held_out", "pilot_shapes"):
        del kept[name]  # the results name them
    return {key: list(value) if isinstance(value, tuple) else value for key, value in kept.items()}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m utils.fullscale.scaling", description=__doc__)
    parser.add_argument("--preset", choices=[*PRESETS], default="cpu")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S")
    parser.add_argument("--lanes", type=int, default=12, help="runs side by side on a GPU")
    parser.add_argument("--minutes", type=float, default=math.inf, help="leave off after so many")
    parser.add_argument("--corpus", type=Path, help="a file of packed text to read, or to write")
    parser.add_argument("--pack", action="store_true", help="only write --corpus")
    parser.add_argument("--log", type=Path, help="a file that gets a line for each run")
    parser.add_argument("--commit", help="what the record says where there is no git")
    parser.add_argument("--record", metavar="NAME", help="write book/results/NAME.json")
    options = parser.parse_args(arguments)
    if options.pack and options.corpus is None:
        parser.error("--pack goes with --corpus")
    return options


if __name__ == "__main__":
    main()
