"""Training and test part of a data set."""

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
    from sklearn.model_selection import train_test_split  # only here: its import takes a second

    labels = y.numpy() if stratify else None
    _check_counts(len(x), math.ceil(test * len(x)), labels)
    train_at, test_at = train_test_split(
        np.arange(len(x)), test_size=test, random_state=seed, stratify=labels
    )
    return Split(x[train_at], x[test_at], y[train_at], y[test_at])


def _check_counts(n: int, n_test: int, labels: np.ndarray | None) -> None:
    counts = [n] if labels is None else np.unique(labels, return_counts=True)[1]
    reason = None
    if labels is not None and min(counts) < 2:
        reason = "a class has only one, and each needs one in either part"
    elif min(n_test, n - n_test) < len(counts):
        few = "one case" if labels is None else f"{len(counts)} classes"
        reason = f"{n - n_test} for training and {n_test} for the test are too few for {few}"
    if reason is not None:
        raise ValueError(f"{n} cases cannot be split so: {reason}.")


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
