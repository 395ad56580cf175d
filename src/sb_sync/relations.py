"""Relations that row filters and querysets follow from a model, and whose changes are captured.

Forward only: a row that is left by a backward relation no longer leads to those that depended on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, FrozenSet, Iterator, List, Optional, Sequence, Set, Tuple, Type

from django.apps import apps
from django.db import router
from django.db.models import ForeignKey, ManyToManyField, Model

from sb_sync import catalog
from sb_sync.catalog import SyncedModel
from sb_sync.config import setting
from sb_sync.discovery import find_hazard

__all__ = [
    "InvalidPath",
    "Relation",
    "captured_models",
    "captured_tables",
    "declared_relations",
    "find_capture_faults",
    "find_field",
    "follow",
    "tables_of",
    "tenant_lookup",
]


class InvalidPath(Exception):
    """A path that does not lead along forward relations through captured tables."""


@dataclass(frozen=True)
class Relation:
    """A way from a model to another: `lookup` is that of the ORM ("customer__region"), `model` stands at its end."""

    lookup: str
    model: Type[Model]


def follow(synced: SyncedModel, names: Sequence[str]) -> Tuple[Relation, ...]:
    """Return the relations that a path takes, the longest last.

    Raises `InvalidPath` where a name is no forward relation, or leads to a table that is not captured.
    """
    captured = captured_tables(synced.database)
    current: Type[Model] = synced.model
    found: List[Relation] = []
    for position, name in enumerate(names):
        field = find_field(current, name)
        if not isinstance(field, (ForeignKey, ManyToManyField)):
            raise InvalidPath(f"{current._meta.label}.{name} is not a relation.")
        if isinstance(field, ManyToManyField) and position > 0:
            raise InvalidPath(f"{name}: of many-to-many fields only the model's own can be followed.")
        target: Any = field.related_model
        current = target._meta.concrete_model
        if not tables_of(current) <= captured:
            raise InvalidPath(
                f"changes of {current._meta.label} are not captured: name it in SB_SYNC['CAPTURE'], then run"
                " manage.py sync_feed --action install."
            )
        found.append(Relation("__".join(names[: position + 1]), current))
    return tuple(found)


def find_field(model: Type[Model], name: str) -> Any:
    """Return a field of a model by its name, or that of its column; "pk" is the key.

    Raises `InvalidPath` where there is none, or one that leads backwards or anywhere.
    """
    options = model._meta
    if name == "pk":
        return options.pk
    for field in (*options.concrete_fields, *options.many_to_many):
        if name in (field.name, getattr(field, "attname", None)):
            return field
    if any(name == field.name for field in options.private_fields):
        raise InvalidPath(f"{options.label}.{name} is a generic relation, which cannot be followed.")
    if name in options.fields_map:
        raise InvalidPath(f"{name} leads backwards from {options.label}; only forward relations can be followed.")
    raise InvalidPath(f"{options.label} has no field {name[:60]!r}.")


def declared_relations(synced: SyncedModel) -> Tuple[Relation, ...]:
    """Return the relations that a model's `get_queryset` depends on, as its `ModelSync` declares.

    A path may end at a field: the relations before it count. Raises `InvalidPath`.
    """
    found: List[Relation] = []
    for path in synced.sync.depends_on:
        names = path.split("__")
        is_field = not isinstance(_find_last(synced.model, names), (ForeignKey, ManyToManyField))
        found.extend(follow(synced, names[:-1] if is_field else names))
    return tuple(dict.fromkeys(found))


def _find_last(model: Type[Model], names: Sequence[str]) -> Any:
    """Return the field at the end of a path."""
    field: Any = None
    for position, name in enumerate(names):
        field = find_field(model, name)
        if position < len(names) - 1:
            if not isinstance(field, (ForeignKey, ManyToManyField)):
                raise InvalidPath(f"{model._meta.label}.{name} is not a relation.")
            target: Any = field.related_model
            model = target
    return field


def tables_of(model: Type[Model]) -> Set[str]:
    """Return the tables in which rows of a model stand: its own, and those of its parents by inheritance."""
    return {found._meta.db_table for found in (model, *model._meta.get_parent_list())}


def tenant_lookup(model: Type[Model]) -> Optional[str]:
    """Return the lookup of the organization in whose name changes of a captured model are logged, None for all."""
    synced = catalog.find(model._meta.label)
    if synced is not None:
        return None if synced.tenant is None else synced.tenant.lookup
    for other in catalog.synced_models().values():
        rest = _rest_of_path(other, model)
        if rest is not None:
            return rest
    return None


def _rest_of_path(synced: SyncedModel, model: Type[Model]) -> Optional[str]:
    """Return the part of a model's way to its organization that begins at another model."""
    if synced.tenant is None:
        return None
    names = synced.tenant.lookup.split("__")
    current: Type[Model] = synced.model
    for position, name in enumerate(names[:-1]):
        target: Any = find_field(current, name).related_model
        current = target._meta.concrete_model
        if current is model:
            return "__".join(names[position + 1 :])
    return None


def captured_models(using: str) -> Tuple[Type[Model], ...]:
    """Return the models of a database that `SB_SYNC["CAPTURE"]` names rightly."""
    found = [model for model, fault in _read_setting() if model is not None and not fault]
    return tuple(dict.fromkeys(model for model in found if router.db_for_write(model) == using))


def find_capture_faults() -> List[str]:
    """Return what is wrong with the labels that `SB_SYNC["CAPTURE"]` names."""
    return [fault for _, fault in _read_setting() if fault]


def _read_setting() -> Iterator[Tuple[Optional[Type[Model]], str]]:
    """Yield each model that is named, with what is wrong with it."""
    for label in setting("CAPTURE"):
        try:
            model = apps.get_model(label)
        except (AttributeError, LookupError, ValueError):
            yield None, f"{label!r} is the label of no model."
            continue
        fault = find_hazard(model)
        yield model, f"{label} cannot be captured: {fault}." if fault else ""


def captured_tables(using: str) -> FrozenSet[str]:
    """Return the tables of a database whose changes are logged by the keys of their rows."""
    return _collect_tables(using, tuple(catalog.synced_models().values()), captured_models(using))


@lru_cache(maxsize=8)
def _collect_tables(using: str, models: Tuple[SyncedModel, ...], others: Tuple[Type[Model], ...]) -> FrozenSet[str]:
    """Find the tables once for each state of the catalog."""
    found: Set[str] = set()
    for synced in models:
        if synced.database == using:
            found |= tables_of(synced.model)
            found |= {hop.to_table for hop in synced.tenant.hops} if synced.tenant else set()
    for model in others:
        found |= tables_of(model)
    return frozenset(found)
