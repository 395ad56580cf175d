"""The project behind gunicorn: two workers on the loopback address."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Optional

from benchmarks.harness.processes import ROOT, children_of, end, end_with_parent

__all__ = ["WORKERS", "Server", "ServerFailed", "serving"]

WORKERS = 2
PATIENCE_SECONDS = 60


class ServerFailed(Exception):
    """The server does not run; the message shows what it said."""


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    @property
    def workers(self) -> List[int]:
        """Return the processes that answer."""
        return children_of(self.process.pid)

    def wait(self, path: str) -> None:
        """Wait until every worker is there and one of them answers."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
            try:
                connection.request("GET", path)
                connection.getresponse().read()
            except OSError:
                time.sleep(0.05)
            else:
                return
            finally:
                connection.close()
        raise ServerFailed(f"the server does not answer:\n{self.log.read_text(errors='replace')[-4000:]}")


@contextmanager
def serving(
    application: str, environment: Dict[str, str], log: Path, *, path: str, python: Optional[Path] = None
) -> Iterator[Server]:
    """Serve for the time of the block, on a socket that is opened here: nobody else can get the port in between."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener, log.open("wb") as output:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        command = [
            str(python or sys.executable), "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}",
            "--workers", str(WORKERS), "--timeout", "600", "--graceful-timeout", "2", "--log-level", "warning",
            application,
        ]  # fmt: skip
        process = subprocess.Popen(
            command,
            cwd=str(ROOT),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            preexec_fn=end_with_parent(),  # noqa: PLW1509 - no threads yet
        )
        try:
            server = Server(process, listener.getsockname()[1], log)
            server.wait(path)
            yield server
        finally:
            end(process)
