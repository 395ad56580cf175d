"""Which models are in, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Type

from django.apps import AppConfig, apps
from django.contrib.auth import get_user_model
from django.db.models import Model
from simple_history.models import HistoricalChanges

from sb_sync import compat
from sb_sync.registry import registered_sync

__all__ = ["Decision", "discover", "find_hazard"]

# Apps whose tables are the machinery of a project, not its data: our own and those we depend on.
OWN_APPS = frozenset({"sb_sync", "rest_framework", "simple_history", "django_celery_beat", "django_celery_results"})


@dataclass(frozen=True)
class Decision:
    """Whether a model is in, with the reason as a sentence for people."""

    model: Type[Model]
    included: bool
    reason: str


def discover() -> List[Decision]:
    """Return a decision for every installed model, sorted by label."""
    return [_decide(model) for model in sorted(apps.get_models(), key=lambda model: model._meta.label)]


def _decide(model: Type[Model]) -> Decision:
    """Decide about one model."""
    unsafe = find_hazard(model)
    if unsafe:
        return Decision(model, False, unsafe)
    if registered_sync(model) is not None:
        return Decision(model, True, "registered in sync.py")
    if issubclass(model, get_user_model()):
        # One that inherits from it holds its columns too.
        return Decision(model, False, "a user model is in only where sync.py registers it")
    if _is_machinery(apps.get_app_config(model._meta.app_label)):
        return Decision(model, False, "belongs to Django, to sb_sync or to a package it depends on")
    return Decision(model, True, "a model of the project")


def find_hazard(model: Type[Model]) -> str:
    """Return why a model can never be synchronised or captured safely, or an empty string."""
    options = model._meta
    if options.proxy:
        return "a proxy has no table of its own"
    if options.swapped:
        return "swapped for another model"
    if not options.managed:
        return "not managed by Django, so its table may be no table"
    if compat.is_composite_key(model):
        return "has a composite primary key"
    if issubclass(model, HistoricalChanges):
        return "holds the history of another model"
    if options.app_label == "sb_sync":
        return "belongs to sb_sync itself"
    return ""


def _is_machinery(app: AppConfig) -> bool:
    """Tell whether an app is Django's own, ours, or one that we bring along."""
    return app.name.startswith("django.contrib.") or app.name in OWN_APPS
