"""What must not grow: costs beside the number of rows, organizations, models and entries of the log."""

from __future__ import annotations

from benchmarks.growth.run import run_growth

__all__ = ["run_growth"]
