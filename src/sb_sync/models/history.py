"""Histories whose tables are the same in every project, and the tables that have one."""

from __future__ import annotations

from typing import Any, Dict, List, Type

from django.apps import apps
from django.db import models, router, transaction
from simple_history.models import HistoricalRecords

from sb_sync.attribution import MAX_NAME_LENGTH

__all__ = ["AuditedModel", "SyncHistory", "audited_models", "history_of"]


class SyncHistory(HistoricalRecords):  # type: ignore[misc]  # simple-history is untyped
    """The history of a table of ours.

    Settings of simple-history change the columns and indexes of such tables; ours are fixed, or a project with such a
    setting would have to keep migrations for this package.
    """

    _date_indexing = True

    def __init__(self, **options: Any) -> None:
        """Fix key and reason: a reason is a text of any length."""
        options.setdefault("history_id_field", models.BigAutoField())
        options.setdefault("history_change_reason_field", models.TextField(null=True))
        super().__init__(**options)

    def create_history_model(self, model: Any, inherited: bool) -> Any:
        """Name the module in which the model is put; simple-history names the app."""
        history = super().create_history_model(model, inherited)
        history.__module__ = self.module
        return history

    def get_extra_fields(self, model: Any, fields: Any) -> Dict[str, Any]:
        """Add the name of the user, which stays when the user is deleted; name a row without looking for others."""
        own = {
            "history_username": models.CharField(max_length=MAX_NAME_LENGTH, blank=True, default="", db_index=True),
            "__str__": _name_entry,
        }
        return {**super().get_extra_fields(model, fields), **own}


def _name_entry(entry: Any) -> str:
    """Return which row it was, and when: what the row pointed at may be gone."""
    options = entry.instance_type._meta
    return f"{options.verbose_name} {getattr(entry, options.pk.attname)}, {entry.history_date:%Y-%m-%d %H:%M:%S}"


class AuditedModel(models.Model):
    """A table whose rows are committed together with their history, or not at all."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save in a transaction: Django announces a saved row, of which its history learns, after its own."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            super().save(*args, **kwargs)


def audited_models() -> List[Type[models.Model]]:
    """Return every table of ours that has a history."""
    own = apps.get_app_config("sb_sync").get_models()
    return [model for model in own if hasattr(model._meta, "simple_history_manager_attribute")]


def history_of(model: Type[models.Model]) -> Any:
    """Return the model of a table's history."""
    return getattr(model, getattr(model._meta, "simple_history_manager_attribute")).model  # noqa: B009 - unknown to Django
