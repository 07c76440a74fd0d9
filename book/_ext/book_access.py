"""Repairs of generated HTML that screen readers and voice control stumble over.

The summary of a folded cell is named by the text it shows: myst-nb gives it a second, hidden name.
The bibliography is no list of list items, as docutils calls it: its entries have a role of their
own.
"""

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput


def visit_fold(translator, node) -> None:
    classes = " ".join(["admonition", "hide", *node["classes"]])
    titles = [("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"])]
    names = "".join(f'<p class="{kind} admonition-title">{escape(t)}</p>' for kind, t in titles)
    translator.body.append(f'<details class="{classes}"><summary>{names}</summary>\n')


def repair_body(app, pagename, templatename, context, doctree) -> None:
    if "body" in context:
        body = context["body"]
        context["body"] = body.replace('<div role="list" class="citation-list">', "<div>")


def setup(app) -> dict:
    app.connect("html-page-context", repair_body)
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_HideCellInput))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
