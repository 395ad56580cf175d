"""Whether the rows of a model are written set by set or one by one, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List, Sequence, Tuple, Type

from django.db import connections, models
from django.db.models import Model, signals
from simple_history.models import HistoricalRecords

from sb_sync import compat
from sb_sync.catalog import AUTOMATIC, SyncedModel

__all__ = ["Route", "find_route", "project_checks"]

# What a project may override to check a row before it is saved, in the order in which it is called.
CHECKS = ("clean_fields", "clean", "validate_unique", "validate_constraints")
SAVING = ("save", "save_base", "full_clean")
SAVE_SIGNALS = ("pre_init", "post_init", "pre_save", "post_save")


@dataclass(frozen=True)
class Route:
    """How the rows of a model are written; `reasons` are sentences for people, none where all goes set by set."""

    saves_one_by_one: bool
    deletes_one_by_one: bool
    keeps_history: bool
    reasons: Tuple[str, ...]


def find_route(synced: SyncedModel) -> Route:
    """Return how the rows of a model are written. Asked anew for each push: receivers come and go."""
    saving = [*_find_own_saving(synced.model), *_find_listeners(synced.model), *_find_hindrances(synced)]
    deleting = ["has a delete() of its own"] if _overrides(synced.model, "delete") else []
    return Route(
        saves_one_by_one=bool(saving),
        deletes_one_by_one=bool(deleting),
        keeps_history=hasattr(synced.model._meta, "simple_history_manager_attribute"),
        reasons=(*saving, *deleting),
    )


def project_checks(model: Type[Model]) -> Tuple[str, ...]:
    """Return the names of the checks that a model overrides, in the order in which Django calls them."""
    return tuple(name for name in CHECKS if _overrides(model, name))


def _find_own_saving(model: Type[Model]) -> Iterator[str]:
    """Yield what the model does itself when a row is saved."""
    for name in (*SAVING, *CHECKS):
        if _overrides(model, name):
            yield f"has a {name}() of its own"
    known = set(dir(Model))
    for name in sorted(dir(model)):
        if name.startswith("validate_") and name not in known and callable(getattr(model, name, None)):
            yield f"has a {name}() of its own"


def _find_listeners(model: Type[Model]) -> Iterator[str]:
    """Yield what listens when a row is saved; history is written by ourselves."""
    for name in SAVE_SIGNALS:
        if _project_receivers(getattr(signals, name), model):
            yield f"something listens to its {name} signal"
    for field in model._meta.many_to_many:
        through: Any = field.remote_field.through
        if compat.live_receivers(signals.m2m_changed, through):
            yield f"something listens to the m2m_changed signal of {field.name}"


def _project_receivers(signal: Any, model: Type[Model]) -> List[Any]:
    """Return the receivers of a signal but those of simple-history and of fields."""
    return [
        receiver
        for receiver in compat.live_receivers(signal, model)
        # Django's own image fields read the size of a file when an instance is made.
        if not isinstance(getattr(receiver, "__self__", None), (HistoricalRecords, models.Field))
    ]


def _find_hindrances(synced: SyncedModel) -> Iterator[str]:
    """Yield what only an instance can do."""
    model = synced.model
    if model._meta.parents:
        yield "its rows stand in several tables"
    if synced.key_kind == AUTOMATIC and not connections[synced.database].features.can_return_rows_from_bulk_insert:
        yield "the database does not tell the keys of rows that it made together"
    columns: Sequence[Any] = model._meta.concrete_fields
    for field in columns:
        if _has_own_pre_save(field):
            yield f"{field.name} has a pre_save() of its own"
        if any((field.unique_for_date, field.unique_for_month, field.unique_for_year)):
            yield f"{field.name} is unique for a period"
    for field in model._meta.many_to_many:
        if field.remote_field.symmetrical:
            yield f"{field.name} is kept on both sides"


def _has_own_pre_save(field: Any) -> bool:
    """Tell whether a field computes what is saved, other than Django's own fields do."""
    known = (models.Field, models.DateField, models.DateTimeField, models.TimeField, models.FileField)
    return type(field).pre_save not in [each.pre_save for each in known] and not isinstance(field, models.ForeignKey)


def _overrides(model: Type[Model], name: str) -> bool:
    """Tell whether a model has a method of its own in place of Django's."""
    return getattr(model, name, None) is not getattr(Model, name, None)
