"""Settings of the whole test: the notebook plugin, and `--chapter` for one chapter alone."""

import pytest

from tools import notebooks

pytest_plugins = ["tests.nbval_numbers"]


def pytest_addoption(parser):
    parser.addoption(
        "--chapter",
        metavar="N",
        help="apply the rules of the book to one chapter alone, named by its number, as 3-2-1",
    )


def pytest_configure(config):
    if number := config.getoption("chapter"):
        try:
            config.chapter_path = notebooks.path_of(number)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None
    else:
        config.chapter_path = None
