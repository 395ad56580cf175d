"""The charts: what each shows at each step of the period, for a script to draw and as a table to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from django.utils.translation import gettext

from sb_sync.dashboard.sections.metrics.figures import COUNT, MEASURES, MEBIBYTES, SECONDS, name_operation, write
from sb_sync.dashboard.sections.metrics.steps import Step
from sb_sync.ops.metrics import OperationFigures

__all__ = ["Chart", "Line", "describe_steps", "make_charts"]

LINES, BARS = "line", "bar"


@dataclass(frozen=True)
class Line:
    """One series: a value for each step, None where nothing was measured."""

    name: str
    title: str
    values: Tuple[Optional[float], ...]


@dataclass(frozen=True)
class Chart:
    """Series over the same steps; bars are put on top of each other."""

    name: str
    title: str
    note: str
    kind: str
    unit: str
    steps: Tuple[Step, ...]
    lines: Tuple[Line, ...]

    @property
    def rows(self) -> List[Tuple[Step, List[str]]]:
        """Return the steps with their values as people read them, empty where nothing was measured."""
        return [
            (step, [write(line.values[place], self.unit) for line in self.lines])
            for place, step in enumerate(self.steps)
        ]

    @property
    def data(self) -> Dict[str, Any]:
        """Return what a script needs to draw it, as JSON."""
        return {
            "kind": self.kind,
            "unit": self.unit,
            "lines": [{"name": line.name, "title": line.title, "values": line.values} for line in self.lines],
        }


def make_charts(steps: Sequence[Step], step_name: str) -> List[Chart]:
    """Return all charts of a period; `step_name` is how long a step is, in words."""
    operations = sorted({operation for step in steps for operation in step.by_operation}, reverse=True)
    return [
        _chart_times(steps),
        _chart("requests", gettext("Requests per %(step)s") % {"step": step_name}, "", BARS, COUNT, steps, operations),
        _chart("records", gettext("Records per %(step)s") % {"step": step_name}, "", BARS, COUNT, steps, operations),
        _chart("batch", gettext("Batch size"), gettext("Records per request"), LINES, COUNT, steps, operations),
        _chart("queries", gettext("Queries"), gettext("Statements per request"), LINES, COUNT, steps, operations),
        _chart(
            "memory",
            gettext("Memory"),
            gettext("Growth of the process per request, in MiB"),
            LINES,
            MEBIBYTES,
            steps,
            operations,
        ),
    ]


def describe_steps(steps: Sequence[Step]) -> List[Dict[str, str]]:
    """Return when each step begins and ends, as JSON; one of days has a label, by the server's calendar."""
    return [{"start": step.since, "end": step.until, "label": step.day_text} for step in steps]


def _chart_times(steps: Sequence[Step]) -> Chart:
    """Return how long requests took: half of them, nineteen of twenty, ninety-nine of a hundred."""
    totals = [step.total for step in steps]
    lines = tuple(
        Line(name, str(MEASURES[name].title), tuple(_take(name, total) for total in totals))
        for name in ("p50", "p95", "p99")
    )
    note = gettext("Within which 50, 95 and 99 of 100 requests were answered")
    return Chart("time", gettext("Time"), note, LINES, SECONDS, tuple(steps), lines)


def _chart(
    name: str, title: str, note: str, kind: str, unit: str, steps: Sequence[Step], operations: Sequence[str]
) -> Chart:
    """Return a chart with a series for each operation."""
    nothing = OperationFigures("", "")
    lines = tuple(
        Line(
            operation,
            name_operation(operation),
            tuple(_take(name, step.by_operation.get(operation, nothing)) for step in steps),
        )
        for operation in operations
    )
    return Chart(name, title, note, kind, unit, tuple(steps), lines)


def _take(name: str, found: OperationFigures) -> Optional[float]:
    return MEASURES[name].take(found) if found.operations else None
