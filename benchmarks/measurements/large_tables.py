"""A table of a million rows: what a stream of it costs in memory, and what a small delta costs beside a small table."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from benchmarks.customers import LABEL
from benchmarks.harness.clock import take_turns
from benchmarks.harness.processes import forget_peak, memory_of
from benchmarks.harness.world import CAPTURED, PLAIN, World
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.measurements.pulls import fill
from benchmarks.results import Measured

__all__ = ["DELTA", "STREAM", "Follower", "change_rows"]

OURS = "sb_sync"
SMALL = "sb_sync, small table"
ROUNDS_OF_A_FIGURE = 5


def measure_stream(lab: Lab) -> Dict[str, Measured]:
    """Return MiB above idle, of new workers in every round: memory that was taken is seldom given back."""
    figures: List[float] = []
    count = lab.sizes.stream_records
    rates: List[float] = []
    with lab.template.world("stream") as filled:
        fill(filled, count, CAPTURED)
        for _ in range(lab.repetitions):
            with filled.served_anew() as world:
                _stream_a_little(world)
                figure, seconds = _stream_all(world, count)
            figures.append(figure)
            rates.append(count / seconds)
    rate = sorted(rates)[len(rates) // 2]
    return {"stream": Measured("MiB", OURS, None, {OURS: figures}, [f"{count} records", f"{rate:.0f} records/s"])}


def _stream_a_little(world: World) -> None:
    """Load what a worker loads once, in all of them."""
    for _ in range(8):
        world.client.stream({LABEL: None}, batch_size=10)


def _stream_all(world: World, count: int) -> Tuple[float, float]:
    """Return the most MiB above idle of any worker, and the seconds."""
    workers = world.server.workers
    idle = {worker: memory_of(worker) for worker in workers}
    for worker in workers:
        forget_peak(worker)
    streamed = world.client.stream({LABEL: None})
    assert streamed.last["batch_info"]["total_records"] == count, streamed.last
    return max(memory_of(worker, peak=True) - idle[worker] for worker in workers), streamed.seconds


def measure_delta(lab: Lab) -> Dict[str, Measured]:
    """Return the seconds of a delta, with the large table against the small one."""
    large, small = lab.sizes.stream_records, lab.sizes.small_table
    with lab.template.world("large") as first, lab.template.world("small") as second:
        followers: Dict[str, Any] = {}
        for name, world, count in ((OURS, first, large), (SMALL, second, small)):
            fill(world, count, CAPTURED, PLAIN)
            followers[name] = Follower(world, lab.sizes.changes)
        sides: Dict[str, Any] = {name: follower.pull_delta for name, follower in followers.items()}
        sides["DRF, large table"] = lambda _number: _delta_of_view(first, lab.sizes.changes)
        sides["DRF, small table"] = lambda _number: _delta_of_view(second, lab.sizes.changes)
        samples = take_turns(sides, lab.repetitions)
    notes = [f"{lab.sizes.changes} changes, {large} rows against {small}"]
    return {"delta": Measured("s", OURS, SMALL, samples, notes)}


class Follower:
    """A client that holds the whole table and pulls what changes."""

    def __init__(self, world: World, changes: int) -> None:
        self._world = world
        self._changes = changes
        self._cursors = _cursors(world.client.stream({LABEL: None}).last["_metadata"])

    def pull_delta(self, _number: int) -> float:
        """Return the seconds of one delta: the least of several, as one request is short and noise only adds."""
        return min(self._pull_once() for _ in range(ROUNDS_OF_A_FIGURE))

    def _pull_once(self) -> float:
        change_rows(self._world, CAPTURED, self._changes)
        seconds, seen = 0.0, 0
        for answer, told in self._world.client.pull(self._cursors, 1_000):
            seconds += answer.seconds
            seen += len(told["data"])
            self._cursors = _cursors(told["metadata"])
        assert seen == self._changes, (seen, self._changes)
        return seconds


def change_rows(world: World, table: str, count: int) -> None:
    """Change so many rows in one statement."""
    world.database.execute(
        f"UPDATE {table} SET note = note || '.', updated_at = clock_timestamp() WHERE id IN"
        f" (SELECT id FROM {table} WHERE organization_id = %s ORDER BY id LIMIT %s)",
        (world.organization, count),
    )


def _cursors(metadata: Dict[str, Any]) -> Dict[str, Any]:
    return {label: item["cursor"] for label, item in metadata.items()}


def _delta_of_view(world: World, count: int) -> float:
    """Return the seconds of the same delta by a filter on `updated_at`."""
    moment = world.one("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    change_rows(world, PLAIN, count)
    answer = world.client.drf("GET", f"customers/?page_size=1000&updated_after={moment}")
    assert answer.json["count"] == count, answer.json["count"]
    return answer.seconds


STREAM = Measurement(("stream",), "postgresql", measure_stream)
DELTA = Measurement(("delta",), "postgresql", measure_delta)
