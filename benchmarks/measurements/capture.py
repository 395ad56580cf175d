"""What capture costs whoever writes: the same rows into a table with triggers and into one without."""

from __future__ import annotations

from typing import Any, Dict, List

from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import World
from benchmarks.measurements.lab import Lab, Measurement
from benchmarks.results import Measured

__all__ = ["MEASUREMENT"]

WITH = "with capture"
WITHOUT = "without capture"
TABLES = {WITH: "captured", WITHOUT: "plain"}
SEED = 7_000


def measure(lab: Lab) -> Dict[str, Measured]:
    """Return the figures of one statement with many rows, and of many with one."""
    with lab.template.world("capture") as world:
        return {
            "capture_bulk": _measure(lab, world, "insert", lab.sizes.bulk_rows, "rows by one bulk_create"),
            "capture_save": _measure(lab, world, "save", lab.sizes.saves, "rows, each saved new and once changed"),
        }


def _measure(lab: Lab, world: World, task: str, count: int, what: str) -> Measured:
    """Compare the CPU of the writer and of its database process; wall time where that cannot be told."""
    kinds: List[str] = []

    def cost(table: str, number: int) -> float:
        told = world.django.ask(task, table=table, count=count, seed=SEED + number, **world.place)
        kinds.append("cpu" if "cpu" in told else "wall")
        return float(told[kinds[-1]])

    sides: Any = {name: (lambda number, table=table: cost(table, number)) for name, table in TABLES.items()}
    samples = take_turns(sides, lab.repetitions)
    clock = "CPU of writer and database" if set(kinds) == {"cpu"} else "wall time: the database's CPU is not told here"
    return Measured("s", WITH, WITHOUT, samples, [f"{count} {what}", clock])


MEASUREMENT = Measurement(("capture_bulk", "capture_save"), "postgresql", measure)
