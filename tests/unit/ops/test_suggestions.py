"""Each suggestion follows from a figure, and good figures suggest nothing."""

from __future__ import annotations

from typing import Any, List, Optional

import pytest

from sb_sync.models import Organization, PerformanceMetrics
from sb_sync.ops import metrics
from sb_sync.ops.metrics import CacheFigures, Figures, read_figures
from sb_sync.ops.rollup import roll_up
from sb_sync.ops.suggestions import suggest
from sb_sync.testing.factories import make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def write(place: Organization, times: List[float], model: str = "a.B", operation: str = "push", **more: Any) -> None:
    PerformanceMetrics.objects.bulk_create(
        PerformanceMetrics(
            site_id=place.pk,
            operation_type=operation,
            model_name=model,
            processing_time=seconds,
            **{"batch_size": 10, "query_count": 5, **more},
        )
        for seconds in times
    )


def codes(figures: Figures, caches: Optional[CacheFigures] = None) -> List[str]:
    found = suggest(figures, caches or CacheFigures(0, 0), 1, 100)
    assert all(each.detail and each.figure and each.value != each.limit for each in found)
    return [each.code for each in found]


def test_good_figures_suggest_nothing(acme: Organization) -> None:
    write(acme, [0.1] * 50)
    assert codes(read_figures(acme.pk), CacheFigures(900, 100)) == []


def test_few_operations_say_nothing(acme: Organization) -> None:
    write(acme, [9.0] * 19, query_count=9000)
    assert codes(read_figures(acme.pk), CacheFigures(0, 99)) == []


def test_each_follows_from_its_figure(acme: Organization) -> None:
    write(acme, [0.1] * 90 + [5.0] * 10, "a.Slow")
    write(acme, [0.1] * 30, "a.Rows", query_count=11)
    write(acme, [0.1] * 1000, "a.Small", batch_size=1, query_count=1)
    write(acme, [0.1] * 1000, "a.Small", "pull", batch_size=1)
    found = suggest(read_figures(acme.pk), CacheFigures(49, 51), memory=81, memory_limit=100)
    assert [(each.code, each.figure) for each in found] == [
        ("row_by_row", "queries per record of push of a.Rows"),
        ("slow", "p95 of push of a.Slow, seconds"),
        ("small_pushes", "records per push of a.Small"),
        ("cache_misses", "cache hit rate"),
        ("memory", "share of memory"),
    ]
    assert found[0].value == 1.1
    assert found[1].value == pytest.approx(5.0, rel=0.19)
    assert "a.Slow" in found[1].detail


def test_an_unknown_limit_suggests_nothing(acme: Organization) -> None:
    assert suggest(read_figures(acme.pk), CacheFigures(0, 0), 10_000, None) == []


def test_a_roll_up_that_fell_behind_is_told(acme: Organization, monkeypatch: Any) -> None:
    monkeypatch.setattr(metrics, "LONGEST_TAIL", 50)
    write(acme, [0.1] * 51)
    assert "rollups_late" in codes(read_figures(acme.pk))
    roll_up()
    assert codes(read_figures(acme.pk)) == []
