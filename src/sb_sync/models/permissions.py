"""Which group may push and pull which model in which organization."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["ModelPermission"]


class ModelPermission(models.Model):
    """The rights of one group on one model in one organization. No row means no access."""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="sync_permissions", verbose_name=_("organization")
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="sync_permissions")
    model_name = models.CharField(_("model"), max_length=200, help_text=_("Label, such as myapp.Customer"))
    can_push = models.BooleanField(_("may push"), default=False)
    can_pull = models.BooleanField(_("may pull"), default=False)

    class Meta:
        verbose_name = _("model permission")
        verbose_name_plural = _("model permissions")
        ordering = ["site", "group", "model_name"]
        constraints = [models.UniqueConstraint(fields=["site", "group", "model_name"], name="sb_sync_one_permission")]

    def __str__(self) -> str:
        """Return whose right on what."""
        return f"{self.model_name}: {self.group} @ {self.site}"
