"""Every code cell can be linked to: its id in the notebook is its anchor, `#cell-conv-loop`."""

from pathlib import Path

import nbformat
from docutils import nodes


def add_anchors(app, doctree) -> None:
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    cells = nbformat.read(path, as_version=4).cells
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            node["ids"].append(f"cell-{cells[node['cell_index']].id}")


def setup(app) -> dict:
    app.connect("doctree-read", add_anchors)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
