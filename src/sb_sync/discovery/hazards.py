"""What no setting lets in, and what only an unsafe one does."""

from __future__ import annotations

from typing import Any, Type

from django.db.models import FloatField, Model
from simple_history.models import HistoricalChanges

from sb_sync import compat

__all__ = ["find_barrier", "find_hazard", "find_risk", "is_historical"]


def find_hazard(model: Type[Model]) -> str:
    """Return why changes of a model can never be captured safely, or an empty string."""
    if model._meta.proxy:
        return "a proxy has no table of its own"
    barrier = find_barrier(model) or find_risk(model)
    if not barrier and is_historical(model):
        return "holds the history of another model"
    return barrier


def find_barrier(model: Type[Model]) -> str:
    """Return why a model can never be synchronised, or an empty string."""
    options = model._meta
    if options.abstract:
        return "abstract: it has no table, and stands for the models that are made of it"
    if options.swapped:
        return "swapped for another model"
    if compat.is_composite_key(model):
        return "has a composite primary key"
    if options.app_label == "sb_sync":
        return "belongs to sb_sync itself"
    return ""


def find_risk(model: Type[Model]) -> str:
    """Return why a model cannot be synchronised safely, or an empty string."""
    key: Any = model._meta.pk
    if not model._meta.managed:
        return "not managed by Django, so its table may be no table"
    if isinstance(key, FloatField) or compat.is_generated(key):
        return "has no stable key"
    return ""


def is_historical(model: Type[Model]) -> bool:
    """Tell whether a model holds the history of another one."""
    return issubclass(model, HistoricalChanges)
