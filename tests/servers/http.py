"""The test project behind gunicorn, on a loopback port, for the time of a test."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
PULL = "/api/sync/pull/"


class HTTPServer:
    """A server of one worker."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    @contextmanager
    def pull(
        self, token: str, body: Any, *, receive_buffer: Optional[int] = None
    ) -> Iterator[http.client.HTTPResponse]:
        """Ask for a stream and give the answer, of which nothing is read yet but the head; the end hangs up."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        client.connect()
        if receive_buffer is not None:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/x-ndjson",
            "Content-Type": "application/json",
        }
        with closing(client):
            client.request("POST", PULL, body=json.dumps(body), headers=headers)
            with client.getresponse() as answer:
                assert answer.status == 200, answer.read()
                yield answer

    def memory(self) -> Dict[str, float]:
        """Return what the worker holds and the most that it held, in MiB, as Linux tells."""
        status = Path(f"/proc/{self._worker()}/status").read_text()
        return {name: int(found) / 1024 for name, found in re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", status)}

    def _worker(self) -> int:
        children: List[str] = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (worker,) = children
        return int(worker)


@contextmanager
def serving(worker_class: str) -> Iterator[HTTPServer]:
    """Serve the test project by one worker of a kind."""
    environment = dict(
        os.environ,
        DJANGO_SETTINGS_MODULE="tests.servers.served_settings",
        SB_SYNC_SERVED_DATABASE=str(connection.settings_dict["NAME"]),
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        # The first request may come before the server is up: it waits here.
        listener.listen(16)
        command = [
            sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--workers", "1",
            "--worker-class", worker_class, "--threads", "4", "--graceful-timeout", "1", "--log-level", "warning",
            "--timeout", str(PATIENCE_SECONDS), "tests.servers.application",
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=str(ROOT), env=environment, pass_fds=[listener.fileno()])
        try:
            yield HTTPServer(process, listener.getsockname()[1])
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
