"""What a chapter stores comes from one clean run and says nothing about the machine."""

import pytest

from tests.book import rules


@pytest.mark.parametrize("rule", rules.OUTPUTS, ids=lambda rule: rule.__name__)
def test_outputs(chapter, rule):
    rules.demand(rule(chapter))
