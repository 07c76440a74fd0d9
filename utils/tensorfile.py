"""A tree of dicts and lists with tensors in it, as one safetensors file, written all or nothing.

Tensors are stored as they are; the rest is JSON in the file's metadata. Nothing is ever pickled.
`training` keeps its checkpoints so.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

MARK = "__tensor__"  # the key under which a tensor's name stands in its place


def write(path: str | Path, tree: Any) -> Path:
    """Write `tree`: dicts with text keys, lists, tensors, numbers, texts, None.

    A crash leaves the old file or the new one, never half of one. Keys become texts and tuples
    lists, as always in JSON.
    """
    path = Path(path)
    tensors: dict[str, Tensor] = {}
    rest = json.dumps(_take_tensors(tree, "", tensors))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + f".{os.getpid()}.part")
    try:
        save_file(tensors, unfinished, metadata={"tree": rest})
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def read(path: str | Path) -> Any:
    """Read what `write` wrote.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is not whole, or was not written here.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: write it first.")
    try:
        with safe_open(path, framework="pt") as file:
            rest = json.loads((file.metadata() or {})["tree"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        return _put_tensors(rest, tensors)
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is not whole, or not a file of this book: write it anew."
        ) from error


def _take_tensors(tree: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Copy `tree` with every tensor moved to `tensors` and its name left in its place."""
    if isinstance(tree, Tensor):
        while name in tensors:  # {"a/b": ...} beside {"a": {"b": ...}}
            name += "'"
        tensors[name] = tree.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {MARK: name}
    if isinstance(tree, dict):
        return {key: _take_tensors(value, f"{name}/{key}", tensors) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_take_tensors(value, f"{name}/{i}", tensors) for i, value in enumerate(tree)]
    return tree


def _put_tensors(tree: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, dict):
        if set(tree) == {MARK}:
            return tensors[tree[MARK]]
        return {key: _put_tensors(value, tensors) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_put_tensors(value, tensors) for value in tree]
    return tree
