"""What a record calls its own row, and which rows it refers to, as far as the body itself tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Type

from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import Model

from sb_sync import catalog
from sb_sync.catalog import SyncedModel
from sb_sync.models import ClientRecord, SyncJob
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import CLIENT_ID, DELETED, MODEL
from sb_sync.push.parse import read_client_reference
from sb_sync.push.uniques import rules_of
from sb_sync.wire import WireField, schema_of

__all__ = ["Name", "Uses", "find_model", "find_present", "find_referring", "find_uses"]


class Name(NamedTuple):
    """What a row is called: by its key or, `is_given`, by a `_client_id`. `model` is the topmost by inheritance."""

    model: Type[Model]
    value: Any
    is_given: bool = False


@dataclass(frozen=True)
class Uses:
    """The names of a record: its own, those that it refers to, and the model whose row it deletes.

    `bounded` is the model of what it writes where that has values that may stand in one row only.
    """

    own: Tuple[Name, ...] = ()
    others: Tuple[Name, ...] = ()
    deleted: Optional[Type[Model]] = None
    bounded: Optional[Type[Model]] = None


@dataclass
class _Reading:
    own: List[Name] = field(default_factory=list)
    others: List[Name] = field(default_factory=list)


def find_model(item: Any) -> Optional[SyncedModel]:
    """Return the synchronised model that a record names, None where it names none."""
    label = item.get(MODEL) if isinstance(item, dict) else None
    return catalog.find_on_wire(label) if isinstance(label, str) else None


def find_uses(item: Any) -> Uses:
    """Return the names in one record; what is wrong with it is told when it is applied."""
    synced = find_model(item)
    if synced is None:
        return Uses()
    schema = schema_of(synced)
    found = _Reading()
    client_id = item.get(CLIENT_ID)
    if isinstance(client_id, str):
        found.own.append(Name(find_root(synced.model), client_id, is_given=True))
    for name, value in item.items():
        wire_field = schema.by_name.get(name)
        if wire_field is None or wire_field is schema.organization:
            continue
        if wire_field is schema.key:
            found.own.extend(_name_row(synced.model, wire_field, value))
        if wire_field.references is not None:
            for each in value if wire_field.is_list and isinstance(value, list) else [value]:
                found.others.extend(_name_row(wire_field.references, wire_field, each))
    if item.get(DELETED) is True:
        return Uses(tuple(found.own), tuple(found.others), deleted=find_root(synced.model))
    bounded = find_root(synced.model) if rules_of(synced.model) else None
    return Uses(tuple(found.own), tuple(found.others), bounded=bounded)


def find_present(names: Iterable[Name], job: SyncJob, databases: Sequence[str]) -> Set[Name]:
    """Return those of the names whose rows are there, as far as the user of a job can mean them."""
    given: List[str] = []
    keys: Dict[Type[Model], List[Any]] = {}
    for name in names:
        if name.is_given:
            given.append(name.value)
        else:
            keys.setdefault(name.model, []).append(name.value)
    found: Set[Name] = set()
    for using in databases:
        known = ClientRecord._base_manager.using(using).filter(user_id=job.user_id, site_id=job.site_id)
        for chunk in split(given, using):
            for label, client_id in known.filter(client_id__in=chunk).values_list("model_name", "client_id"):
                synced = catalog.find(label)
                if synced is not None:
                    found.add(Name(find_root(synced.model), client_id, is_given=True))
    for model, own in keys.items():
        using = router.db_for_write(model)
        for chunk in split(own, using):
            rows = model._base_manager.using(using).filter(pk__in=chunk)
            found.update(Name(model, key) for key in rows.values_list("pk", flat=True))
    return found


@lru_cache(maxsize=None)
def find_referring(model: Type[Model]) -> FrozenSet[Type[Model]]:
    """Return the models whose rows may keep a row of a model from being deleted, however far away, but itself."""
    found: Dict[Type[Model], None] = {}
    waiting: List[Type[Model]] = [model]
    while waiting:
        for relation in waiting.pop()._meta.related_objects:
            referring = find_root(relation.related_model)
            if referring not in found and not relation.many_to_many:
                found[referring] = None
                waiting.append(referring)
    return frozenset(found) - {model}


@lru_cache(maxsize=None)
def find_root(model: Type[Model]) -> Type[Model]:
    """Return the topmost model by inheritance: rows of a parent and of its child have one key."""
    parents: Sequence[Any] = model._meta.get_parent_list()
    tops: List[Any] = [parent for parent in parents if not parent._meta.parents]
    return tops[0] if tops else model


def _name_row(model: Type[Model], wire_field: WireField, value: Any) -> Iterator[Name]:
    """Yield the name of the row that a value stands for, if it is one."""
    reference = read_client_reference(value)
    if reference is not None:
        yield Name(find_root(model), reference.client_id, is_given=True)
        return
    try:
        key = wire_field.decode_key(value)
    except (ValidationError, ValueError, TypeError, OverflowError, ArithmeticError):
        return
    if key is not None:
        yield Name(find_root(model), key)
