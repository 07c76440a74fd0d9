"""The code that a chapter shows is short, is its own, and leaves the reader's machine alone."""

import pytest

from tests.book import rules


@pytest.mark.parametrize("rule", rules.CODE, ids=lambda rule: rule.__name__)
def test_code(chapter, rule):
    rules.demand(rule(chapter))
