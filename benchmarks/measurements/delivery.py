"""How long after its commit a row reaches a client that polls, while another transaction stays open for seconds."""

from __future__ import annotations

import random
import threading
import time
import uuid
from typing import Any, Dict, Iterator, List

from benchmarks.customers import COLUMNS, LABEL, make_customers
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import CAPTURED, World
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.results import Measured

__all__ = ["MEASUREMENT"]

OURS = "sb_sync"
INTERVAL_SECONDS = 0.1
SEED = 5_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the 99th percentile over the poll interval, in milliseconds."""
    with lab.template.world("delivery") as world:
        world.copy_in(CAPTURED, make_customers(1_000, seed=SEED, manager=world.manager))

        def ours(number: int) -> float:
            delays = _Trial(world, seed=number, count=lab.sizes.deliveries, open_for=lab.sizes.writer_seconds).run()
            percentile = sorted(delays)[min(len(delays) - 1, int(len(delays) * 0.99))]
            return (percentile - INTERVAL_SECONDS) * 1000

        samples = take_turns({OURS: ours}, lab.repetitions)
    notes = [
        f"{lab.sizes.deliveries} commits, a poll every {INTERVAL_SECONDS * 1000:.0f} ms",
        f"another transaction open for {lab.sizes.writer_seconds:g} s at a time",
    ]
    return {"delivery": Measured("ms", OURS, None, {OURS: [max(figure, 0.0) for figure in samples[OURS]]}, notes)}


class _Trial:
    """Two writers and one reader for as long as it takes to commit so many rows."""

    def __init__(self, world: World, *, seed: int, count: int, open_for: float) -> None:
        self._world = world
        self._dice = random.Random(SEED + seed)
        self._count = count
        self._open_for = open_for
        self._committed: Dict[str, float] = {}
        self._slow: List[str] = []
        self._has_ended = threading.Event()

    def run(self) -> List[float]:
        """Return the seconds from each commit until the client had the row. Every row must come."""
        cursors = self._catch_up()
        writers = [threading.Thread(target=self._write_slowly), threading.Thread(target=self._write_often)]
        for writer in writers:
            writer.start()
        received: Dict[str, float] = {}
        try:
            for key, moment in self._poll(cursors, writers):
                received.setdefault(key, moment)
        finally:
            self._has_ended.set()
            for writer in writers:
                writer.join()
        missing = [key for key in [*self._committed, *self._slow] if key not in received]
        assert not missing, f"{len(missing)} rows never came"
        return [received[key] - moment for key, moment in self._committed.items()]

    def _catch_up(self) -> Dict[str, Any]:
        cursors: Dict[str, Any] = {}
        for _answer, told in self._world.client.pull({LABEL: None}, 5_000):
            cursors = {LABEL: told["metadata"][LABEL]["cursor"]}
        return cursors

    def _poll(self, cursors: Dict[str, Any], writers: List[threading.Thread]) -> Iterator[Any]:
        """Yield keys with the moment at which they came, until both writers have ended and nothing is left."""
        due = time.monotonic()
        while True:
            is_last = not any(writer.is_alive() for writer in writers)
            for _answer, told in self._world.client.pull(cursors, 5_000):
                moment = time.monotonic()
                cursors = {LABEL: told["metadata"][LABEL]["cursor"]}
                for record in told["data"]:
                    yield record["id"], moment
            if is_last:
                return
            due = max(due + INTERVAL_SECONDS, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))

    def _write_often(self) -> None:
        with self._world.connect() as connection:
            for _ in range(self._count):
                key = self._insert(connection)
                self._committed[key] = time.monotonic()
                time.sleep(self._dice.uniform(0.005, 0.05))
        self._has_ended.set()

    def _write_slowly(self) -> None:
        with self._world.connect() as connection:
            while not self._has_ended.is_set():
                with connection.transaction():
                    key = self._insert(connection)
                    self._has_ended.wait(self._open_for)
                self._slow.append(key)

    def _insert(self, connection: Any) -> str:
        """Write a row like those that are there."""
        key = str(uuid.uuid4())
        others = ", ".join(COLUMNS[1:])
        connection.execute(
            f"INSERT INTO {CAPTURED} (id, {others}) SELECT %s::uuid, {others} FROM"
            f" (SELECT * FROM {CAPTURED} WHERE organization_id = %s LIMIT 1) one",
            (key, self._world.organization),
        )
        return key


MEASUREMENT = Measurement(("delivery",), "postgresql", measure)
