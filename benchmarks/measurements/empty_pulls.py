"""A pull that finds nothing new, against a view that logs in and does nothing."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Dict, List

from benchmarks.customers import LABEL, make_customers
from benchmarks.harness.client import encode
from benchmarks.harness.clock import take_turns
from benchmarks.harness.server import WORKERS
from benchmarks.harness.world import CAPTURED, PLAIN, World
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.results import Measured

__all__ = ["MEASUREMENT"]

OURS = "sb_sync"
EMPTY = "empty DRF view"
SEED = 6_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the figure in requests a second, with a client for each worker."""
    count = lab.sizes.empty_pulls
    with lab.template.world("empty") as world:
        customers = make_customers(1_000, seed=SEED, manager=world.manager)
        for table in (CAPTURED, PLAIN):
            world.copy_in(table, customers)
        cursor: Any = None
        for _answer, told in world.client.pull({LABEL: None}, 5_000):
            cursor = told["metadata"][LABEL]["cursor"]
        requests = {
            OURS: world.client.as_bytes("sync", "POST", "pull/", encode({"models": {LABEL: cursor}})),
            EMPTY: world.client.as_bytes("drf", "POST", "empty/", b"{}"),
            "DRF list": world.client.as_bytes("drf", "GET", "customers/?updated_after=2100-01-01T00:00:00Z"),
        }
        sides: Any = {name: _Side(world, request, count) for name, request in requests.items()}
        samples = take_turns(sides, lab.repetitions)
    return {"empty": Measured("requests/s", OURS, EMPTY, samples, [f"{count} requests, {WORKERS} at once"])}


class _Side:
    """One request, sent again and again by as many clients as there are workers."""

    def __init__(self, world: World, request: bytes, count: int) -> None:
        self._world = world
        self._request = request
        self._count = count // WORKERS * WORKERS

    def __call__(self, _number: int) -> float:
        """Return requests a second."""
        refused: List[bytes] = []
        clients = [threading.Thread(target=self._send, args=(refused,)) for _ in range(WORKERS)]
        started = time.perf_counter()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        seconds = time.perf_counter() - started
        assert not refused, refused[0][:500]
        return self._count / seconds

    def _send(self, refused: List[bytes]) -> None:
        """Send by bare sockets: a library's own work would count for both sides and hide their difference."""
        for _ in range(self._count // WORKERS):
            with socket.create_connection(("127.0.0.1", self._world.server.port)) as connection:
                connection.sendall(self._request)
                answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
            if not answer.startswith(b"HTTP/1.1 200"):
                refused.append(answer)


MEASUREMENT = Measurement(("empty",), "postgresql", measure)
