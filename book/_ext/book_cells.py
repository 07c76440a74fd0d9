"""Code cells as the site shows them.

A cell's id in the notebook is its anchor (`#cell-conv-loop`), a folded solution is announced as
one, and what a cell prints of its checks wraps like the sentences it is, instead of scrolling.
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
        for block in printed(node):
            if is_sentences(block.astext()):
                block["classes"].append("says")
        if "tag_solution" in node["classes"]:
            node["prompt_show"], node["prompt_hide"] = "Show the solution", "Hide the solution"


def printed(cell):
    """The text outputs of a cell."""
    for part in cell.findall(nodes.container):
        if part.get("nb_element") == "cell_code_output":
            yield from part.findall(nodes.literal_block)


def is_sentences(text: str) -> bool:
    """Lines of checks, with nothing lined up in columns that wrapping would tear apart."""
    return "✓" in text and "  " not in text


def setup(app) -> dict:
    app.connect("doctree-read", prepare_cells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
