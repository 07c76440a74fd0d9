"""Published architectures: their sizes, what follows from these, and what training them cost.

`counts` holds the formulas, `families` and `published` the sizes with dates and sources, `runs`
the public training runs, `footprints` what a run takes in hours, energy, carbon and money. Leaves
out building anything but by `transformers`, on the meta device.

Explained in: 1.1, 1.2
"""

from utils.architectures.counts import (
    Experts,
    Latent,
    Transformer,
    active_parameters,
    count_attention,
    count_convolution,
    count_feed_forward,
    count_head,
    count_layer,
    forward_flops,
    kv_cache_bytes,
    matrix_parameters,
    parameters,
    training_flops,
)
from utils.architectures.footprints import REPORTED, Assumed, Footprint, Reported, footprint
from utils.architectures.published import PUBLISHED, Published, find, on_meta
from utils.architectures.runs import RUNS, Run

__all__ = [
    "PUBLISHED",
    "REPORTED",
    "RUNS",
    "Assumed",
    "Experts",
    "Footprint",
    "Latent",
    "Published",
    "Reported",
    "Run",
    "Transformer",
    "active_parameters",
    "count_attention",
    "count_convolution",
    "count_feed_forward",
    "count_head",
    "count_layer",
    "find",
    "footprint",
    "forward_flops",
    "kv_cache_bytes",
    "matrix_parameters",
    "on_meta",
    "parameters",
    "training_flops",
]
