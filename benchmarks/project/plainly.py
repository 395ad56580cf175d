"""The same work by plain Django, without HTTP: how long it takes, and what it costs in CPU."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from django.db import connection
from django.utils import timezone

from benchmarks.customers import change_customers, make_customers
from benchmarks.project.plain.models import PlainCustomer
from demo.sales.models import Customer

__all__ = ["bulk_create", "bulk_update", "insert", "read_values", "save"]

MODELS = {"captured": Customer, "plain": PlainCustomer}


def bulk_create(count: int, seed: int, organization: int, manager: int, *, validated: bool) -> float:
    """Return the seconds that new rows take, a thousand at a time, each checked by `full_clean` where asked for."""
    instances = _instances(PlainCustomer, count, seed, organization, manager)
    started = time.perf_counter()
    for first in range(0, count, 1000):
        chunk = instances[first : first + 1000]
        if validated:
            for instance in chunk:
                instance.full_clean()
        PlainCustomer.objects.bulk_create(chunk)
    return time.perf_counter() - started


def bulk_update(count: int, seed: int, change: int, organization: int, manager: int) -> float:
    """Return the seconds that changing the rows of a seed takes, a thousand at a time."""
    customers = change_customers(make_customers(count, seed=seed, manager=manager), seed=change)
    instances = [_instance(PlainCustomer, customer, organization) for customer in customers]
    # `auto_now` is for save() alone.
    for instance in instances:
        instance.updated_at = timezone.now()
    names = [field.name for field in PlainCustomer._meta.local_fields if not field.primary_key]
    started = time.perf_counter()
    for first in range(0, count, 1000):
        PlainCustomer.objects.bulk_update(instances[first : first + 1000], names, batch_size=1000)
    return time.perf_counter() - started


def read_values() -> float:
    """Return the seconds from the whole table to JSON in memory, by `values_list` and orjson."""
    import orjson

    names = [field.attname for field in PlainCustomer._meta.local_fields]
    started = time.perf_counter()
    rows = PlainCustomer.objects.order_by("pk").values_list(*names)
    orjson.dumps([dict(zip(names, row)) for row in rows], default=str)
    return time.perf_counter() - started


def insert(table: str, count: int, seed: int, organization: int, manager: int) -> Dict[str, float]:
    """Return what one `bulk_create` costs."""
    instances = _instances(MODELS[table], count, seed, organization, manager)
    return _count_costs(table, lambda: MODELS[table].objects.bulk_create(instances))


def save(table: str, count: int, seed: int, organization: int, manager: int) -> Dict[str, float]:
    """Return what saving rows one by one costs, once as new ones and once changed, each in its own transaction."""
    instances = _instances(MODELS[table], count, seed, organization, manager)

    def run() -> None:
        for instance in instances:
            instance.save()
        for instance in instances:
            instance.note = "changed"
            instance.save()

    return _count_costs(table, run)


def _instances(model: Any, count: int, seed: int, organization: int, manager: int) -> List[Any]:
    customers = make_customers(count, seed=seed, manager=manager)
    return [_instance(model, customer, organization) for customer in customers]


def _instance(model: Any, customer: Any, organization: int) -> Any:
    return model(id=customer.id, organization_id=organization, **customer.values)


def _count_costs(table: str, run: Any) -> Dict[str, float]:
    """Return wall time, and CPU of this process with its database's where that can be told; the table is left empty."""
    backend = _backend_process()
    gc.collect()
    before = _cpu_seconds(backend)
    started, own = time.perf_counter(), time.process_time()
    run()
    own = time.process_time() - own
    costs = {"wall": time.perf_counter() - started}
    after = _cpu_seconds(backend)
    if before is not None and after is not None:
        costs["cpu"] = own + after - before
    MODELS[table].objects.all()._raw_delete("default")
    return costs


def _backend_process() -> Optional[int]:
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _cpu_seconds(process: Optional[int]) -> Optional[float]:
    """Return the CPU that a process of this machine has used, None where the kernel does not tell."""
    try:
        fields: Sequence[str] = Path(f"/proc/{process}/schedstat").read_text().split()
    except OSError:
        return None
    return int(fields[0]) / 1e9
