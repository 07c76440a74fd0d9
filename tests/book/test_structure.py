"""Every chapter has the anatomy of a chapter, and the book is the sum of its files."""

import pytest

from tests.book import rules


@pytest.mark.parametrize("rule", rules.STRUCTURE, ids=lambda rule: rule.__name__)
def test_chapter(chapter, rule):
    rules.demand(rule(chapter))


@pytest.mark.parametrize("rule", rules.WHOLE_BOOK, ids=lambda rule: rule.__name__)
def test_book(book, rule, sentences):
    rules.demand(sentences(rule(book)))
