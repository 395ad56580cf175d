"""What is forgotten with time, and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sb_sync.maintenance import forget_answers, forget_conflicts
from sb_sync.models import Organization, StoredAnswer, SyncConflict
from sb_sync.testing.factories import make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def make_conflict(acme: Organization, key: str, status: str, days: int) -> None:
    then = timezone.now() - timedelta(days=days)
    SyncConflict.objects.create(
        site_id=acme.pk, model_name="testapp.Customer", object_key=key, policy="merge", status=status, client={},
        fields=[], created_at=then, settled_at=None if status == "unsettled" else then,
    )  # fmt: skip


def test_settled_conflicts_expire_and_unsettled_ones_never(acme: Organization, settings: Any) -> None:
    for status in ("unsettled", "client_wins", "settled"):
        for days in (1, 89, 91, 1000):
            make_conflict(acme, f"{status} {days}", status, days)
    assert forget_conflicts(dry_run=True) == 4
    assert SyncConflict.objects.count() == 12
    assert forget_conflicts(chunk=1) == 4
    assert forget_conflicts() == 0
    left = set(SyncConflict.objects.values_list("object_key", flat=True))
    assert left == {
        *(f"unsettled {days}" for days in (1, 89, 91, 1000)), "client_wins 1", "client_wins 89", "settled 1",
        "settled 89",
    }  # fmt: skip
    assert forget_conflicts(days=50) == 2
    settings.SB_SYNC = {"LOG_RETENTION_DAYS": 1}
    assert forget_conflicts() == 2
    assert SyncConflict.objects.count() == 4


def test_answers_expire(acme: Organization, settings: Any) -> None:
    user = make_member(acme)
    for days in (0, 2, 6, 8):
        StoredAnswer.objects.create(
            user=user, site_id=acme.pk, name=str(days), path="/push/", created_at=timezone.now() - timedelta(days=days)
        )
    assert (forget_answers(dry_run=True), StoredAnswer.objects.count()) == (1, 4)
    assert forget_answers(chunk=1) == 1
    settings.SB_SYNC = {"IDEMPOTENCY_RETENTION": timedelta(days=1)}
    assert forget_answers() == 2
    assert StoredAnswer.objects.get().name == "0"
