"""The number of entries in the log, and what purging it does to writers."""

from __future__ import annotations

import time
from typing import Any, Iterator, List

from benchmarks.growth.flat import flat
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import CAPTURED, LOG, World
from benchmarks.measurements.lab import Lab
from benchmarks.measurements.large_tables import Follower, change_rows
from benchmarks.measurements.pulls import fill
from benchmarks.results import Measured, Result
from benchmarks.targets import SMALLER_IS_BETTER, Target

__all__ = ["measure_delta", "measure_purge"]

SMALL_LOG = 10_000
ROWS = 1_000
CHECKPOINTS = "sb_sync_checkpoint"
WRITES = 200
PURGED = Target("", "p99 of a write: while the log is purged against before", 2.0, 1.3, SMALLER_IS_BETTER)


def measure_delta(lab: Lab) -> Iterator[Result]:
    """Yield what a small delta costs with a long log against a short one."""
    entries = lab.sizes.log_entries
    with lab.template.world("log_short") as short, lab.template.world("log_long") as long:
        sides: Any = {}
        for name, world, count in ((f"{entries} entries", long, entries), (f"{SMALL_LOG} entries", short, SMALL_LOG)):
            fill(world, ROWS, CAPTURED)
            _write_entries(world, count, days_ago=1)
            sides[name] = Follower(world, lab.sizes.changes).pull_delta
        samples = take_turns(sides, lab.repetitions)
    ours, base = samples
    name = f"delta pull of {lab.sizes.changes} changes: {entries} entries in the log against {SMALL_LOG}"
    yield Result(flat(name), Measured("s", ours, base, samples))


def measure_purge(lab: Lab) -> Iterator[Result]:
    """Yield how long writers wait while old entries are deleted."""
    with lab.template.world("purge") as world:
        fill(world, ROWS, CAPTURED)
        during: List[float] = []
        before: List[float] = []
        notes = []
        for _ in range(lab.repetitions):
            _write_entries(world, lab.sizes.log_entries, days_ago=365)
            before.append(_percentile(_write(world) for _ in range(WRITES)))
            delays: List[float] = []
            world.django.begin("purge")
            while not world.django.is_done():
                delays.append(_write(world))
            purged = world.django.finish()
            assert purged >= lab.sizes.log_entries, purged
            during.append(_percentile(iter(delays)))
            notes.append(f"{purged} entries purged, longest write {max(delays) * 1000:.1f} ms")
    samples = {"while purging": during, "before": before}
    yield Result(PURGED, Measured("s", "while purging", "before", samples, notes))


def _write_entries(world: World, count: int, *, days_ago: int) -> None:
    """Write entries of changes that were made long ago, each of one key, as a project's daily work leaves them."""
    world.database.execute(
        f"INSERT INTO {LOG} (txid, table_name, site, kind, changed_at, pks)"
        " SELECT pg_current_xact_id(), %s, %s, 'U', now() - %s * interval '1 day',"
        " ARRAY[md5((number %% 1000)::text)::uuid::text] FROM generate_series(1, %s) number",
        (CAPTURED, world.organization, days_ago, count),
    )
    # The clients that had not seen them have not come since then either: they do not keep the entries.
    world.database.execute(
        f"UPDATE {CHECKPOINTS} SET taken_at = least(taken_at, now() - %s * interval '1 day')", (days_ago + 1,)
    )
    world.settle(CAPTURED)


def _write(world: World) -> float:
    """Return the seconds of a write, and leave the database some room before the next."""
    started = time.perf_counter()
    change_rows(world, CAPTURED, 1)
    seconds = time.perf_counter() - started
    time.sleep(0.002)
    return seconds


def _percentile(delays: Iterator[float]) -> float:
    ordered = sorted(delays)
    return ordered[int(len(ordered) * 0.99)]
