"""`utils.tensorfile`: any tree comes back as it was, whatever it holds and however it is named."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import tensorfile

tensors = st.sampled_from(
    [
        torch.arange(6.0).reshape(2, 3),
        torch.arange(6).reshape(2, 3).T,
        torch.zeros(0, 4),
        torch.tensor(7, dtype=torch.uint8),
        torch.ones(2, dtype=torch.bfloat16),
        torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
    ]
)
leaves = (
    tensors | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@settings(max_examples=40, deadline=None)
@given(tree=trees)
def test_a_tree_comes_back(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("trees") / "tree.safetensors"
    assert same(tensorfile.read(tensorfile.write(path, tree)), tree)


def test_names_with_a_slash_do_not_collide(tmp_path):
    tree = {"a/b": torch.ones(1), "a": {"b": torch.zeros(1)}}
    assert same(tensorfile.read(tensorfile.write(tmp_path / "names", tree)), tree)


def test_tensors_that_share_memory_are_stored_each(tmp_path):
    a = torch.arange(4.0)
    tree = tensorfile.read(tensorfile.write(tmp_path / "shared", {"a": a, "b": a, "half": a[:2]}))
    assert same(tree, {"a": a, "b": a, "half": a[:2]})
