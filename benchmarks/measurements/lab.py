"""What a measurement is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

from benchmarks.harness.world import Template
from benchmarks.results import Measured
from benchmarks.sizes import Plan, Sizes

__all__ = ["Lab", "Measurement"]


@dataclass(frozen=True)
class Lab:
    """A prepared database of one product, and how much to measure on it."""

    template: Template
    plan: Plan

    @property
    def sizes(self) -> Sizes:
        """Return the numbers of rows and requests."""
        return self.plan.sizes

    @property
    def repetitions(self) -> int:
        """Return how often each side is measured."""
        return self.plan.repetitions


@dataclass(frozen=True)
class Measurement:
    """What measures one or several rows of the table, by their keys, on one product."""

    keys: Tuple[str, ...]
    database: str
    run: Callable[[Lab], Dict[str, Measured]]
