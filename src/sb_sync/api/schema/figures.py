"""Health and performance, as they stand in bodies."""

from __future__ import annotations

from typing import Any, Dict

from sb_sync.api.schema.responses import refer
from sb_sync.api.schema.words import COUNT, TEXT, TIME, TRUTH, array, optional, shape
from sb_sync.ops.health import DEGRADED, HEALTHY, UNHEALTHY

__all__ = ["make_figure_shapes"]

NUMBER: Dict[str, Any] = {"type": "number"}
SECONDS: Dict[str, Any] = {
    "type": ["number", "null"],
    "minimum": 0,
    "description": "Seconds; null where none is known.",
}
STATUS: Dict[str, Any] = {"enum": [HEALTHY, DEGRADED, UNHEALTHY]}
CHECKS = ("database", "cache", "logging", "feed", "memory")


def make_figure_shapes() -> Dict[str, Any]:
    """Return the shapes by name."""
    checks = shape(
        {name: refer("Check") for name in CHECKS},
        optional={"broker": refer("Check")},
        description="The broker where one is set.",
    )
    return {
        "Health": shape({"status": STATUS, "timestamp": TIME, "checks": checks}),
        "Check": shape(
            {"status": STATUS},
            optional={
                "detail": {"type": "string", "description": "For staff: what is wrong, and its mend."},
                "figures": {"type": "object", "description": "For staff: what was measured."},
            },
        ),
        "Performance": shape(
            {
                "performance_stats": refer("PerformanceStats"),
                "current_memory_usage": {**NUMBER, "description": "MiB, of the process that answers."},
                "cache_stats": shape(
                    {"cache_hits": COUNT, "cache_misses": COUNT},
                    description="Of the process that answers, since it began.",
                ),
                "optimization_suggestions": array(refer("Suggestion")),
            }
        ),
        "PerformanceStats": _make_stats(),
        "OperationStats": _make_operation(),
        "Suggestion": shape(
            {
                "code": {"type": "string", "description": "For programs."},
                "detail": {"type": "string", "description": "For people; may change."},
                "figure": {"type": "string", "description": "What it follows from."},
                "value": NUMBER,
                "limit": {**NUMBER, "description": "What the value went beyond."},
            }
        ),
    }


def _make_stats() -> Dict[str, Any]:
    rate = {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Null where nothing was looked up."}
    return shape(
        {
            "total_operations": COUNT,
            "average_processing_time": SECONDS,
            "cache_hit_rate": rate,
            "since": {**TIME, "description": "When the figures begin."},
            "is_whole": {**TRUTH, "description": "No measurement that waits to be rolled up was left out."},
            "operations": array(refer("OperationStats"), "By operation and model."),
        }
    )


def _make_operation() -> Dict[str, Any]:
    return shape(
        {
            "operation": {"type": "string", "description": "`push` or `pull`."},
            "model": {
                **optional(TEXT),
                "description": "Null for requests of several models, or of models without a right.",
            },
            "total_operations": COUNT,
            "average_processing_time": SECONDS,
            "p50": SECONDS,
            "p95": SECONDS,
            "p99": SECONDS,
            "records": COUNT,
            "queries": COUNT,
        }
    )
