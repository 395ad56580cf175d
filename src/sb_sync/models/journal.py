"""What happened: one row per request, one per measurement."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sb_sync.models.documents import DocumentField

__all__ = ["PerformanceMetrics", "SyncLog"]


class SyncLog(models.Model):
    """One request, with its (masked and cut) body. `processing_time` is in seconds.

    `outcome` holds `models`, what was done by label, and `failures`, the first records that were not applied; NULL
    where a version wrote the row that did not know it.
    """

    class Operation(models.TextChoices):
        """What was asked."""

        PUSH = "PUSH", _("Push")
        PULL = "PULL", _("Pull")

    class Status(models.TextChoices):
        """How it went; a warning means that some records failed."""

        SUCCESS = "SUCCESS", _("Success")
        ERROR = "ERROR", _("Error")
        WARNING = "WARNING", _("Warning")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="sync_logs"
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("organization")
    )
    operation = models.CharField(_("operation"), max_length=4, choices=Operation.choices)
    status = models.CharField(_("status"), max_length=7, choices=Status.choices)
    model_name = models.CharField(_("model"), max_length=200, blank=True)
    object_count = models.PositiveIntegerField(_("records"), default=0)
    error_message = models.TextField(_("error"), blank=True)
    request_data = models.JSONField(_("request"), null=True, blank=True)
    outcome = DocumentField(_("outcome"), null=True, blank=True, editable=False)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    timestamp = models.DateTimeField(_("time"), default=timezone.now)
    processing_time = models.FloatField(_("seconds"), default=0.0)

    class Meta:
        verbose_name = _("sync log entry")
        verbose_name_plural = _("sync log")
        ordering = ["-timestamp", "-id"]
        indexes = [
            models.Index(fields=["timestamp", "id"], name="sb_sync_log_time"),
            models.Index(fields=["site", "timestamp"], name="sb_sync_log_site"),
            models.Index(fields=["user", "timestamp"], name="sb_sync_log_user"),
            models.Index(fields=["model_name", "timestamp"], name="sb_sync_log_model"),
            models.Index(fields=["status", "timestamp"], name="sb_sync_log_status"),
            models.Index(fields=["request_id"], name="sb_sync_log_request"),
        ]

    def __str__(self) -> str:
        """Return what and how."""
        return f"{self.operation} {self.model_name} {self.status}"


class PerformanceMetrics(models.Model):
    """One measurement: `processing_time` in seconds, `memory_usage` in MiB.

    `rolled_up_at` tells when it was counted among the rolled up ones; until then it is NULL, also where a process of an
    older version wrote it, or one whose transaction was open for long.
    """

    operation_type = models.CharField(_("operation"), max_length=40)
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("organization")
    )
    model_name = models.CharField(_("model"), max_length=200, blank=True)
    batch_size = models.PositiveIntegerField(_("batch size"), default=0)
    processing_time = models.FloatField(_("seconds"))
    memory_usage = models.FloatField(_("memory, MiB"), default=0.0)
    query_count = models.PositiveIntegerField(_("queries"), default=0)
    timestamp = models.DateTimeField(_("time"), default=timezone.now)
    rolled_up_at = models.DateTimeField(_("rolled up"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("performance metric")
        verbose_name_plural = _("performance metrics")
        ordering = ["-timestamp", "-id"]
        indexes = [
            models.Index(fields=["timestamp", "id"], name="sb_sync_metric_time"),
            models.Index(fields=["operation_type", "model_name", "timestamp"], name="sb_sync_metric_kind"),
            models.Index(fields=["site", "timestamp"], name="sb_sync_metric_site"),
            models.Index(fields=["rolled_up_at", "site", "id"], name="sb_sync_metric_rollup"),
        ]

    def __str__(self) -> str:
        """Return what took how long."""
        return f"{self.operation_type} {self.model_name}: {self.processing_time:.3f} s"
