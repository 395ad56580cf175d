"""What a filter of a model may ask for: its fields, those of related rows, and the operators that fit each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List, Optional, Tuple, Type

from django.db.models import ForeignKey, ManyToManyField, Model

from sb_sync.access.filters.check import may_be_asked
from sb_sync.access.filters.values import kind_of, operators_of
from sb_sync.catalog import SyncedModel
from sb_sync.relations import InvalidPath, follow

__all__ = ["FieldChoice", "list_fields"]

#: Of a field with more choices none is listed.
MOST_CHOICES = 100
#: The order in which operators are offered.
ORDER = (
    "exact", "ne", "iexact", "in", "not_in", "contains", "icontains", "startswith", "gt", "gte", "lt", "lte", "range",
    "isnull",
)  # fmt: skip


@dataclass(frozen=True)
class FieldChoice:
    """A field that a filter may use: `path` as it is written in a condition, `kind` of its values.

    `relation` names the field of the model by which other rows are reached, and is empty for its own; `choices` are
    (value, text) where the field has some.
    """

    path: str
    text: str
    kind: str
    operators: Tuple[str, ...]
    relation: str = ""
    choices: Tuple[Tuple[Any, str], ...] = ()


def list_fields(synced: SyncedModel) -> List[FieldChoice]:
    """Return the fields of a model that its filters may use, and those of rows one relation away."""
    own = list(_list_own(synced, synced.model, prefix=""))
    related = [
        choice
        for field in _fields_of(synced.model)
        for target in [_target_of(synced, field)]
        if target is not None and may_be_asked(synced, synced.model, field)
        for choice in _list_own(synced, target, prefix=field.name)
    ]
    return own + related


def _list_own(synced: SyncedModel, model: Type[Model], *, prefix: str) -> Iterator[FieldChoice]:
    for field in _fields_of(model):
        # Of related rows the key is what the relation itself holds.
        if not may_be_asked(synced, model, field) or (prefix and field.primary_key):
            continue
        if prefix and isinstance(field, ManyToManyField):
            continue
        fitting = operators_of(field)
        yield FieldChoice(
            path=f"{prefix}__{field.name}" if prefix else field.name,
            text=str(field.verbose_name),
            kind="truth" if fitting == {"isnull"} else kind_of(field),
            operators=tuple(name for name in ORDER if name in fitting),
            relation=prefix,
            choices=_list_choices(field),
        )


def _fields_of(model: Type[Model]) -> List[Any]:
    options = model._meta
    return [*options.concrete_fields, *options.many_to_many]


def _target_of(synced: SyncedModel, field: Any) -> Optional[Type[Model]]:
    """Return the model to which a relation leads that filters may follow."""
    if not isinstance(field, (ForeignKey, ManyToManyField)):
        return None
    try:
        return follow(synced, [field.name])[-1].model
    except InvalidPath:
        return None


def _list_choices(field: Any) -> Tuple[Tuple[Any, str], ...]:
    choices = getattr(field, "flatchoices", None) or ()
    found = tuple((value, str(text)) for value, text in choices if value not in (None, ""))
    return found if len(found) <= MOST_CHOICES else ()
