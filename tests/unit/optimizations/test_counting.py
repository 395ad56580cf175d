"""Many numbers by one statement, each as exact as it is read."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync.models import SyncMetadata
from sb_sync.optimizations.counting import count_together

pytestmark = pytest.mark.django_db


def test_each_is_counted_and_no_further_than_wanted() -> None:
    for number in range(5):
        SyncMetadata.objects.create(model_name=f"a.B{number}", total_synced=number // 2)
    rows = SyncMetadata.objects.all()
    asked = {
        "all": rows,
        "some": rows.filter(total_synced=1, model_name__startswith="a."),
        "values": rows.values("total_synced").distinct(),
        "none": rows.filter(pk__in=[]),
    }
    with CaptureQueriesContext(connection) as queries:
        found = count_together(asked, most=3)
    assert found == {"all": 4, "some": 2, "values": 3, "none": 0}
    assert len(queries) == 1


def test_what_is_known_to_be_empty_is_not_asked() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert count_together({"none": SyncMetadata.objects.none()}, most=3) == {"none": 0}
        assert count_together({}, most=3) == {}
    assert len(queries) == 0
