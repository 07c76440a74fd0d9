"""Figures that compute in the page: custom elements, with no kernel and no network.

An element is one file of plain JavaScript, `book/_static/js/<name>.js`, which the figure carries
along, so that it works on the site and in JupyterLab alike.
"""

import html
import json
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "book" / "_static" / "js"


class Interactive:
    """A custom element and its attributes; the last line of a cell, so that it is shown.

    Where scripts don't run, `instead` stands in its place.

    Raises:
        FileNotFoundError: if the book has no such element.
    """

    def __init__(self, name: str, instead: str, **attributes: object) -> None:
        self.name, self.instead, self.attributes = name, instead, attributes
        self.script = SCRIPTS / f"{name}.js"
        if not self.script.is_file():
            known = ", ".join(sorted(path.stem for path in SCRIPTS.glob("*.js")))
            raise FileNotFoundError(
                f"No interactive figure is called {name!r}; there are: {known}."
            )

    def __repr__(self) -> str:
        return f"Interactive figure {self.name}, shown in a browser."

    def _repr_html_(self) -> str:
        attributes = "".join(
            f' {key}="{html.escape(json.dumps(value))}"' for key, value in self.attributes.items()
        )
        element = f"<{self.name}{attributes}>{html.escape(self.instead)}</{self.name}>"
        script = self.script.read_text(encoding="utf-8")
        return f'{element}\n<script type="module">\n{script}</script>'
