"""How long changes of some organizations wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from sb_sync.feed import to_utc
from sb_sync.models import Change, Organization
from sb_sync.ops import lag
from sb_sync.ops.lag import Lag, find_lag
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def change(place: Organization, hours_ago: float) -> None:
    before = set(Change.objects.values_list("pk", flat=True))
    Customer.objects.create(name="N", organization_id=place.pk)
    moment = timezone.now() - timedelta(hours=hours_ago)
    Change.objects.exclude(pk__in=before).update(changed_at=moment)


def test_the_oldest_change_since_the_last_pull_counts(acme: Organization) -> None:
    for hours_ago in (9, 3, 1):
        change(acme, hours_ago)
    now = to_utc(timezone.now())
    assert find_lag([acme.pk], None, ["default"]).seconds == pytest.approx(9 * 3600, abs=60)
    assert find_lag([acme.pk], now - timedelta(hours=5), ["default"]).seconds == pytest.approx(3 * 3600, abs=60)
    assert find_lag([acme.pk], now, ["default"]) == Lag(0.0)


def test_those_of_others_do_not_count(acme: Organization) -> None:
    change(make_organization("globex"), 5)
    assert find_lag([acme.pk], None, ["default"]) == Lag(0.0)
    assert find_lag([], None, ["default"]) == Lag(0.0)


def test_where_too_many_wait_it_is_told_as_the_least(acme: Organization, monkeypatch: Any) -> None:
    for hours_ago in (9, 3, 1):
        change(acme, hours_ago)
    monkeypatch.setattr(lag, "MOST", 2)
    found = find_lag([acme.pk], None, ["default"])
    assert (round(found.seconds / 3600), found.is_more) == (3, True)
    pulled = to_utc(timezone.now()) - timedelta(hours=2)
    assert find_lag([acme.pk], pulled, ["default"]).is_more is False


def test_one_statement_reads_no_further_than_it_must(acme: Organization, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1, connection=connection):
        find_lag([acme.pk], None, ["default"])
