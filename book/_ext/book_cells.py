"""Code cells as the site shows them.

A cell's id in the notebook is its anchor (`#cell-conv-loop`), and a folded solution is announced
as one.
"""

from pathlib import Path

import nbformat
from docutils import nodes


def prepare_cells(app, doctree) -> None:
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    cells = nbformat.read(path, as_version=4).cells
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") != "cell_code":
            continue
        node["ids"].append(f"cell-{cells[node['cell_index']].id}")
        if "tag_solution" in node["classes"]:
            node["prompt_show"], node["prompt_hide"] = "Show the solution", "Hide the solution"


def setup(app) -> dict:
    app.connect("doctree-read", prepare_cells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
