"""One file for each row of the table in `benchmarks.targets`, or for rows that share their preparation."""

from __future__ import annotations

from typing import Tuple

from benchmarks.measurements import (
    capture,
    creations,
    delivery,
    empty_pulls,
    large_tables,
    on_sqlite,
    pulls,
    updates,
)
from benchmarks.measurements.lab import Lab, Measurement

__all__ = ["MEASUREMENTS", "Lab", "Measurement"]

MEASUREMENTS: Tuple[Measurement, ...] = (
    creations.MEASUREMENT,
    updates.MEASUREMENT,
    pulls.MEASUREMENT,
    large_tables.STREAM,
    large_tables.DELTA,
    delivery.MEASUREMENT,
    empty_pulls.MEASUREMENT,
    capture.MEASUREMENT,
    on_sqlite.MEASUREMENT,
)
