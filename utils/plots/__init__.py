"""The house style and the handful of figures that recur.

Every function takes arrays or tensors and labels, returns `fig, ax`, and never trains anything.
`style` holds palette, type and sizes. A figure that only one chapter needs is drawn there,
from `figure()`.
"""

from utils.plots.charts import bars, histogram
from utils.plots.grids import confusion, heatmap, heatmaps
from utils.plots.interactive import Interactive
from utils.plots.lines import curves
from utils.plots.pictures import image_grid, image_rows
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
    "image_rows",
    "readable",
    "show",
    "use_house_style",
]
