"""Fixtures of the tests about the book: `book`, and `chapter` for each notebook in turn.

With `--chapter 3-2-1` there is that chapter alone, and the tests of the built site are left out.
"""

from pathlib import Path

import pytest

from tests.book.pages import Book

ROOT = Path(__file__).resolve().parent.parent
NEEDS_THE_SITE = "test_site"


def pytest_generate_tests(metafunc):
    if "chapter" in metafunc.fixturenames:
        only = metafunc.config.chapter_path
        chapters = [one for one in Book(ROOT).chapters if only in (None, one.path)]
        names = [chapter.path.stem for chapter in chapters]
        metafunc.parametrize("chapter", chapters, ids=names, scope="session")


def pytest_collection_modifyitems(config, items):
    if config.chapter_path:
        left_out = [item for item in items if item.path.stem.startswith(NEEDS_THE_SITE)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def book():
    return Book(ROOT)


@pytest.fixture
def sentences(request):
    """A filter for what rules of the whole book say: with `--chapter`, what concerns it alone."""
    only = request.config.chapter_path
    return lambda wrong: [one for one in wrong if only is None or only.name in one]
