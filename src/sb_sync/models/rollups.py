"""Measurements rolled up: what is left of many when only their sums and the spread of their times are wanted."""

from __future__ import annotations

from datetime import datetime, timezone

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["EVER", "TOGETHER", "MetricRollup"]

#: In place of an organization's key, which is positive: the measurements of all of them together.
TOGETHER = -1
#: In place of an hour: all of them. Not so early that a zone could move it out of what some database knows.
EVER = datetime(1980, 1, 1, tzinfo=timezone.utc)


class MetricRollup(models.Model):
    """How many operations of one kind took how long, within an hour, in one organization or in all together.

    A row stands for one `bucket` of the histogram of their times (see `optimizations.histogram`); the columns after it
    are sums. What was counted since ever stands under the hour `EVER`: a unique constraint would not tell NULLs apart.
    """

    # No constraint: no organization has the key of all together. Rows go with their organization all the same.
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("organization"),
        db_constraint=False,
        db_index=False,
    )
    hour = models.DateTimeField(_("hour"))
    operation_type = models.CharField(_("operation"), max_length=40)
    model_name = models.CharField(_("model"), max_length=200, blank=True)
    bucket = models.SmallIntegerField(_("bucket of times"))
    operations = models.BigIntegerField(_("operations"), default=0)
    seconds = models.FloatField(_("seconds"), default=0.0)
    records = models.BigIntegerField(_("records"), default=0)
    queries = models.BigIntegerField(_("queries"), default=0)
    memory = models.FloatField(_("memory, MiB"), default=0.0)

    class Meta:
        verbose_name = _("rolled up measurement")
        verbose_name_plural = _("rolled up measurements")
        ordering = ["-hour", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "hour", "operation_type", "model_name", "bucket"], name="sb_sync_one_rollup"
            )
        ]
        indexes = [models.Index(fields=["hour"], name="sb_sync_rollup_hour")]

    def __str__(self) -> str:
        """Return how many of what, and when."""
        return f"{self.operations} {self.operation_type} {self.model_name}, {self.hour}"
