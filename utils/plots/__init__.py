"""The house style and the handful of figures that recur.

Every function takes arrays or tensors and labels, returns `fig, ax`, and never trains anything.
`style` holds palette, type and sizes, `charts` what has axes to read values from, `grids` what
is made of cells. Figures of one chapter only are drawn in that chapter, from `figure()`.
"""

from utils.plots.charts import bars, curves, histogram
from utils.plots.grids import confusion, heatmap, heatmaps, image_grid
from utils.plots.interactive import Interactive
from utils.plots.style import CYCLE, PALETTE, SIZES, figure, readable, show, use_house_style

__all__ = [
    "CYCLE",
    "PALETTE",
    "SIZES",
    "Interactive",
    "bars",
    "confusion",
    "curves",
    "figure",
    "heatmap",
    "heatmaps",
    "histogram",
    "image_grid",
    "readable",
    "show",
    "use_house_style",
]
