"""A first pull of everything in pages: over HTTP, by one json_agg, by plain Django, by a hand-written view."""

from __future__ import annotations

import time
from typing import Dict

from benchmarks.customers import COLUMNS, LABEL, make_customers
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import CAPTURED, PLAIN, World
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.results import Measured

__all__ = ["MEASUREMENT"]

OURS = "sb_sync"
JSON_AGG = "json_agg"
PAGE = 5_000
SEED = 3_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the figure of a first pull."""
    count = lab.sizes.pull_records
    with lab.template.world("pulls") as world:
        fill(world, count, CAPTURED, PLAIN)
        sides = {
            OURS: lambda _number: count / pull_all(world, count),
            JSON_AGG: lambda _number: count / _aggregate(world),
            "Django values_list": lambda _number: count / float(world.django.ask("read_values")),
            "DRF list": lambda _number: count / _list(world, count),
        }
        samples = take_turns(sides, lab.repetitions)
    return {"pull": Measured("records/s", OURS, JSON_AGG, samples, [f"{count} records, {PAGE} a page"])}


def fill(world: World, count: int, *tables: str) -> None:
    """Write so many customers into each table: some by COPY, the others made of these inside the database."""
    customers = make_customers(min(count, 10_000), seed=SEED, manager=world.manager)
    for table in tables:
        world.copy_in(table, customers)
        world.grow(table, count)


def pull_all(world: World, count: int, page: int = PAGE) -> float:
    """Return the seconds that a first pull waits for its answers."""
    seconds, seen = 0.0, 0
    for answer, told in world.client.pull({LABEL: None}, page):
        seconds += answer.seconds
        seen += len(told["data"])
    assert seen == count, (seen, count)
    return seconds


def _aggregate(world: World) -> float:
    """Return the seconds in which the database makes one document of the whole table."""
    columns = ", ".join(COLUMNS)
    started = time.perf_counter()
    text = world.one(f"SELECT json_agg(row)::text FROM (SELECT {columns} FROM {PLAIN}) row")
    seconds = time.perf_counter() - started
    assert text.startswith("[")
    return seconds


def _list(world: World, count: int) -> float:
    pages = range(1, -(-count // PAGE) + 1)
    return sum(world.client.drf("GET", f"customers/?page_size={PAGE}&page={page}").seconds for page in pages)


MEASUREMENT = Measurement(("pull",), "postgresql", measure)
