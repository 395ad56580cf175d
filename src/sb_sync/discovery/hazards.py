"""What no setting lets in, and what only an unsafe one does."""

from __future__ import annotations

from typing import Any, Type

from django.db.models import BinaryField, FloatField, JSONField, Model
from django.utils.translation import gettext_noop as _
from simple_history.models import HistoricalChanges

from sb_sync import compat
from sb_sync.sentence import Sentence

__all__ = ["find_barrier", "find_hazard", "find_key_fault", "find_risk", "is_historical"]

COMPOSITE_KEY = Sentence(_("has a composite primary key"))
UNSTABLE_KEY = Sentence(_("has no stable key"))
# Two machines, or two databases, write one value of these in several ways.
UNSTABLE = (BinaryField, FloatField, JSONField)


def find_hazard(model: Type[Model]) -> str:
    """Return why changes of a model can never be captured safely, or an empty string."""
    if model._meta.proxy:
        return Sentence(_("a proxy has no table of its own"))
    barrier = find_barrier(model) or find_key_fault(model) or find_risk(model)
    if not barrier and is_historical(model):
        return Sentence(_("holds the history of another model"))
    return barrier


def find_barrier(model: Type[Model]) -> str:
    """Return why a model can never be synchronised, or an empty string."""
    options = model._meta
    if options.abstract:
        return Sentence(_("abstract: it has no table, and stands for the models that are made of it"))
    if options.swapped:
        return Sentence(_("swapped for another model"))
    if options.app_label == "sb_sync":
        return Sentence(_("belongs to sb_sync itself"))
    return ""


def find_risk(model: Type[Model]) -> str:
    """Return why a model cannot be synchronised safely, or an empty string."""
    return "" if model._meta.managed else Sentence(_("not managed by Django, so its table may be no table"))


def find_key_fault(model: Type[Model]) -> str:
    """Return why rows of a model cannot be followed by their key, or an empty string."""
    if compat.is_composite_key(model):
        return COMPOSITE_KEY
    key: Any = model._meta.pk
    while key is not None and key.remote_field is not None:
        key = key.target_field
    return UNSTABLE_KEY if isinstance(key, UNSTABLE) or compat.is_generated(key) else ""


def is_historical(model: Type[Model]) -> bool:
    """Tell whether a model holds the history of another one."""
    return issubclass(model, HistoricalChanges)
