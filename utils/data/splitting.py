"""Training and test part of a data set.

The draws are those of scikit-learn's `train_test_split`, and a test holds them equal; they stand
here because its import takes longer than everything that most chapters do before training.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Split(NamedTuple):
    """The two parts, in scikit-learn's order."""

    x_train: Tensor
    x_test: Tensor
    y_train: Tensor
    y_test: Tensor


def split(x, y, test: float = 0.25, seed: int = 0, stratify: bool = True) -> Split:
    """Put a share of the cases aside for testing, of every class the same share if `stratify`.

    Shapes:
        x: (N, ...) numbers; y: (N,), classes if `stratify`, else any numbers. Tensors or arrays;
        returns tensors. Both parts are in shuffled order.

    Raises:
        TypeError: if `x` or `y` does not hold numbers.
        ValueError: empty, unequal lengths, NaN, a share outside (0, 1), classes with one case.
    """
    x, y = _tensor("x", x), _tensor("y", y)
    if y.ndim != 1:
        raise ValueError(f"y must have one dimension, one label per case; its shape is {_of(y)}.")
    if len(x) != len(y):
        raise ValueError(f"x and y must be as many: {len(x)} cases against {len(y)} labels.")
    if isinstance(test, bool) or not isinstance(test, float) or not 0 < test < 1:
        raise ValueError(f"The test part is a share between 0 and 1, such as 0.25; not {test!r}.")
    if stratify and y.is_floating_point():
        raise ValueError("Only classes (whole numbers) can be stratified; pass stratify=False.")
    rng = np.random.RandomState(seed)
    n_test = math.ceil(test * len(x))
    labels = y.numpy() if stratify else np.zeros(len(x), dtype=int)
    _check_counts(labels, n_test, stratify)
    if stratify:
        train_at, test_at = _draw_of_each_class(rng, labels, len(x) - n_test, n_test)
    else:
        order = rng.permutation(len(x))
        train_at, test_at = order[n_test:], order[:n_test]
    return Split(x[train_at], x[test_at], y[train_at], y[test_at])


def _check_counts(labels, n_test: int, stratify: bool) -> None:
    n, counts = len(labels), np.unique(labels, return_counts=True)[1]
    reason = None
    if stratify and counts.min() < 2:
        reason = "a class has only one, and each needs one in either part"
    elif min(n_test, n - n_test) < len(counts):
        few = f"{len(counts)} classes" if stratify else "one case"
        reason = f"{n - n_test} for training and {n_test} for the test are too few for {few}"
    if reason is not None:
        raise ValueError(f"{n} cases cannot be split so: {reason}.")


def _draw_of_each_class(rng, labels, n_train: int, n_test: int) -> tuple[np.ndarray, np.ndarray]:
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(which, kind="stable"), np.cumsum(counts)[:-1])
    of_train = _shares(rng, counts, n_train)
    of_test = _shares(rng, counts - of_train, n_test)
    train, test = [], []
    for at, first, then in zip(members, of_train, of_test):
        drawn = at[rng.permutation(len(at))]
        train.append(drawn[:first])
        test.append(drawn[first : first + then])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def _shares(rng, counts, n: int) -> np.ndarray:
    """How many of each class when `n` are drawn: in proportion, the largest rests rounded up."""
    exact = counts / counts.sum() * n
    whole = np.floor(exact)
    rest, missing = exact - whole, int(n - whole.sum())
    for value in np.unique(rest)[::-1]:
        (tied,) = np.where(rest == value)
        if missing > 0:
            chosen = rng.choice(tied, size=min(len(tied), missing), replace=False)
            whole[chosen] += 1
            missing -= len(chosen)
    return whole.astype(int)


def _tensor(name: str, values) -> Tensor:
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} must hold numbers; this is {type(values).__name__}.") from None
    if tensor.ndim == 0 or tensor.numel() == 0:
        raise ValueError(f"{name} must hold at least one case; its shape is {_of(tensor)}.")
    if tensor.is_floating_point() and tensor.isnan().any():
        count = int(tensor.isnan().sum())
        raise ValueError(f"{name} holds {count} NaN; fill or leave out those cases first.")
    return tensor


def _of(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))
