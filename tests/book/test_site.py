"""The built site in a browser: what a reader on any page, in any light, on any screen, relies on.

`make book` first. Every page is visited twice: wide and light, narrow and dark; the rules below
look at what those visits saw, so that a failure names its page and its rule.
"""

import functools
import http.server
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tools import ledger
from tools.status import status

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))
from book_numbers import number_of  # noqa: E402

SITE = ROOT / "_build" / "html"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path != SITE / "index.html"
)
LOOKS = {"light": {"width": 1280, "height": 900}, "dark": {"width": 390, "height": 844}}
AXE = {"resultTypes": ["violations"], "preload": False}  # preloading asks for styles once more
AXE_LOOKS_AT = {"exclude": [[".katex-html"]]}  # thousands of boxes, hidden behind their MathML
STILL = "*, ::before, ::after { animation: none !important; transition: none !important; }"
every_page = pytest.mark.parametrize("name", PAGES)

# What a page shows: formulas, pictures, text that should have been a formula, what sticks out.
LOOK = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  all("details").forEach((fold) => { fold.open = true; });
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const raw = [];
  while (texts.nextNode()) {
    const inside = texts.currentNode.parentElement.closest("pre, code, script, style, .katex");
    if (!inside && /\\$|\\\\[([a-z]/.test(texts.currentNode.data)) raw.push(texts.currentNode.data);
  }
  const red = /color: ?(#cc0000|rgb\\(204, 0, 0\\))/;
  return {
    formulas: all(".math").length,
    unrendered: all(".math").filter((f) => !f.querySelector(".katex")).map((f) => f.textContent),
    wrong: all(".katex-error, .katex [style]")
      .filter((f) => f.matches(".katex-error") || red.test(f.getAttribute("style")))
      .map((f) => f.textContent),
    raw,
    mute: all("main img").filter((i) => !(i.getAttribute("alt") || "").trim()).map((i) => i.src),
    broken: all("img").filter((i) => i.complete && !i.naturalWidth && i.checkVisibility())
      .map((i) => i.src),
    overflow: document.documentElement.scrollWidth - innerWidth,
  };
}"""

# Coloured words of code: axe looks long at each, so of those that look alike one stays. The words
# of the others remain as plain text.
ONE_OF_EACH = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight span")) {
    const part = word.closest(".cell_input, .cell_output"), cell = word.closest(".cell");
    const look = [word, part, cell].map((element) => element?.className).join("|");
    if (seen.has(look)) word.replaceWith(...word.childNodes); else seen.add(look);
  }
  for (const code of document.querySelectorAll(".highlight pre")) code.normalize();
}"""


@dataclass
class Visit:
    """What one visit to a page saw."""

    status: int = 0
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seen: dict = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


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


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The site, served on this machine."""
    test_the_site_is_built()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def watch(page: Page, visit: Visit) -> None:
    page.on("console", lambda m: visit.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("requestfailed", lambda request: visit.failed.append(request.url))
    page.on("response", lambda r: visit.failed.append(r.url) if r.status >= 400 else None)


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Iterator[Callable[[str, str], Visit]]:
    """`visit(page, look)`: load the page once in each look and say what was seen."""
    contexts = {
        look: browser.new_context(viewport=size, color_scheme=look) for look, size in LOOKS.items()
    }
    axe = Axe()

    @functools.cache
    def visit(name: str, look: str) -> Visit:
        page, found = contexts[look].new_page(), Visit()
        watch(page, found)
        found.status = page.goto(address + name, wait_until="load").status
        page.evaluate("document.fonts.ready")
        page.add_style_tag(content=STILL)
        found.seen = page.evaluate(LOOK)
        page.evaluate("document.fonts.ready")  # folds that were opened may have asked for more
        page.evaluate(ONE_OF_EACH)
        results = axe.run(page, context=AXE_LOOKS_AT, options=AXE).response
        for violation in results["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = [node["html"][:200] for node in violation["nodes"][:3]]
                found.violations.append(f"{violation['id']}: {violation['help']}: {where}")
        page.close()
        return found

    yield visit


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
def test_page_loads_without_an_error(visit, name):
    for look in LOOKS:
        found = visit(name, look)
        assert found.status == 200
        assert found.failed == []
        assert found.errors == []


@every_page
def test_no_request_leaves_the_site(visit, address, name):
    requests = [url for look in LOOKS for url in visit(name, look).requests]
    assert len(requests) > 5
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []


@every_page
def test_all_formulas_are_rendered(visit, name):
    seen = visit(name, "light").seen
    assert seen["unrendered"] == []
    assert seen["wrong"] == []
    assert seen["raw"] == [], "text that looks like a formula, and is not one"


def test_the_formulas_are_counted(visit):
    """Eight formulas stand on this page at least, so the rule above has something to look at."""
    assert visit("book/3-principles/index.html", "light").seen["formulas"] >= 8


@every_page
def test_every_picture_has_a_text_and_is_there(visit, name):
    seen = visit(name, "light").seen
    assert seen["mute"] == [], "pictures without alternative text"
    assert seen["broken"] == []


@every_page
def test_page_fits_a_phone(visit, name):
    assert visit(name, "dark").seen["overflow"] <= 0, "the page scrolls sideways at 390 px"


@every_page
@pytest.mark.parametrize("look", LOOKS)
def test_page_is_accessible(visit, name, look):
    assert visit(name, look).violations == []


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


def test_colours_follow_the_system_until_the_reader_chooses(browser, address):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(address + "book/intro.html")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.locator(".theme-switch-button").first.click()
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light", "the choice is remembered"
    context.close()


def test_menu_opens_on_a_phone(browser, address):
    page = browser.new_page(viewport=LOOKS["dark"])
    page.goto(address + "book/intro.html")
    entry = page.locator(".bd-sidebar-primary a", has_text="Glossary")
    assert not entry.is_visible() or entry.bounding_box()["x"] < 0
    page.locator("button.primary-toggle").first.click()
    entry.click()
    page.wait_for_url("**/book/back/glossary.html")
    page.close()


def test_search_finds_a_term(browser, address):
    page = browser.new_page()
    page.goto(address + "search.html?q=cross-correlation")
    page.locator("#search-results a", has_text="Glossary").first.wait_for(timeout=10_000)
    page.close()
