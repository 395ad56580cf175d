"""Which group may push and pull which model in which organization, and which rows of it."""

from __future__ import annotations

from typing import Any, Callable, Iterable, List, Optional

from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from sb_sync.models.history import AuditedModel, SyncHistory

__all__ = ["DataFilter", "ModelPermission", "check_conditions_by"]

#: Tells what is wrong with a condition on the model of a label, an empty string where nothing is.
FaultFinder = Callable[[str, Any], str]

_finders: List[FaultFinder] = []


def check_conditions_by(finder: FaultFinder) -> None:
    """Let conditions be checked before they are saved: what they mean is known to rooms above this one."""
    _finders[:] = [finder]


def _check_condition(label: str, condition: Any, field_name: str) -> None:
    """Raise `ValidationError` where a condition cannot be a filter of its model."""
    for find_fault in _finders:
        fault = find_fault(label, condition)
        if fault:
            raise ValidationError({field_name: fault})


def _is_written(names: Optional[Iterable[str]], *wanted: str) -> bool:
    """Tell whether a save writes any of these fields; it writes all where none are named."""
    return names is None or bool(set(names) & set(wanted))


class ModelPermission(AuditedModel):
    """The rights of one group on one model in one organization. No row means no access."""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="sync_permissions", verbose_name=_("organization")
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="sync_permissions")
    model_name = models.CharField(_("model"), max_length=200, help_text=_("Label, such as myapp.Customer"))
    can_push = models.BooleanField(_("may push"), default=False)
    can_pull = models.BooleanField(_("may pull"), default=False)
    filters = models.JSONField(
        _("row filter"),
        null=True,
        blank=True,
        help_text=_('A condition such as {"field": "department", "operator": "exact", "value": "SALES"}'),
    )
    history = SyncHistory()

    class Meta:
        verbose_name = _("model permission")
        verbose_name_plural = _("model permissions")
        ordering = ["site", "group", "model_name"]
        constraints = [models.UniqueConstraint(fields=["site", "group", "model_name"], name="sb_sync_one_permission")]

    def __str__(self) -> str:
        """Return whose right on what."""
        return f"{self.model_name}: {self.group} @ {self.site}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; raises `ValidationError` for a row filter that does not fit the model."""
        if _is_written(kwargs.get("update_fields"), "filters", "model_name"):
            self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Check the row filter against the model. An object without keys is none, like null."""
        super().clean()
        if self.filters not in (None, {}):
            _check_condition(self.model_name, self.filters, "filters")


class DataFilter(AuditedModel):
    """A condition on the rows of one model for one group in one organization. Several are joined by AND."""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="sync_filters", verbose_name=_("organization")
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="sync_filters")
    model_name = models.CharField(_("model"), max_length=200, help_text=_("Label, such as myapp.Customer"))
    filter_name = models.CharField(_("name"), max_length=100)
    filter_condition = models.JSONField(_("condition"))
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    history = SyncHistory()

    class Meta:
        verbose_name = _("row filter")
        verbose_name_plural = _("row filters")
        ordering = ["site", "group", "model_name", "filter_name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "group", "model_name", "filter_name"], name="sb_sync_one_filter")
        ]

    def __str__(self) -> str:
        """Return what narrows what for whom."""
        return f"{self.filter_name}: {self.model_name}, {self.group} @ {self.site}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; raises `ValidationError` for a condition that does not fit the model."""
        if _is_written(kwargs.get("update_fields"), "filter_condition", "model_name"):
            self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Check the condition against the model."""
        super().clean()
        _check_condition(self.model_name, self.filter_condition, "filter_condition")
