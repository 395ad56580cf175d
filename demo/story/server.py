"""Serve the demo with gunicorn on a loopback port, and stop it whatever happens."""

from __future__ import annotations

import ctypes
import http.client
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from demo.settings import FOLDER, ROOT

PATIENCE_SECONDS = 30


class ServerStopped(Exception):
    """The server ended by itself; the message shows what it said."""


class Server:
    """A running server: its address, and the file that holds what it says."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path) -> None:
        self.process = process
        self.host = "127.0.0.1"
        self.port = port
        self.log = log
        self.address = f"http://127.0.0.1:{port}"

    def check(self) -> None:
        """Raise `ServerStopped` where the process is gone."""
        if self.process.poll() is not None:
            raise ServerStopped("The server ended:\n" + self.log.read_text(errors="replace"))

    def wait(self) -> None:
        """Wait until the server answers."""
        for _ in range(PATIENCE_SECONDS):
            self.check()
            connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_SECONDS)
            try:
                connection.request("GET", "/")
                connection.getresponse().read()
            except OSError:
                continue
            else:
                return
            finally:
                connection.close()
        raise ServerStopped("The server does not answer:\n" + self.log.read_text(errors="replace"))


@contextmanager
def serving(port: int = 0) -> Iterator[Server]:
    """Serve for the time of the block: on the port if it is free, else on any free one.

    The socket is opened here and handed over, so that nobody else can get the port in between, and so that the first
    request may come before the server is up: it waits.
    """
    listener = _listen(port)
    log = FOLDER / "server.log"
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--workers", "2", "--threads", "4",
        "--graceful-timeout", "2", "--log-level", "warning", "demo.wsgi",
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=str(ROOT),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform.startswith("linux") else None,  # noqa: PLW1509 - no threads here
        )
    try:
        server = Server(process, listener.getsockname()[1], log)
        server.wait()
        yield server
    finally:
        listener.close()
        _end(process)


def _listen(port: int) -> socket.socket:
    """Return a socket that listens on the loopback address."""
    for candidate in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
            if not candidate:
                raise
        else:
            listener.listen(64)
            return listener
    raise AssertionError("unreachable")


def _end(process: subprocess.Popen, patience: Optional[float] = PATIENCE_SECONDS) -> None:
    """Stop the process: politely, then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue


def _end_with_parent() -> None:
    """Ask the kernel to stop the server where we are killed hard and can stop nothing any more."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
