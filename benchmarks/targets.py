"""The table of what is to be reached: a row for each thing that is measured, in the order of the results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

__all__ = ["SMALLER_IS_BETTER", "TARGETS", "Target", "target"]

SMALLER_IS_BETTER = "at most"
LARGER_IS_BETTER = "at least"


@dataclass(frozen=True)
class Target:
    """One row: what is compared, and what the ratio must come to.

    `sense` says in which direction the ratio is good. `unit` is empty where the figure is a ratio; else it is a figure
    of its own, which has a limit and nothing to be divided by. `part` names one of several figures of a row.
    """

    key: str
    name: str
    floor: Optional[float]
    stretch: Optional[float]
    sense: str = LARGER_IS_BETTER
    unit: str = ""
    part: str = ""

    def met(self, ratio: Optional[float]) -> Optional[str]:
        """Return the better of "floor" and "stretch" that a ratio reaches, None where it reaches neither."""
        for name, limit in (("stretch", self.stretch), ("floor", self.floor)):
            if ratio is not None and limit is not None and self._reaches(ratio, limit):
                return name
        return None

    def _reaches(self, ratio: float, limit: float) -> bool:
        return ratio <= limit if self.sense == SMALLER_IS_BETTER else ratio >= limit

    def distance(self, ratio: float) -> float:
        """Return how far a ratio is from the floor, as a factor: below 1 where it falls short."""
        assert self.floor is not None
        return self.floor / ratio if self.sense == SMALLER_IS_BETTER else ratio / self.floor


TARGETS: Tuple[Target, ...] = (
    Target("create", "push of new records, 1,000 a request, against COPY", 0.30, 0.45),
    Target("create_large", "push of new records, 5,000 a request, against COPY", 0.40, 0.60),
    Target("update", "push of updates, against COPY and UPDATE … FROM", 0.25, 0.40),
    Target("unchanged", "push of unchanged records, against changed ones", 1.3, 2.0),
    Target("pull", "pull in pages of 5,000, against one json_agg", 0.50, 0.70),
    Target("stream", "stream: peak memory of the worker above idle", 60, 20, SMALLER_IS_BETTER, "MiB"),
    Target("delta", "delta pull of 100 changes: large table against small", 1.3, 1.1, SMALLER_IS_BETTER),
    Target("delivery", "delivery with a slow writer open, p99 over the interval", 50, 20, SMALLER_IS_BETTER, "ms"),
    Target("empty", "empty pull, requests/s against an empty DRF view", 0.4, 0.7),
    Target("capture_bulk", "capture: bulk insert, CPU with against without", 1.15, 1.05, SMALLER_IS_BETTER),
    Target("capture_save", "capture: single save, CPU with against without", 1.3, 1.15, SMALLER_IS_BETTER),
    Target("sqlite_push", "SQLite: push / pull against raw sqlite3", 0.15, 0.35, part="push"),
    Target("sqlite_pull", "SQLite: push / pull against raw sqlite3", 0.40, 0.60, part="pull"),
)


def target(key: str) -> Target:
    """Return a row by its key."""
    return next(each for each in TARGETS if each.key == key)
