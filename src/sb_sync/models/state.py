"""What the server remembers of its clients."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sb_sync.models.documents import DocumentField
from sb_sync.models.texts import NameField
from sb_sync.protocol import MAX_CLIENT_ID_LENGTH

__all__ = ["ClientRecord", "FieldList", "StoredAnswer", "SyncMetadata", "TokenFamily", "UserSyncMetadata"]


class TokenFamily(models.Model):
    """One log-in: the tokens that descend from it live and end together.

    `refresh_jti` names the one refresh token that is good; an older one that comes back ends the family.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sync_token_families")
    refresh_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("log-in")
        verbose_name_plural = _("log-ins")

    def __str__(self) -> str:
        """Return whose log-in it is."""
        return f"{self.user}, {self.created_at}"


class ClientRecord(models.Model):
    """Which row a `_client_id` of a user became. Never expires: a late retry must find its row."""

    # It stands beside the rows, which may be in another database than users and organizations.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization"), db_constraint=False
    )
    model_name = models.CharField(_("model"), max_length=200)
    client_id = NameField(max_length=MAX_CLIENT_ID_LENGTH)
    object_key = NameField(_("key"), max_length=255)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("client record")
        verbose_name_plural = _("client records")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "site", "model_name", "client_id"], name="sb_sync_one_client_record"
            )
        ]
        indexes = [models.Index(fields=["user", "site", "model_name", "object_key"], name="sb_sync_client_record_key")]

    def __str__(self) -> str:
        """Return what became what."""
        return f"{self.model_name} {self.client_id} = {self.object_key}"


class FieldList(models.Model):
    """The fields that versions with a tag were made of, so that one from before a deployment can be compared."""

    tag = models.CharField(max_length=16, primary_key=True)
    model_name = models.CharField(_("model"), max_length=200)
    fields = models.JSONField(_("fields"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("list of fields")
        verbose_name_plural = _("lists of fields")

    def __str__(self) -> str:
        """Return whose fields, and their tag."""
        return f"{self.model_name} {self.tag}"


class StoredAnswer(models.Model):
    """The first answer to an Idempotency-Key, written with the rows of its push.

    `name` is a digest of path and key, `body_digest` one of the body, so that the same key for another one is seen.
    `rules` holds by label the rules under which rows were shown in it. A `status` of 0 stands only while its push runs.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization"))
    name = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    path = models.CharField(max_length=255)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    answer = DocumentField(_("answer"), null=True, blank=True)
    rules = DocumentField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = [models.UniqueConstraint(fields=["user", "site", "name"], name="sb_sync_one_answer")]

    def __str__(self) -> str:
        """Return what was answered."""
        return f"{self.path}: {self.status}"


class SyncMetadata(models.Model):
    """When a model was last synchronised by anybody, and how many records so far."""

    model_name = models.CharField(_("model"), max_length=200, unique=True)
    last_sync = models.DateTimeField(_("last sync"), null=True, blank=True)
    total_synced = models.BigIntegerField(_("records"), default=0)

    class Meta:
        verbose_name = _("sync state of a model")
        verbose_name_plural = _("sync state of models")
        ordering = ["model_name"]

    def __str__(self) -> str:
        """Return the model's label."""
        return self.model_name


class UserSyncMetadata(models.Model):
    """When a user last pulled a model in an organization, and by which rules its rows were chosen.

    `fingerprint` stands for those rules; times before `fingerprint_since` no longer serve as a place to go on from.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization"))
    model_name = models.CharField(_("model"), max_length=200)
    last_sync = models.DateTimeField(_("last sync"), null=True, blank=True)
    total_synced = models.BigIntegerField(_("records"), default=0)
    fingerprint = models.CharField(max_length=64, blank=True)
    fingerprint_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sync state of a user")
        verbose_name_plural = _("sync state of users")
        constraints = [models.UniqueConstraint(fields=["user", "site", "model_name"], name="sb_sync_one_user_state")]

    def __str__(self) -> str:
        """Return who and what."""
        return f"{self.user}: {self.model_name}"
