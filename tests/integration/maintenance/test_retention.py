"""What is forgotten with time, and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sb_sync.maintenance import Refused, forget_answers, forget_conflicts, forget_jobs, purge
from sb_sync.models import Organization, StoredAnswer, SyncConflict, SyncJob, SyncJobChunk
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


def test_jobs_expire_once_they_have_ended_and_never_before(acme: Organization, settings: Any) -> None:
    user = make_member(acme)
    for state in ("done", "failed", "cancelled", "queued", "running"):
        for days in (1, 6, 8):
            then = timezone.now() - timedelta(days=days)
            job = SyncJob.objects.create(
                user=user, site_id=acme.pk, state=state, record_count=1, created_at=then,
                finished_at=None if state in ("queued", "running") else then,
            )  # fmt: skip
            SyncJobChunk.objects.create(job=job, number=0, record_count=1)
    assert (forget_jobs(dry_run=True), SyncJob.objects.count()) == (3, 15)
    assert forget_jobs(chunk=1) == 3
    assert (SyncJob.objects.count(), SyncJobChunk.objects.count()) == (12, 12)
    settings.SB_SYNC = {"IDEMPOTENCY_RETENTION": timedelta(days=1)}
    forget_jobs()
    assert set(SyncJob.objects.values_list("state", flat=True)) == {"queued", "running"}
    assert SyncJob.objects.count() == 6


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_no_days_would_be_everything_and_are_refused(acme: Organization, days: int) -> None:
    make_conflict(acme, "settled", "settled", 1000)
    for forget in (forget_conflicts, purge):
        with pytest.raises(Refused, match="at least 1 and at most 36,500"):
            forget("default", days=days)
    assert SyncConflict.objects.exists()
