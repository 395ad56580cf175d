"""The JSON document: machine, versions, and one object for each row of the table."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Sequence

from benchmarks.results import Result, group_results
from benchmarks.sizes import Plan

__all__ = ["figures_of", "make_document"]


def make_document(
    plan: Plan,
    machine: Dict[str, Any],
    versions: Dict[str, str],
    results: Sequence[Result],
    growth: Sequence[Result],
    peers: Sequence[Dict[str, Any]],
) -> Dict[str, Any]:
    """Return all that a run came to."""
    return {
        "made_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "versions": versions,
        "plan": asdict(plan),
        "results": group_results(results),
        "growth": [result.as_json() for result in growth],
        "peers": list(peers),
    }


def figures_of(rows: Sequence[Dict[str, Any]]) -> Iterator[Dict[str, Any]]:
    """Yield every figure: the parts of a row that has several, with their part in the name."""
    for row in rows:
        parts: List[Dict[str, Any]] = row.get("parts", [])
        for part in parts:
            yield {**part, "name": "{} ({})".format(part["name"], part["part"])}
        if not parts:
            yield row
