"""Both sides of every conflict, uncut, and how it was settled."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sb_sync.models.documents import DocumentField

__all__ = ["SyncConflict"]


class SyncConflict(models.Model):
    """One record that met a row which had changed since its client saw it.

    `client` is what was sent, `base` what it began from, `server` the row as it stood before anything was written
    (None where there was none), all by their names on the wire. `fields` are those that both sides changed, where the
    policy compares by field. `resolution` is what a member of staff wrote in the end.
    """

    class Status(models.TextChoices):
        """How it was settled: by a policy, by the project's code, by staff, or not yet."""

        UNSETTLED = "unsettled", _("unsettled")
        CLIENT_WINS = "client_wins", _("the client won")
        SERVER_WINS = "server_wins", _("the server won")
        MERGED = "merged", _("merged")
        RESOLVED = "resolved", _("resolved by the project")
        SETTLED = "settled", _("settled by staff")

    # It stands beside the rows, which may be in another database than users and organizations.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="sync_conflicts",
        db_constraint=False,
    )
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization"), db_constraint=False
    )
    model_name = models.CharField(_("model"), max_length=200)
    object_key = models.CharField(_("key"), max_length=255, blank=True)
    policy = models.CharField(_("policy"), max_length=20)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices)
    client = DocumentField(_("client's side"))
    base = DocumentField(_("what the client began from"), null=True, blank=True)
    server = DocumentField(_("server's side"), null=True, blank=True)
    fields = DocumentField(_("fields that both changed"))
    client_version = models.CharField(_("client's version"), max_length=64, blank=True)
    server_version = models.CharField(_("server's version"), max_length=64, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("settled by"),
        db_constraint=False,
    )
    resolution = DocumentField(_("what was written"), null=True, blank=True)

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="sb_sync_conflict_time"),
            models.Index(fields=["site", "created_at"], name="sb_sync_conflict_site"),
            models.Index(fields=["status", "settled_at"], name="sb_sync_conflict_status"),
            models.Index(fields=["model_name", "object_key"], name="sb_sync_conflict_row"),
            models.Index(fields=["request_id"], name="sb_sync_conflict_request"),
        ]

    def __str__(self) -> str:
        """Return which row, and how it stands."""
        return f"{self.model_name} {self.object_key}: {self.status}"

    @property
    def is_settled(self) -> bool:
        """Tell whether nobody needs to look at it any more."""
        return self.status != self.Status.UNSETTLED

    @property
    def client_values(self) -> Any:
        """Return what the client wanted to stand in the row, without the envelope."""
        return {name: value for name, value in self.client.items() if not name.startswith("_")}
