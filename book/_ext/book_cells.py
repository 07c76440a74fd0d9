"""Code cells as the site shows them: an anchor each, and folds that say what they hold.

A hidden solution is announced as one. A cell's id in the notebook is its anchor (`#cell-conv-loop`). The summary of a hidden cell is
named by the text it shows; myst-nb gives it a second, hidden name, which screen readers and voice
control then disagree about.
"""

from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput


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


def visit_fold(translator, node) -> None:
    classes = " ".join(["admonition", "hide", *node["classes"]])
    titles = [("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"])]
    names = "".join(f'<p class="{kind} admonition-title">{escape(t)}</p>' for kind, t in titles)
    translator.body.append(f'<details class="{classes}"><summary>{names}</summary>\n')


def setup(app) -> dict:
    app.connect("doctree-read", prepare_cells)
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_HideCellInput))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
