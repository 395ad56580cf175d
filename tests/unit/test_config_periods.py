"""Nobody asks for no days at all, or for more than a century."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sb_sync.config import days_ago
from sb_sync.refusal import Refused


@pytest.mark.parametrize("days", [1, 90, 36_500])
def test_days_become_the_time_that_many_days_ago(days: int) -> None:
    before = timezone.now()
    found = days_ago(days)
    assert timedelta(0) <= found - (before - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize("days", [0, -1, 36_501, 999_999_999_999])
def test_what_is_no_such_number_is_refused(days: int) -> None:
    with pytest.raises(Refused, match="at least 1 and at most 36,500, not "):
        days_ago(days)
