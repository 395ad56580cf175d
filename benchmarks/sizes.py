"""How much is measured, how often, and on what."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Mapping, Tuple

__all__ = ["DATABASES", "FULL", "QUICK", "Plan", "Sizes"]

DATABASES = ("postgresql", "sqlite")


@dataclass(frozen=True)
class Sizes:
    """Numbers of rows, requests and seconds; each can be set by an option of its name."""

    push_records: int
    pull_records: int
    stream_records: int
    small_table: int
    changes: int
    deliveries: int
    writer_seconds: float
    empty_pulls: int
    bulk_rows: int
    saves: int
    sqlite_records: int
    slow_records: int
    growth_rows: int
    log_entries: int

    def change(self, wanted: Mapping[str, float]) -> Sizes:
        """Return sizes with some of them set."""
        kinds = {each.name: float if each.name == "writer_seconds" else int for each in fields(self)}
        return replace(self, **{name: kinds[name](number) for name, number in wanted.items()})


FULL = Sizes(
    push_records=10_000,
    pull_records=100_000,
    stream_records=1_000_000,
    small_table=10_000,
    changes=100,
    deliveries=400,
    writer_seconds=5.0,
    empty_pulls=1_000,
    bulk_rows=50_000,
    saves=2_000,
    sqlite_records=10_000,
    slow_records=1_000,
    growth_rows=1_000_000,
    log_entries=1_000_000,
)
QUICK = Sizes(
    push_records=5_000,
    pull_records=20_000,
    stream_records=60_000,
    small_table=5_000,
    changes=100,
    deliveries=100,
    writer_seconds=2.0,
    empty_pulls=150,
    bulk_rows=10_000,
    saves=300,
    sqlite_records=3_000,
    slow_records=200,
    growth_rows=50_000,
    log_entries=100_000,
)


@dataclass(frozen=True)
class Plan:
    """What one run measures."""

    sizes: Sizes
    repetitions: int
    databases: Tuple[str, ...] = DATABASES
    only: Tuple[str, ...] = ()
    is_quick: bool = False
