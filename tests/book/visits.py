"""Visits to pages of the built site in a browser, and what holds on every page in every look."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path != SITE / "index.html"
)
LOOKS = {"light": {"width": 1280, "height": 900}, "dark": {"width": 390, "height": 844}}
AXE = {"resultTypes": ["violations"], "preload": False}  # preloading asks for styles once more
STILL = "*, ::before, ::after { animation: none !important; transition: none !important; }"
every_page = pytest.mark.parametrize("name", PAGES)

# What a page shows: formulas, pictures, text that should have been a formula, what sticks out.
LOOK = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  all("details").forEach((fold) => { fold.open = true; });
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const raw = [];
  while (texts.nextNode()) {
    const text = texts.currentNode.data;
    const inside = texts.currentNode.parentElement.closest("pre, code, script, style, .katex");
    if (!inside && /\\$[^$]+\\$|\\\\[([a-z]/.test(text)) raw.push(text);
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

# What draws a formula, thousands of boxes that no screen reader meets (it reads the MathML beside
# them): one empty box of the same size stays for each.
HOLLOW_FORMULAS = """() => {
  const drawn = [...document.querySelectorAll(".katex-html")];
  const sizes = drawn.map((formula) => formula.getBoundingClientRect());
  for (const [n, formula] of drawn.entries()) {
    const box = document.createElement("span");
    box.style.display = "inline-block";
    box.style.width = `${sizes[n].width}px`;
    box.style.height = `${sizes[n].height}px`;
    formula.replaceWith(box);
  }
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


def watch(page: Page, visit: Visit) -> dict[str, Callable]:
    """Write down what happens on the page, by listeners that are returned with their events."""
    listeners = {
        "console": lambda m: visit.errors.append(m.text) if m.type == "error" else None,
        "pageerror": lambda error: visit.errors.append(str(error)),
        "request": lambda request: visit.requests.append(request.url),
        "requestfailed": lambda request: visit.failed.append(request.url),
        "response": lambda r: visit.failed.append(r.url) if r.status >= 400 else None,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    return listeners


@contextmanager
def served() -> Iterator[str]:
    """The site, served on this machine: its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def visitor(browser: Browser, address: str, look: str) -> Callable[[str], Visit]:
    """`visit(page)`: load the page in one look and say what was seen, once and again.

    All visits share a tab: a new one for each would take 2/5 more processor time.
    """
    context = browser.new_context(viewport=LOOKS[look], color_scheme=look)
    page, axe = context.new_page(), Axe()

    @functools.cache
    def visit(name: str) -> Visit:
        found = Visit()
        page.goto("about:blank")  # whatever the last page still does is not this one's
        heard = watch(page, found)
        found.status = page.goto(address + name, wait_until="load").status
        page.evaluate("document.fonts.ready")
        page.add_style_tag(content=STILL)
        found.seen = page.evaluate(LOOK)
        page.evaluate("document.fonts.ready")  # folds that were opened may have asked for more
        page.evaluate(ONE_OF_EACH)
        page.evaluate(HOLLOW_FORMULAS)
        results = axe.run(page, options=AXE).response
        for violation in results["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = [node["html"][:200] for node in violation["nodes"][:3]]
                found.violations.append(f"{violation['id']}: {violation['help']}: {where}")
        for event, listener in heard.items():
            page.remove_listener(event, listener)
        return found

    return visit


class EveryPage:
    """What holds on every page in one look. Each look has a test file, so they run side by side."""

    look: str

    @every_page
    def test_page_loads_without_an_error(self, visit, name):
        found = visit(name)
        assert found.status == 200
        assert found.failed == []
        assert found.errors == []

    @every_page
    def test_no_request_leaves_the_site(self, visit, address, name):
        requests = visit(name).requests
        assert len(requests) > 5
        assert [u for u in requests if not u.startswith((address, "data:", "blob:"))] == []

    @every_page
    def test_page_is_accessible(self, visit, name):
        assert visit(name).violations == []
