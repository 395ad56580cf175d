"""The figures in the format of Prometheus; `prometheus_client` comes with the extra `prometheus`."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Tuple

from sb_sync.ops.health import DEGRADED, HEALTHY, UNHEALTHY, Finding
from sb_sync.ops.metrics import Figures, OperationFigures, read_cache_figures, read_totals
from sb_sync.optimizations.histogram import PER_DOUBLING
from sb_sync.optimizations.measurement import BYTES_PER_MIB
from sb_sync.optimizations.memory import MemoryOptimizer

try:
    from prometheus_client import CollectorRegistry
    from prometheus_client import core as families
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
except ImportError:
    families = None  # type: ignore[assignment]  # asked below

__all__ = ["expose", "is_available"]

VALUES = {HEALTHY: 1.0, DEGRADED: 0.5, UNHEALTHY: 0.0}
#: From a millisecond to two minutes, in doublings.
BOUNDS = range(-10, 8)
KIND = ("operation", "model")


def is_available() -> bool:
    """Tell whether the package that writes the format is installed."""
    return families is not None


def expose(checks: Mapping[str, Finding]) -> Tuple[bytes, str]:
    """Return everything as text, and its content type. Figures are of all organizations, since ever."""
    registry = CollectorRegistry()
    registry.register(_Collector(read_totals(), checks))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    """What a registry asks for its families."""

    def __init__(self, figures: Figures, checks: Mapping[str, Finding]) -> None:
        self._figures = figures
        self._checks = checks

    def collect(self) -> Iterator[Any]:
        """Yield the families: those of the database, then those of this process."""
        yield from self._collect_operations()
        checks = families.GaugeMetricFamily("sb_sync_check", "1 healthy, 0.5 degraded, 0 unhealthy.", labels=["check"])
        for name, found in self._checks.items():
            checks.add_metric([name], VALUES[found.status])
        yield checks
        memory = MemoryOptimizer.get_memory_usage() * BYTES_PER_MIB
        yield families.GaugeMetricFamily("sb_sync_resident_memory_bytes", "Memory of the process asked.", value=memory)
        caches = read_cache_figures()
        lookups = families.CounterMetricFamily(
            "sb_sync_cache_lookups", "Look-ups in caches of the process asked, since it began.", labels=["result"]
        )
        lookups.add_metric(["hit"], caches.hits)
        lookups.add_metric(["miss"], caches.misses)
        yield lookups

    def _collect_operations(self) -> Iterator[Any]:
        times = families.HistogramMetricFamily("sb_sync_operation_seconds", "Time of operations.", labels=KIND)
        records = families.CounterMetricFamily("sb_sync_records", "Records of operations.", labels=KIND)
        queries = families.CounterMetricFamily("sb_sync_queries", "Statements of operations.", labels=KIND)
        for each in self._figures.by_kind:
            labels = [each.operation, each.model]
            times.add_metric(labels, buckets=list(_cumulate(each)), sum_value=each.seconds)
            records.add_metric(labels, each.records)
            queries.add_metric(labels, each.queries)
        yield from (times, records, queries)


def _cumulate(each: OperationFigures) -> Iterator[Tuple[str, float]]:
    """Yield how many operations took no longer than each bound."""
    for bound in BOUNDS:
        below = sum(count for bucket, count in each.buckets.items() if bucket < bound * PER_DOUBLING)
        yield str(2.0**bound), below
    yield "+Inf", each.operations
