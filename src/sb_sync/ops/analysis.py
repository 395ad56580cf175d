"""Figures with what they suggest, for the API, for staff and for tasks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Dict, Mapping, Optional

from sb_sync.ops.metrics import DAYS, CacheFigures, Figures, OperationFigures, read_cache_figures, read_figures
from sb_sync.ops.suggestions import suggest
from sb_sync.optimizations.memory import MemoryOptimizer, find_memory_limit
from sb_sync.wire.codecs.moments import encode_moment

__all__ = ["analyze"]

DIGITS = 6


def analyze(
    site_id: Optional[int] = None, *, days: int = DAYS, names: Optional[Mapping[str, str]] = None
) -> Dict[str, Any]:
    """Return the figures of an organization, or of all together, as JSON; `names` as for `read_figures`."""
    figures = read_figures(site_id, days=days, names=names)
    caches = read_cache_figures()
    memory = MemoryOptimizer.get_memory_usage()
    return {
        "performance_stats": _describe(figures, caches),
        "current_memory_usage": round(memory, 1),
        "cache_stats": {"cache_hits": caches.hits, "cache_misses": caches.misses},
        "optimization_suggestions": [asdict(each) for each in suggest(figures, caches, memory, find_memory_limit())],
    }


def _describe(figures: Figures, caches: CacheFigures) -> Dict[str, Any]:
    total = figures.total
    return {
        "total_operations": total.operations,
        "average_processing_time": _round(total.average),
        "cache_hit_rate": _round(caches.hit_rate),
        "since": encode_moment(figures.since),
        "is_whole": figures.is_whole,
        "operations": [_describe_kind(each) for each in figures.by_kind],
    }


def _describe_kind(each: OperationFigures) -> Dict[str, Any]:
    percentiles = {f"p{share}": _round(each.percentile(share / 100)) for share in (50, 95, 99)}
    return {
        "operation": each.operation,
        "model": each.model or None,
        "total_operations": each.operations,
        "average_processing_time": _round(each.average),
        **percentiles,
        "records": each.records,
        "queries": each.queries,
    }


def _round(number: Optional[float]) -> Optional[float]:
    return None if number is None else round(number, DIGITS)
