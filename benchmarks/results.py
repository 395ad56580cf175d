"""What was measured: samples of every side, and the figures that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any, Dict, List, Optional, Sequence

from benchmarks.targets import Target

__all__ = ["Measured", "Result", "group_results"]

Samples = Dict[str, List[float]]


@dataclass(frozen=True)
class Measured:
    """Samples by the name of their side, taken in turns: the first of every side belong together, and so on.

    The ratio is `ours` by `base`; without a base the figure of `ours` itself. `others` are sides to compare with.
    """

    unit: str
    ours: str
    base: Optional[str]
    samples: Samples
    notes: Sequence[str] = ()
    #: What makes a good ratio worthless, such as an entry in the log that should not be there.
    faults: Sequence[str] = ()

    @property
    def ratio(self) -> float:
        """Return the ratio of the medians."""
        return self.compare(self.ours)

    def compare(self, side: str) -> float:
        """Return a side's median by that of the base."""
        figure = median(self.samples[side])
        return figure if self.base is None else figure / median(self.samples[self.base])

    @property
    def spread(self) -> float:
        """Return how far the ratios of single repetitions lie apart, as a part of the ratio."""
        ours = self.samples[self.ours]
        bases = [1.0] * len(ours) if self.base is None else self.samples[self.base]
        ratios = [ours_figure / base for ours_figure, base in zip(ours, bases)]
        return (max(ratios) - min(ratios)) / self.ratio if self.ratio else 0.0

    @property
    def others(self) -> List[str]:
        """Return the sides that are neither ours nor the base."""
        return [side for side in self.samples if side not in (self.ours, self.base)]


@dataclass(frozen=True)
class Result:
    """One figure of the table; `measured` is None where it was not measured, and `remark` says why."""

    target: Target
    measured: Optional[Measured] = None
    remark: str = ""

    @property
    def ratio(self) -> Optional[float]:
        """Return the ratio, or the figure where there is nothing to divide by."""
        return None if self.measured is None else self.measured.ratio

    @property
    def met(self) -> Optional[str]:
        """Return "floor", "stretch" or None."""
        if self.measured is None or self.measured.faults:
            return None
        return self.target.met(self.measured.ratio)

    def as_json(self) -> Dict[str, Any]:
        """Return all that is known of it."""
        told: Dict[str, Any] = {
            "name": self.target.name,
            "ratio": self.ratio,
            "floor": self.target.floor,
            "stretch": self.target.stretch,
            "spread": None if self.measured is None else self.measured.spread,
            "met": self.met,
            "sense": self.target.sense,
            "unit": self.target.unit,
            "remark": self.remark,
        }
        if self.measured is not None:
            told.update(_describe(self.measured))
        return told


def _describe(measured: Measured) -> Dict[str, Any]:
    return {
        "ours": measured.ours,
        "base": measured.base,
        "samples_unit": measured.unit,
        "medians": {side: median(samples) for side, samples in measured.samples.items()},
        "ratios": {side: measured.compare(side) for side in measured.samples if side != measured.base},
        "samples": measured.samples,
        "notes": list(measured.notes),
        "faults": list(measured.faults),
    }


@dataclass
class _Row:
    parts: List[Result] = field(default_factory=list)

    def as_json(self) -> Dict[str, Any]:
        """Return one object: that of the part which is furthest from its floor, and below it every part."""
        if len(self.parts) == 1:
            return self.parts[0].as_json()
        measured = [part for part in self.parts if part.ratio is not None]
        complete = len(measured) == len(self.parts)
        weakest = min(measured, key=_strength) if complete else self.parts[0]
        parts = [{"part": part.target.part, **part.as_json()} for part in self.parts]
        return {**weakest.as_json(), "part": weakest.target.part, "parts": parts}


def _strength(result: Result) -> Any:
    """Return what orders results: what they reach first, then how near they are to their floor."""
    assert result.ratio is not None
    return [None, "floor", "stretch"].index(result.met), result.target.distance(result.ratio)


def group_results(results: Sequence[Result]) -> List[Dict[str, Any]]:
    """Return one object for each row of the table, in its order."""
    rows: Dict[str, _Row] = {}
    for result in results:
        rows.setdefault(result.target.name, _Row()).parts.append(result)
    return [row.as_json() for row in rows.values()]
