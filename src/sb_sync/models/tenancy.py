"""Organizations and their members."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

from sb_sync.models.history import AuditedModel, SyncHistory

__all__ = ["Organization", "UserOrganization", "UserSite"]


class Organization(AuditedModel, Site):
    """A tenant: a Site with a profile.

    `name` is the Site's own (at most 50 characters). `slug` is also kept as the Site's `domain`.
    """

    site = models.OneToOneField(
        Site, on_delete=models.CASCADE, parent_link=True, primary_key=True, related_name="organization"
    )
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    # The Site's manager caches by host name, which is not how organizations are found.
    objects = models.Manager()  # type: ignore[misc,assignment]  # another manager than the parent's
    history = SyncHistory()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["slug"]
        # What the staff pages ask for. They stand here because every page is about organizations.
        permissions = [
            ("view_staff_pages", _("Can see the staff pages")),
            ("change_permission_matrix", _("Can change the permission matrix and row filters")),
            ("change_sync_settings", _("Can change model discovery and settings")),
            ("export_staff_pages", _("Can export what the staff pages show")),
            ("view_audit_trails", _("Can see the audit trails")),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the Site's domain equal to the slug."""
        self.domain = self.slug
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "domain"}
        super().save(*args, **kwargs)
        Site.objects.clear_cache()


class UserSite(AuditedModel):
    """A user's membership of an organization, with the group that is the role there."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sync_memberships")
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="sync_memberships", verbose_name=_("organization")
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="sync_memberships")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    history = SyncHistory()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "site"], name="sb_sync_one_membership")]

    def __str__(self) -> str:
        """Return who, where and as what."""
        return f"{self.user} @ {self.site} ({self.group})"


UserOrganization = UserSite
