"""What a change of the configuration did, for people and for programs."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

from sb_sync.maintenance.configuration import ChangeReport
from sb_sync.management.tables import format_table

__all__ = ["as_object", "format_report", "format_value"]

MAX_WIDTH = 80


def as_object(report: ChangeReport, *, dry_run: bool) -> Dict[str, Any]:
    """Return a report as JSON."""
    return {
        "dry_run": dry_run,
        "changes": [
            {"section": each.section, "key": each.key, "before": each.before, "after": each.after}
            for each in report.changes
        ],
        "moved_in": list(report.moved_in),
        "moved_out": [{"model": label, "reason": reason} for label, reason in report.moved_out],
        "uncaptured_tables": list(report.uncaptured),
    }


def format_report(report: ChangeReport, *, dry_run: bool) -> str:
    """Return a report as text."""
    return "\n".join(_lines(report, dry_run=dry_run))


def format_value(value: Any) -> str:
    """Return a value on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…"


def _lines(report: ChangeReport, *, dry_run: bool) -> Iterator[str]:
    if report.changes:
        rows = [
            [f"{each.section}.{each.key}", format_value(each.before), format_value(each.after)]
            for each in report.changes
        ]
        yield format_table(["key", "before", "after"], rows)
    else:
        yield "Nothing changes."
    for label in report.moved_in:
        yield f"+ {label}"
    for label, reason in report.moved_out:
        yield f"- {label}: {reason}"
    for table in report.uncaptured:
        yield f"! changes of {table} are not captured: run manage.py sync_feed --action install"
    if dry_run:
        yield "Nothing was written (--dry-run)."
