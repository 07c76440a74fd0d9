"""Fixtures of the tests about the book: `book`, and `chapter` for each notebook in turn.

With `--chapter 3-2-1` there is that chapter alone, and the tests of the built site are left out.
"""

from pathlib import Path

import pytest

from tests.book.pages import Book
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
NEEDS_THE_SITE = ("test_site", "test_browser")


def pytest_generate_tests(metafunc):
    if "chapter" in metafunc.fixturenames:
        only = metafunc.config.getoption("chapter")
        chapters = Book(ROOT).chapters
        if only:
            wanted = chapter_path(only)
            chapters = [chapter for chapter in chapters if chapter.path == wanted]
        names = [chapter.path.stem for chapter in chapters]
        metafunc.parametrize("chapter", chapters, ids=names, scope="session")


def pytest_collection_modifyitems(config, items):
    if config.getoption("chapter"):
        left_out = [i for i in items if i.path.stem.startswith(NEEDS_THE_SITE)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def book():
    return Book(ROOT)


@pytest.fixture
def sentences(request):
    """A filter for what rules of the whole book say: with `--chapter`, what concerns it alone."""
    only = request.config.getoption("chapter")

    def concerning(wrong: list[str]) -> list[str]:
        return [w for w in wrong if not only or chapter_path(only).name in w]

    return concerning


def chapter_path(number: str) -> Path:
    try:
        return notebooks.path_of(number)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
