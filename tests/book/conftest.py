"""A browser for the tests that look at pages."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.book.visits import Visit, served, visitor

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one, the tests are skipped, and on CI they fail."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        how = "No Chromium: `apt-get install chromium`, or name one with CHROMIUM=/path/to/it."
        pytest.fail(how) if os.environ.get("CI") else pytest.skip(how)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the built site is served."""
    with served() as address:
        yield address


@pytest.fixture(scope="class")
def visit(request, browser: Browser, address: str) -> Callable[[str], Visit]:
    """`visit(page)` in the look that the test's class names."""
    return visitor(browser, address, request.cls.look)
