"""`claim`: a chapter's verdict on one statement of the source document.

The statements, in our own words, stand in `book/claims.yml`; `tools/ledger.py` gathers the
verdicts from the stored outputs of the notebooks into the ledger page.
"""

import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from utils.check.reporting import nearest

VERDICTS = ("holds", "holds when", "imprecise", "wrong", "opinion")
MIME = "application/vnd.large-models.claim+json"
STATEMENTS = Path(__file__).resolve().parents[2] / "book" / "claims.yml"
CONDITION = re.compile(r"\b(when|if|unless|only|provided|as long as|until|while|where)\b", re.I)


@dataclass(frozen=True)
class Claim:
    """A verdict, shown as a badge on a page and as one line of text elsewhere."""

    id: str
    verdict: str
    because: str

    def __repr__(self) -> str:
        return f"Claim {self.id}: {self.verdict}. {self.because}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            MIME: {"id": self.id, "verdict": self.verdict, "because": self.because},
        }

    def _repr_html_(self) -> str:
        return (
            f'<div class="claim"><span class="claim-id">{html.escape(self.id)}</span> '
            f"{badge(self.verdict)} "
            f'<span class="claim-because">{inline_html(self.because)}</span></div>'
        )


def claim(id: str, verdict: str, because: str) -> Claim:
    """Record the verdict on statement `id`; the last line of a cell, so that it is shown.

    `because` is one or two plain sentences, in which `code` and *emphasis* may stand; for the
    verdict "holds when" it names the condition. Without `book/claims.yml` ids are not checked.

    Raises:
        ValueError: on an unknown id or verdict, or a `because` that is no sentence.
    """
    known = statements()
    if known and id not in known:
        raise ValueError(f"`book/claims.yml` has no claim {id!r}.{nearest(id, known)}")
    if verdict not in VERDICTS:
        words = ", ".join(map(repr, VERDICTS))
        raise ValueError(f"A verdict is one of {words}; this is {verdict!r}.")
    if not isinstance(because, str) or not re.search(r"\w+\W+\w+.*[.!?]\)?\s*$", because, re.S):
        raise ValueError(f"`because` is a sentence, with its full stop; this is {because!r}.")
    if verdict == "holds when" and not CONDITION.search(because):
        raise ValueError(
            "'holds when' needs its condition in `because`: a part with when, if, only, unless, "
            "provided, as long as, until, while or where."
        )
    return Claim(id, verdict, " ".join(because.split()))


@cache
def statements() -> dict[str, dict[str, str]]:
    """The statements of the source document by id, or nothing where the book is not at hand."""
    if not STATEMENTS.exists():
        return {}
    return yaml.safe_load(STATEMENTS.read_text(encoding="utf-8"))


def badge(verdict: str) -> str:
    """The verdict as HTML; the site's style sheet colours it by its class."""
    name = html.escape(verdict)
    return f'<span class="verdict verdict-{name.replace(" ", "-")}">{name}</span>'


def inline_html(text: str) -> str:
    """Plain text with `code` and *emphasis* as HTML; everything else is escaped."""
    tags = {"code": "<code>{}</code>", "emphasis": "<em>{}</em>", "text": "{}"}
    return "".join(tags[kind].format(html.escape(part)) for kind, part in inline_parts(text))


def inline_parts(text: str) -> list[tuple[str, str]]:
    """The text cut into ("code" | "emphasis" | "text", part)."""
    marks = {"`": "code", "*": "emphasis"}
    parts = filter(None, re.split(r"(`[^`]+`|\*[^*\s](?:[^*]*[^*\s])?\*)", text))
    marked = ((marks[p[0]] if len(p) > 2 and p[0] == p[-1] in marks else "text", p) for p in parts)
    return [(kind, p if kind == "text" else p[1:-1]) for kind, p in marked]
