"""What is told of a period: its totals, and each operation on each model, beside the period before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.sections.metrics.times import elapsed_share
from sb_sync.ops.metrics import OperationFigures
from sb_sync.ops.series import Comparison, Period

__all__ = [
    "COUNT",
    "MEASURES",
    "MEBIBYTES",
    "OPERATIONS",
    "ORDERS",
    "SECONDS",
    "Kind",
    "Measure",
    "Tile",
    "make_kinds",
    "make_tiles",
    "name_operation",
    "write",
    "write_share",
]

#: Units, by which figures are written.
COUNT, SECONDS, MEBIBYTES = "count", "seconds", "MiB"
#: A smaller change says nothing, one that is smaller than the second is neither better nor worse.
LEAST_CHANGE, NOTABLE_CHANGE = 0.005, 0.05


@dataclass(frozen=True)
class Measure:
    """A figure of operations: how it is taken of their sums, its unit, and whether less of it is better."""

    name: str
    title: Any
    unit: str
    take: Callable[[OperationFigures], Optional[float]]
    less_is_better: bool = False


def _per_operation(name: str) -> Callable[[OperationFigures], Optional[float]]:
    """Return what takes the mean of a sum."""

    def take(found: OperationFigures) -> Optional[float]:
        return getattr(found, name) / found.operations if found.operations else None

    return take


def _percentile(share: float) -> Callable[[OperationFigures], Optional[float]]:
    def take(found: OperationFigures) -> Optional[float]:
        return found.percentile(share)

    return take


def _sum(name: str) -> Callable[[OperationFigures], Optional[float]]:
    def take(found: OperationFigures) -> Optional[float]:
        return float(getattr(found, name)) if found.operations else None

    return take


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("requests", _("Requests"), COUNT, _sum("operations")),
        Measure("records", _("Records"), COUNT, _sum("records")),
        Measure("mean", _("Mean time"), SECONDS, _per_operation("seconds"), less_is_better=True),
        Measure("p50", _("p50"), SECONDS, _percentile(0.5), less_is_better=True),
        Measure("p95", _("p95"), SECONDS, _percentile(0.95), less_is_better=True),
        Measure("p99", _("p99"), SECONDS, _percentile(0.99), less_is_better=True),
        Measure("batch", _("Records per request"), COUNT, _per_operation("records")),
        Measure("queries", _("Queries per request"), COUNT, _per_operation("queries"), less_is_better=True),
        Measure("memory", _("Memory growth per request"), MEBIBYTES, _per_operation("memory"), less_is_better=True),
    )
}
#: What clients ask for, as people call it.
OPERATIONS: Mapping[str, Any] = {"push": _("Push"), "pull": _("Pull")}
#: Sums grow with the period: they are compared by the hour.
RATES = frozenset({"requests", "records"})
#: By what the table of operations may be ordered, the most first.
ORDERS = ("requests", "mean", "p50", "p95", "p99", "batch", "queries")
TILES = ("requests", "records", "p50", "p95", "batch", "queries")


@dataclass(frozen=True)
class Tile:
    """One figure, what it was before, and by which share it changed; None where one of both is not known."""

    measure: Measure
    value: Optional[float]
    before: Optional[float]
    change: Optional[float]

    @property
    def text(self) -> str:
        """Return the figure as people read it."""
        return write(self.value, self.measure.unit)

    @property
    def before_text(self) -> str:
        """Return what it was before, as people read it."""
        return write(self.before, self.measure.unit)

    @property
    def change_text(self) -> str:
        """Return by how much it changed, without a sign; empty where that is not known or where it did not."""
        return write_share(abs(self.change)) if self.change else ""

    @property
    def is_worse(self) -> bool:
        """Tell whether less would be better, and it is notably more."""
        return self.measure.less_is_better and self.change is not None and self.change >= NOTABLE_CHANGE

    @property
    def is_better(self) -> bool:
        """Tell whether less is better, and it is notably less."""
        return self.measure.less_is_better and self.change is not None and self.change <= -NOTABLE_CHANGE


@dataclass(frozen=True)
class Kind:
    """An operation on a model, empty where a request concerned several, with its figures by name."""

    operation: str
    model: str
    tiles: Mapping[str, Tile]

    @property
    def operation_name(self) -> str:
        """Return what people call the operation."""
        return name_operation(self.operation)

    @property
    def columns(self) -> List[Tile]:
        """Return the figures that the table shows, in its order."""
        return [self.tiles[name] for name in ORDERS]


def name_operation(operation: str) -> str:
    """Return what people call an operation."""
    return str(OPERATIONS.get(operation, operation))


def write(value: Optional[float], unit: str) -> str:
    """Return a figure with its unit, as exact as it is worth; empty where there is none."""
    if value is None:
        return ""
    if unit == SECONDS:
        return _write_seconds(value)
    if unit == MEBIBYTES:
        return f"{_number(value, 2 if value < 10 else 0)} MiB"
    return _number(value, 0 if value >= 100 or value == int(value) else 1)


def write_share(share: float) -> str:
    """Return a share in per cent."""
    return f"{_number(share * 100, 0 if share >= 0.01 else 1)} %"


def make_tiles(found: Comparison) -> List[Tile]:
    """Return the figures of everything together."""
    now, before = OperationFigures("", ""), OperationFigures("", "")
    for total, period in ((now, found.now), (before, found.before)):
        for each in period.by_kind:
            total.include(each)
    return [_compare(MEASURES[name], now, before, found.now.period) for name in TILES]


def make_kinds(found: Comparison, order: str) -> List[Kind]:
    """Return the figures of each operation on each model, the most by one of them first."""
    nothing = OperationFigures("", "")
    kinds = [
        Kind(
            each.operation,
            each.model,
            {
                name: _compare(
                    measure, each, found.before.kinds.get((each.operation, each.model), nothing), found.now.period
                )
                for name, measure in MEASURES.items()
            },
        )
        for each in found.now.by_kind
    ]
    return sorted(kinds, key=lambda kind: kind.tiles[order].value or 0.0, reverse=True)


def _write_seconds(value: float) -> str:
    if value < 1:
        return f"{_number(value * 1000, 0 if value >= 0.01 else 1)} ms"
    return f"{_number(value, 2 if value < 10 else 1 if value < 100 else 0)} s"


def _number(value: float, digits: int) -> str:
    return str(number_format(value, decimal_pos=digits, use_l10n=True, force_grouping=True))


def _compare(measure: Measure, now: OperationFigures, before: OperationFigures, period: Period) -> Tile:
    value, was = measure.take(now), measure.take(before)
    change: Optional[float] = None
    if value is not None and was:
        share = elapsed_share(period) if measure.name in RATES else 1.0
        change = value / share / was - 1
        change = change if abs(change) >= LEAST_CHANGE else 0.0
    return Tile(measure, value, was, change)
