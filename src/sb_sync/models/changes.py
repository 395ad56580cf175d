"""The feed: the log that triggers write, the checkpoints that cursors name, and what authenticates cursors."""

from __future__ import annotations

from typing import Any, Optional

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["EVERYONE", "NOBODY", "SHARED", "UNRESOLVED", "Change", "Checkpoint", "FeedIdentity"]

# Values of `Change.site` that are no organization's key. Keys of organizations are positive.
#: Rows of a shared model.
SHARED = 0
#: Rows whose key to the organization is NULL.
NOBODY = -1
#: Rows whose parents were not there yet when they were written; no reader reads them.
UNRESOLVED = -2
#: Entries that concern every organization: a table was emptied or written while not captured.
EVERYONE = -3


class TransactionIdField(models.BigIntegerField):  # type: ignore[type-arg]  # not generic at run time
    """The transaction that wrote an entry; its own type on PostgreSQL, a number elsewhere."""

    def db_type(self, connection: Any) -> Optional[str]:
        """Return the column type."""
        return "xid8" if connection.vendor == "postgresql" else super().db_type(connection)


class KeyListField(models.TextField):  # type: ignore[type-arg]  # not generic at run time
    """The keys of one entry: an array on PostgreSQL, one key as text elsewhere."""

    def db_type(self, connection: Any) -> Optional[str]:
        """Return the column type."""
        return "text[]" if connection.vendor == "postgresql" else super().db_type(connection)


class Change(models.Model):
    """One entry of the log: keys of one table, of one organization, written by one statement.

    Written by triggers and read by SQL of the feed's backends only; never through this model.
    """

    class Kind(models.TextChoices):
        """What the statement did; a reset says that the table changed in ways the log does not hold."""

        INSERT = "I", _("insert")
        UPDATE = "U", _("update")
        DELETE = "D", _("delete")
        RESET = "R", _("reset")

    id = models.BigAutoField(primary_key=True)
    txid = TransactionIdField()
    table_name = models.CharField(max_length=128)
    site = models.BigIntegerField()
    kind = models.CharField(max_length=1, choices=Kind.choices)
    changed_at = models.DateTimeField()
    pks = KeyListField()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["table_name", "site", "txid", "id"], name="sb_sync_change_read")]

    def __str__(self) -> str:
        """Return what changed where."""
        return f"{self.kind} {self.table_name}"


class Checkpoint(models.Model):
    """A snapshot that cursors name. One that is gone, or whose nonce is another, makes its cursors begin again."""

    id = models.BigAutoField(primary_key=True)
    nonce = models.CharField(max_length=32)
    taken_at = models.DateTimeField(db_index=True)
    snapshot = models.TextField()

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        """Return when it was taken."""
        return str(self.taken_at)


class FeedIdentity(models.Model):
    """What this database's feed is known by: one row.

    `secret` authenticates cursors and is kept here, not derived from SECRET_KEY, which may rotate; `key_id` tells a
    cursor of another database from a forged one. `system` is the cluster's own name, so that a dump restored into
    another cluster, where transaction numbers mean nothing, is noticed.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    key_id = models.CharField(max_length=16)
    secret = models.CharField(max_length=64)
    system = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("identity of the feed")
        verbose_name_plural = _("identity of the feed")

    def __str__(self) -> str:
        """Return the key's name."""
        return self.key_id
