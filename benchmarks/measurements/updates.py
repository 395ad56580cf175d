"""Changed records, and records that are pushed back just as they are."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, Sequence

from benchmarks.customers import COLUMNS, Customer, change_customers, copy_text, make_customers
from benchmarks.harness.client import encode
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import CAPTURED, LOG, PLAIN, World
from benchmarks.measurements.creations import push_bodies
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.results import Measured

__all__ = ["MEASUREMENT"]

OURS = "sb_sync"
COPY = "COPY, UPDATE … FROM"
UNCHANGED = "sb_sync, unchanged"
CHANGED = "sb_sync, changed"
BATCH = 1_000
SEED = 2_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the figures of changed and of unchanged records, from the same rounds."""
    with lab.template.world("updates") as world:
        device = _Device(world, make_customers(lab.sizes.push_records, seed=SEED, manager=world.manager))
        world.copy_in(PLAIN, device.customers)
        world.settle(PLAIN)
        samples = take_turns(_sides(lab, world, device), lab.repetitions)
    notes = [f"{len(device.customers)} whole records with _version, {BATCH} a request, three values changed"]
    unchanged = {UNCHANGED: samples.pop(UNCHANGED), CHANGED: samples[OURS]}
    logged = [f"{device.logged} entries were logged"] if device.logged else []
    return {
        "update": Measured("records/s", OURS, COPY, samples, [*notes, f"DRF with {lab.sizes.slow_records}"]),
        "unchanged": Measured("records/s", UNCHANGED, CHANGED, unchanged, notes, logged),
    }


def _sides(lab: Lab, world: World, device: _Device) -> Dict[str, Any]:
    count, slow = len(device.customers), lab.sizes.slow_records
    there = device.customers

    def copy(number: int) -> float:
        text = copy_text(change_customers(there, seed=number), world.organization)
        started = time.perf_counter()
        _copy_and_update(world, text)
        return count / (time.perf_counter() - started)

    def by_view(number: int) -> float:
        changed = change_customers(there[:slow], seed=1_000 + number)
        bodies = [(each.id, encode({**each.values, "manager": world.manager})) for each in changed]
        return slow / sum(world.client.drf("PUT", f"customers/{key}/", body).seconds for key, body in bodies)

    def plain(number: int) -> float:
        where: Any = {"seed": SEED, "change": 2_000 + number, **world.place}
        return slow / float(world.django.ask("bulk_update", count=slow, **where))

    return {
        OURS: lambda number: count / device.push_changed(number),
        UNCHANGED: lambda number: count / device.push_unchanged(),
        COPY: copy,
        "Django bulk_update": plain,
        "DRF PUT": by_view,
    }


def _copy_and_update(world: World, text: bytes) -> None:
    """Write all values of rows that are there, in one transaction."""
    changes = ", ".join(f"{name} = incoming.{name}" for name in COLUMNS[1:])
    with world.database.transaction(), world.database.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE incoming (LIKE {PLAIN}) ON COMMIT DROP")
        with cursor.copy(f"COPY incoming ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            copy.write(text)
        cursor.execute(f"UPDATE {PLAIN} kept SET {changes} FROM incoming WHERE kept.id = incoming.id")


class _Device:
    """A client that holds the rows and their versions, as it would after a pull."""

    def __init__(self, world: World, customers: Sequence[Customer]) -> None:
        self._world = world
        self.customers = list(customers)
        self.current = list(customers)
        self.versions: Mapping[str, str] = {}
        self.logged = 0
        self._push(push_bodies(customers, BATCH))
        world.settle(CAPTURED)

    def push_changed(self, number: int) -> float:
        """Return the seconds that a change of every row takes."""
        self.current = change_customers(self.customers, seed=number)
        return self._push(self._bodies())

    def push_unchanged(self) -> float:
        """Return the seconds that pushing every row back takes."""
        bodies = self._bodies()
        before = self._last_entry()
        seconds = self._push(bodies, wanted="unchanged")
        self.logged += self._last_entry() - before
        return seconds

    def _bodies(self) -> List[bytes]:
        records = [{**customer.as_record(), "_version": self.versions[customer.id]} for customer in self.current]
        return [encode({"data": records[first : first + BATCH]}) for first in range(0, len(records), BATCH)]

    def _push(self, bodies: Sequence[bytes], wanted: str = "") -> float:
        seconds, results = self._world.client.push(bodies)
        if wanted:
            assert {result["status"] for result in results} == {wanted}, results[0]
        self.versions = {result["id"]: result["_version"] for result in results}
        return seconds

    def _last_entry(self) -> int:
        return int(self._world.one(f"SELECT coalesce(max(id), 0) FROM {LOG}"))


MEASUREMENT = Measurement(("update", "unchanged"), "postgresql", measure)
