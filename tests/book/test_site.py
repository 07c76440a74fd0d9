"""The built site in a browser, wide and light, and what its files say: links, titles, counts.

`make book` first. A failure names its page and its rule; `test_site_narrow` visits every page on a
phone, in the dark.
"""

import functools
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe

from tests.book.visits import (
    AXE,
    ONE_OF_EACH,
    PAGES,
    ROOT,
    SITE,
    EveryPage,
    Visit,
    every_page,
    watch,
)
from tools import ledger
from tools.status import status

sys.path.append(str(ROOT / "book" / "_ext"))
from book_numbers import number_of


def test_the_site_is_built():
    assert len(PAGES) > 10, f"There is no site in {SITE}: run `make book` first."


def test_the_landing_page_shows_what_is_counted_now():
    page = (SITE / "book" / "intro.html").read_text(encoding="utf-8")
    claims = ledger.read_claims(ROOT / ledger.CLAIMS)
    now = status(ledger.read_notebooks(ROOT / "book"), claims)
    strip = re.search(r'<ul class="status">(.*?)</ul>', page, re.S)[1]
    shown = [int(n.replace(",", "")) for n in re.findall(r"<strong>([\d,]+)</strong>", strip)]
    assert shown == [now.chapters, now.cells, now.checks, now.formulas, now.exercises]
    counted = dict(re.findall(r'verdict-[\w-]+">([\w ]+)</span> (\d+)</span>', page))
    assert {word: int(n) for word, n in counted.items() if n != "0"} == now.verdicts


class TestWide(EveryPage):
    look = "light"

    @every_page
    def test_all_formulas_are_rendered(self, visit, name):
        seen = visit(name).seen
        assert seen["unrendered"] == []
        assert seen["wrong"] == []
        assert seen["raw"] == [], "text that looks like a formula, and is not one"

    def test_the_formulas_are_counted(self, visit):
        """At least eight formulas stand on this page: the rule above has something to look at."""
        assert visit("book/3-principles/index.html").seen["formulas"] >= 8

    @every_page
    def test_every_picture_has_a_text_and_is_there(self, visit, name):
        seen = visit(name).seen
        assert seen["mute"] == [], "pictures without alternative text"
        assert seen["broken"] == []


def test_a_pale_word_of_code_is_still_seen(browser):
    page = browser.new_page()
    words = '<span class="k">def</span> <span class="pale">forward</span> ' * 3
    style = "<style>body { background: white } .pale { color: #ddd }</style>"
    page.set_content(f'{style}<div class="highlight"><pre>{words}</pre></div>')
    page.evaluate(ONE_OF_EACH)
    assert page.locator("span").count() == 2
    assert page.locator("pre").inner_text().count("forward") == 3
    found = Axe().run(page, options=AXE).response["violations"]
    assert "color-contrast" in [violation["id"] for violation in found]
    page.close()


@every_page
def test_the_title_shows_the_number_that_the_file_name_states(name):
    number = ".".join(map(str, number_of(name.removesuffix(".html"))))
    shown = re.findall(
        r'<h1>(?:<span class="section-number">([\d.]+)\s*</span>)?',
        (SITE / name).read_text("utf-8"),
    )
    assert set(shown) == {"", number}, "the theme prints the title once more, unnumbered"


class Targets(HTMLParser):
    """The ids of a page, and where its links lead."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids: set[str] = {"", "#"}
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])


@functools.cache
def targets(path: Path) -> Targets:
    return Targets(path)


@every_page
def test_every_internal_link_leads_somewhere(name):
    lost = []
    for link in targets(SITE / name).links:
        parts = urlsplit(urljoin(f"site:///{name}", link))
        if parts.scheme != "site" or link.startswith("mailto:"):
            continue
        path = SITE / unquote(parts.path.lstrip("/"))
        if not path.is_file():
            lost.append(f"{link}: no such file")
        elif path.suffix == ".html" and unquote(parts.fragment) not in targets(path).ids:
            lost.append(f"{link}: no such place on that page")
    assert lost == []


def test_page_opens_as_a_file(browser):
    """`make book` names a file to open, so the pages work without a server too."""
    page, found = browser.new_page(), Visit()
    watch(page, found)
    page.goto((SITE / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('16px \"Source Sans 3\"')")
    assert found.errors == [] and found.failed == []
    page.close()


def test_search_finds_a_term(browser, address):
    page = browser.new_page()
    page.goto(address + "search.html?q=cross-correlation")
    page.locator("#search-results a", has_text="Glossary").first.wait_for(timeout=10_000)
    page.close()
