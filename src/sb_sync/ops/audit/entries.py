"""What an entry tells: which row it was, and each field before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, Type

from django.db import router
from django.db.models import CharField, ForeignKey, IntegerField, JSONField, Model, UniqueConstraint, Value
from django.db.models.functions import Cast

from sb_sync.models.history import history_of
from sb_sync.ops.audit.differences import PathChange, compare_json
from sb_sync.ops.audit.filters import TYPES
from sb_sync.ops.masking import mask_value
from sb_sync.optimizations.merging import read_merged

__all__ = ["AuditEntry", "FieldChange", "Found", "describe"]

CREATED, CHANGED, DELETED = "created", "changed", "deleted"
KINDS = {written: kind for kind, written in TYPES.items()}
SEPARATOR = "|"

#: A model with a key of it, as text.
Target = Tuple[Type[Model], str]


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, as JSON writes values; what it points at is told by its name.

    `parts` are the differences of JSON that stood before and stands after, by path.
    """

    name: str
    label: str
    old: Any
    new: Any
    parts: Tuple[PathChange, ...] = ()


@dataclass(frozen=True)
class AuditEntry:
    """One create, update or delete. Without `is_complete` nobody knows what stood before: `old` is None throughout."""

    position: str
    moment: datetime
    kind: str
    model: str
    model_name: str
    object_key: str
    object_name: str
    username: str
    reason: str
    changes: Tuple[FieldChange, ...]
    is_complete: bool = True


@dataclass(frozen=True)
class Found:
    """A row of a history, with the row of the same object before it."""

    model: Type[Model]
    row: Any
    before: Any = None


def describe(found: Sequence[Found], sites: Optional[Sequence[int]] = None) -> Tuple[AuditEntry, ...]:
    """Say what each entry changed, to somebody who sees these organizations; None for all.

    What stood in a row while it was another organization's is not told.
    """
    shown = [
        Found(each.model, each.row)
        if sites is not None and each.before is not None and each.before.site_id not in sites
        else each
        for each in found
    ]
    names = _Names(shown)
    return tuple(_describe(each, names) for each in shown)


def _describe(found: Found, names: _Names) -> AuditEntry:
    row, options = found.row, found.model._meta
    kind = KINDS[row.history_type]
    old = {CREATED: None, CHANGED: found.before, DELETED: row}[kind]
    return AuditEntry(
        position=SEPARATOR.join([row.history_date.isoformat(), options.label, str(row.history_id)]),
        moment=row.history_date,
        kind=kind,
        model=options.label,
        model_name=str(options.verbose_name),
        object_key=str(getattr(row, options.pk.attname)),
        object_name=" · ".join(str(names.read(field, row)) for field in _naming_fields(found.model)),
        username=row.history_username,
        reason=row.history_change_reason or "",
        changes=tuple(_compare(found.model, old, None if kind == DELETED else row, names)),
        is_complete=kind != CHANGED or old is not None,
    )


def _compare(model: Type[Model], old: Any, new: Any, names: _Names) -> Iterator[FieldChange]:
    """Yield the fields that differ; of what is new or gone all that have a value."""
    for field in _told_fields(model):
        before = None if old is None else getattr(old, field.attname)
        after = None if new is None else getattr(new, field.attname)
        if before != after:
            old_told, new_told = (
                None if row is None else mask_value(field.name, names.read(field, row)) for row in (old, new)
            )
            parts = _compare_parts(field, before, after)
            yield FieldChange(field.name, str(field.verbose_name), old_told, new_told, parts)


def _compare_parts(field: Any, before: Any, after: Any) -> Tuple[PathChange, ...]:
    """Return the differences of JSON that is made of parts, before and after."""
    is_made_of_parts = all(isinstance(value, (dict, list)) for value in (before, after))
    return compare_json(field.name, before, after) if isinstance(field, JSONField) and is_made_of_parts else ()


def _told_fields(model: Type[Model]) -> List[Any]:
    """Return the fields whose changes say something: neither keys, nor when a row was last saved."""
    fields: Sequence[Any] = history_of(model).tracked_fields
    return [field for field in fields if not field.primary_key and not getattr(field, "auto_now", False)]


def _naming_fields(model: Type[Model]) -> List[Any]:
    """Return the fields that tell a row from others for people: those that are unique together, or alone."""
    options = model._meta
    together = next((each.fields for each in options.constraints if isinstance(each, UniqueConstraint)), None)
    if together:
        return [options.get_field(name) for name in together]
    return [field for field in options.local_fields if field.unique and not field.primary_key]


class _Names:
    """What rows point at, by its name: all of it by one statement."""

    def __init__(self, found: Sequence[Found]) -> None:
        wanted: Dict[Type[Model], Set[Any]] = {}
        for each in found:
            for field in _told_fields(each.model):
                if isinstance(field, ForeignKey):
                    keys = {getattr(row, field.attname) for row in (each.row, each.before) if row is not None}
                    wanted.setdefault(field.related_model, set()).update(keys - {None})
        self._names = _read_names({model: keys for model, keys in wanted.items() if keys})

    def read(self, field: Any, row: Any) -> Any:
        """Return the value of a field as JSON writes it; the key of what is gone."""
        value = getattr(row, field.attname)
        if isinstance(field, ForeignKey):
            return value if value is None else self._names.get((field.related_model, _spell(value)), f"#{value}")
        return value.isoformat() if isinstance(value, date) else value


def _read_names(wanted: Mapping[Type[Model], Set[Any]]) -> Dict[Target, str]:
    """Look up names by keys, of several models at once."""
    models = list(wanted)
    sources = [
        model._base_manager.using(router.db_for_read(model))
        .filter(pk__in=wanted[model])
        .annotate(number=Value(number, output_field=IntegerField()), key=Cast("pk", CharField(max_length=255)))
        .order_by("pk")
        .values_list(getattr(model, "USERNAME_FIELD", "name"), "number", "key")
        for number, model in enumerate(models)
    ]
    rows = read_merged(sources, sum(map(len, wanted.values())), order=(2,))
    return {(models[number], _spell(key)): str(name) for name, number, key in rows}


def _spell(key: Any) -> str:
    """Return a key as a text; databases write those of UUIDs with strokes or without."""
    return str(key).replace("-", "")
