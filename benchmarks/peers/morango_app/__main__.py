"""Take rows from the table into Morango's store and back, so often, and print records a second as JSON.

From the table into the store is what answers a pull; from the store into the table what ends a push.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Dict, List

import django

from benchmarks.customers import make_customers

SEED = 95_000


def main(count: int, repetitions: int) -> None:
    """Measure and print."""
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from morango.models import InstanceIDModel, Store
    from morango.sync.controller import MorangoProfileController

    from benchmarks.peers.morango_app.models import Customer

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Customer)
    InstanceIDModel.get_or_create_current_instance()
    controller = MorangoProfileController("measured")
    rates: Dict[str, List[float]] = {"create": [], "pull": []}
    for number in range(repetitions + 1):
        for each in make_customers(count, seed=SEED + number, manager=1):
            Customer(**{name: value for name, value in each.values.items() if name != "manager_id"}).save()
        serialized = _seconds(controller.serialize_into_store)
        Customer.objects.all()._raw_delete("default")
        Store.objects.update(dirty_bit=True)
        deserialized = _seconds(controller.deserialize_from_store)
        if Customer.objects.count() != count:
            raise RuntimeError("the rows did not come back")
        Customer.objects.all()._raw_delete("default")
        Store.objects.all().delete()
        # The first round warms up.
        if number:
            rates["create"].append(count / deserialized)
            rates["pull"].append(count / serialized)
    sys.stdout.write(json.dumps(rates) + "\n")


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
