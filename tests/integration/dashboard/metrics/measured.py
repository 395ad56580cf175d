"""Measurements to look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Optional

from django.utils import timezone

from sb_sync.models import Organization, PerformanceMetrics

__all__ = ["measure_some"]


def measure_some(place: Optional[Organization], hours_ago: float, *, times: int = 1, **fields: Any) -> None:
    """Write measurements of pushes, each of 10 records in 0.1 s, unless fields say otherwise."""
    given = {
        "operation_type": "push",
        "model_name": "testapp.Order",
        "processing_time": 0.1,
        "batch_size": 10,
        "query_count": 5,
        "memory_usage": 0.5,
    }
    moment = timezone.now() - timedelta(hours=hours_ago)
    PerformanceMetrics.objects.bulk_create(
        PerformanceMetrics(site_id=place and place.pk, timestamp=moment, **{**given, **fields}) for _ in range(times)
    )
