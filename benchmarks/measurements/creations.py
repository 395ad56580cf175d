"""New records: by a push over HTTP, by COPY, by plain Django, by a hand-written view."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Sequence

from benchmarks.customers import Customer, copy_text, make_customers
from benchmarks.harness.client import encode
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import PLAIN, World
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.results import Measured

__all__ = ["MEASUREMENT", "drf_create", "push_bodies"]

OURS = "sb_sync"
COPY = "COPY"
SEED = 1_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the figures of pushes of 1,000 and of 5,000 records."""
    with lab.template.world("creations") as world:
        return {
            "create": _measure(lab, world, batch=1_000, seed=SEED, has_others=True),
            "create_large": _measure(lab, world, batch=5_000, seed=10 * SEED, has_others=False),
        }


def _measure(lab: Lab, world: World, *, batch: int, seed: int, has_others: bool) -> Measured:
    """Compare in records a second; every round makes rows that were never there."""
    count, slow = lab.sizes.push_records, lab.sizes.slow_records

    def rows(number: int) -> List[Customer]:
        return make_customers(count, seed=seed + number, manager=world.manager)

    def ours(number: int) -> float:
        seconds, _results = world.client.push(push_bodies(rows(number), batch))
        return count / seconds

    def copy(number: int) -> float:
        text = copy_text(rows(number), world.organization)
        started = time.perf_counter()
        world.copy_text_in(PLAIN, text)
        return count / (time.perf_counter() - started)

    def plain(number: int) -> float:
        where: Any = {"seed": 2 * seed + number, **world.place}
        return count / float(world.django.ask("bulk_create", count=count, validated=False, **where))

    def validated(number: int) -> float:
        where: Any = {"seed": 3 * seed + number, **world.place}
        return slow / float(world.django.ask("bulk_create", count=slow, validated=True, **where))

    def by_view(number: int) -> float:
        return drf_create(world, make_customers(slow, seed=4 * seed + number, manager=world.manager))

    sides = {OURS: ours, COPY: copy}
    if has_others:
        sides.update({"Django bulk_create": plain, "Django full_clean": validated, "DRF many=True": by_view})
    samples = take_turns(sides, lab.repetitions)
    notes = [f"{count} records, {batch} a request"]
    if has_others:
        notes.append(f"full_clean and DRF with {slow} of the records")
    return Measured("records/s", OURS, COPY, samples, notes)


def push_bodies(customers: Sequence[Customer], batch: int) -> List[bytes]:
    """Return what a client sends to push customers, so many in each request."""
    records = [customer.as_record() for customer in customers]
    return [encode({"data": records[first : first + batch]}) for first in range(0, len(records), batch)]


def drf_create(world: World, customers: Sequence[Customer]) -> float:
    """Return how many records a second a hand-written view takes, 1,000 a request."""
    records = [_for_view(customer) for customer in customers]
    bodies = [encode(records[first : first + 1_000]) for first in range(0, len(records), 1_000)]
    return len(records) / sum(world.client.drf("POST", "customers/", body).seconds for body in bodies)


def _for_view(customer: Customer) -> Dict[str, Any]:
    """Return a record as the view's serializer names its fields."""
    values = dict(customer.values)
    return {"manager": values.pop("manager_id"), **values}


MEASUREMENT = Measurement(("create", "create_large"), "postgresql", measure)
