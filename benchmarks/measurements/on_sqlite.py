"""The same on SQLite: push and pull over HTTP against the standard library's sqlite3."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any, Dict, List
from urllib.parse import urlsplit

from benchmarks.customers import COLUMNS, UPDATED_AT, Customer, make_customers
from benchmarks.harness.client import encode
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import PLAIN, World
from benchmarks.measurements.creations import drf_create, push_bodies
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.measurements.pulls import pull_all
from benchmarks.results import Measured

__all__ = ["MEASUREMENT"]

OURS = "sb_sync"
EXECUTEMANY = "sqlite3 executemany"
FETCH = "sqlite3 fetchall, JSON"
BATCH = 1_000
PAGE = 5_000
SEED = 8_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the figures of new records, then of a first pull of them all."""
    with lab.template.world("sqlite") as world, closing(sqlite3.connect(urlsplit(world.url).path)) as raw:
        # As Django has it, and as COPY has it on PostgreSQL: keys that name no row are refused.
        raw.execute("PRAGMA foreign_keys = ON")
        return {"sqlite_push": _measure_push(lab, world, raw), "sqlite_pull": _measure_pull(lab, world, raw)}


def _measure_push(lab: Lab, world: World, raw: sqlite3.Connection) -> Measured:
    count, slow = lab.sizes.sqlite_records, lab.sizes.slow_records

    def rows(number: int, offset: int = 0, wanted: int = count) -> List[Customer]:
        return make_customers(wanted, seed=SEED + offset + number, manager=world.manager)

    def ours(number: int) -> float:
        seconds, _results = world.client.push(push_bodies(rows(number), BATCH))
        return count / seconds

    def executemany(number: int) -> float:
        values = [_values(customer, world.organization) for customer in rows(number)]
        sql = f"INSERT INTO {PLAIN} ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        started = time.perf_counter()
        with raw:
            raw.executemany(sql, values)
        return count / (time.perf_counter() - started)

    def plain(number: int) -> float:
        where: Any = {"seed": SEED + 200 + number, **world.place}
        return count / float(world.django.ask("bulk_create", count=count, validated=False, **where))

    def by_view(number: int) -> float:
        return drf_create(world, rows(number, 400, slow))

    sides = {OURS: ours, EXECUTEMANY: executemany, "Django bulk_create": plain, "DRF many=True": by_view}
    samples = take_turns(sides, lab.repetitions)
    notes = [f"{count} records, {BATCH} a request", f"DRF with {slow}"]
    return Measured("records/s", OURS, EXECUTEMANY, samples, notes)


def _measure_pull(lab: Lab, world: World, raw: sqlite3.Connection) -> Measured:
    there = int(raw.execute("SELECT count(*) FROM sales_customer").fetchone()[0])
    with raw:
        raw.execute(f"DELETE FROM {PLAIN}")
        names = ", ".join(COLUMNS)
        raw.execute(f"INSERT INTO {PLAIN} ({names}) SELECT {names} FROM sales_customer")

    def fetch(_number: int) -> float:
        started = time.perf_counter()
        found = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM {PLAIN}").fetchall()
        encode([dict(zip(COLUMNS, row)) for row in found])
        return there / (time.perf_counter() - started)

    def by_view(_number: int) -> float:
        pages = range(1, -(-there // PAGE) + 1)
        answers = [world.client.drf("GET", f"customers/?page_size={PAGE}&page={page}") for page in pages]
        return there / sum(answer.seconds for answer in answers)

    sides = {OURS: lambda _number: there / pull_all(world, there, PAGE), FETCH: fetch, "DRF list": by_view}
    samples = take_turns(sides, lab.repetitions)
    return Measured("records/s", OURS, FETCH, samples, [f"{there} records, {PAGE} a page"])


def _values(customer: Customer, organization: int) -> List[Any]:
    """Return a row as Django stores it: a UUID as 32 hexadecimal digits."""
    row = {"organization_id": organization, "updated_at": UPDATED_AT[:19], **customer.values}
    return [customer.id.replace("-", ""), *(row[name] for name in COLUMNS[1:])]


MEASUREMENT = Measurement(("sqlite_push", "sqlite_pull"), "sqlite", measure)
