"""Published architectures: their sizes, what follows from these, and what training them cost.

`counts` holds the formulas, `families` and `published` the sizes with dates and sources, `runs`
the public training runs. Leaves out building anything but by `transformers`, on the meta device.

Explained in: 1.1
"""

from utils.architectures.counts import (
    Experts,
    Latent,
    Transformer,
    active_parameters,
    attention_parameters,
    convolution_parameters,
    feed_forward_parameters,
    forward_flops,
    head_parameters,
    kv_cache_bytes,
    layer_parameters,
    matrix_parameters,
    parameters,
    training_flops,
)
from utils.architectures.published import PUBLISHED, Published, find, on_meta
from utils.architectures.runs import RUNS, Run

__all__ = [
    "PUBLISHED",
    "RUNS",
    "Experts",
    "Latent",
    "Published",
    "Run",
    "Transformer",
    "active_parameters",
    "attention_parameters",
    "convolution_parameters",
    "feed_forward_parameters",
    "find",
    "forward_flops",
    "head_parameters",
    "kv_cache_bytes",
    "layer_parameters",
    "matrix_parameters",
    "on_meta",
    "parameters",
    "training_flops",
]
