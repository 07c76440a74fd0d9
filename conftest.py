"""Settings of the whole test: the notebook plugin, and `--chapter` for one chapter alone."""

pytest_plugins = ["tests.nbval_numbers"]


def pytest_addoption(parser):
    parser.addoption(
        "--chapter",
        metavar="N",
        help="apply the rules of the book to one chapter alone, named by its number, as 3-2-1",
    )
