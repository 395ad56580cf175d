"""Background pushes: what was accepted, who works on it, and what came of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sb_sync.models.documents import DocumentField

__all__ = ["SyncJob", "SyncJobChunk"]


class SyncJob(models.Model):
    """A push that a worker carries out.

    `body` is what was sent, and stands only until it is parted into chunks or the job has ended. `worker` names the one
    attempt that may write; `due_at` says from when on another one may take the job up: the end of a lease while it
    runs, the next try while it is queued, nothing once it has ended. `attempts` counts those since anything was
    committed. `answer` is that of a push, `rules` holds by label the rules under which rows were shown in it.
    """

    class State(models.TextChoices):
        """Where it stands; a job that is done may have refused records, as any push."""

        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    # No number that could be counted on.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sync_jobs")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    is_atomic = models.BooleanField(_("all or nothing"), default=False)
    is_cancelled = models.BooleanField(_("to be cancelled"), default=False)
    record_count = models.PositiveIntegerField(_("records"))
    done_count = models.PositiveIntegerField(_("records done"), default=0)
    is_parted = models.BooleanField(default=False)
    body = DocumentField(null=True, blank=True)
    answer = DocumentField(_("answer"), null=True, blank=True)
    rules = DocumentField(null=True, blank=True)
    code = models.CharField(_("error code"), max_length=40, blank=True)
    detail = models.TextField(_("error"), blank=True)
    worker = models.CharField(_("worker"), max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, default=timezone.now)
    seconds = models.FloatField(_("seconds"), default=0.0)
    language = models.CharField(max_length=20, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    ip = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("background push")
        verbose_name_plural = _("background pushes")
        indexes = [
            models.Index(fields=["due_at"], name="sb_sync_job_due"),
            models.Index(fields=["finished_at"], name="sb_sync_job_finished"),
            models.Index(fields=["user", "state"], name="sb_sync_job_user"),
            # The pages of staff, newest first.
            models.Index(fields=["created_at", "id"], name="sb_sync_job_time"),
            models.Index(fields=["site", "created_at", "id"], name="sb_sync_job_site"),
        ]

    def __str__(self) -> str:
        """Return which one and where it stands."""
        return f"{self.id}: {self.state}"

    @property
    def progress(self) -> int:
        """Return how much is done, in per cent: 100 only where all is."""
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.done_count // max(self.record_count, 1))


class SyncJobChunk(models.Model):
    """Records of a background push that one transaction applies, in the database of their rows.

    `records` are pairs of a place in the array and a record, and go once `results` are there: these are written in the
    transaction of the rows, so that nothing is applied twice.
    """

    # It stands beside the rows, which may be in another database than users and organizations.
    job = models.ForeignKey(SyncJob, on_delete=models.CASCADE, related_name="chunks", db_constraint=False)
    number = models.PositiveIntegerField(_("number"))
    record_count = models.PositiveIntegerField(_("records"))
    records = DocumentField(null=True, blank=True)
    results = DocumentField(null=True, blank=True)

    class Meta:
        verbose_name = _("chunk of a background push")
        verbose_name_plural = _("chunks of background pushes")
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="sb_sync_one_chunk")]

    def __str__(self) -> str:
        """Return which one of which job."""
        return f"{self.job_id}: {self.number}"
