"""Figures, statements and findings in a terminal."""

from __future__ import annotations

from typing import Any, Iterator, List, Mapping, Optional, Sequence

from sb_sync.maintenance import StatementReport
from sb_sync.management.tables import format_table
from sb_sync.ops.health import Finding

__all__ = ["format_analysis", "format_health", "format_statements"]

TIMES = ("average_processing_time", "p50", "p95", "p99")
HEADINGS = ["operation", "model", "requests", "mean", "p50", "p95", "p99", "records", "queries"]


def format_analysis(found: Mapping[str, Any]) -> str:
    """Return figures with what they suggest."""
    return "\n".join(_analysis_lines(found))


def format_statements(reports: Sequence[StatementReport]) -> str:
    """Return what was done to tables."""
    rows = [[each.database, each.statement, f"{each.seconds:.3f} s"] for each in reports]
    return format_table(["database", "statement", "took"], rows)


def format_health(status: str, found: Mapping[str, Finding]) -> str:
    """Return what every check found."""
    rows = [[name, finding.status, finding.detail or _list(finding.figures)] for name, finding in found.items()]
    return f"{format_table(['check', 'status', ''], rows)}\n\nAll in all: {status}."


def _analysis_lines(found: Mapping[str, Any]) -> Iterator[str]:
    stats = found["performance_stats"]
    if stats["operations"]:
        yield format_table(HEADINGS, [_row(each) for each in stats["operations"]])
        yield ""
    yield f"{stats['total_operations']:,} operations since {stats['since'][:16].replace('T', ' ')} UTC."
    for suggestion in found["optimization_suggestions"]:
        yield f"! {suggestion['detail']} ({suggestion['figure']}: {suggestion['value']}, limit {suggestion['limit']})"
    if not found["optimization_suggestions"]:
        yield "Nothing to suggest."


def _row(each: Mapping[str, Any]) -> List[str]:
    times = [_milliseconds(each[name]) for name in TIMES]
    counts = [f"{each[name]:,}" for name in ("records", "queries")]
    return [each["operation"], each["model"] or "several", f"{each['total_operations']:,}", *times, *counts]


def _milliseconds(seconds: Optional[float]) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


def _list(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items() if not isinstance(value, Mapping))
