"""Second step: a condition against its model.

A filter asks for nothing that nobody may be told of. Of a related model that is synchronised it may use the fields
that clients are given and the key; of another related model, and of the filtered model itself, also those that are
not given, but none that is named like a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple, Type, Union

from django.contrib.auth import get_user_model
from django.db.models import ForeignKey, ManyToManyField, Model

from sb_sync import catalog
from sb_sync.access.filters.parse import Comparison, Group, InvalidFilter, Negation, Node, parse_condition, shorten
from sb_sync.access.filters.values import kind_of, list_key, operators_of, read_value
from sb_sync.catalog import SyncedModel
from sb_sync.config import setting
from sb_sync.relations import InvalidPath, Relation, find_field, follow

__all__ = ["PLACEHOLDERS", "All", "Opposite", "Placeholder", "Some", "Test", "Tree", "check_condition", "may_be_asked"]

#: What a value may be called in place of a constant, with the kind of its value; None is that of the user's key.
PLACEHOLDERS = {"$user.id": None, "$user.username": "text", "$organization.id": "integer"}
NEGATIVES = {"ne": "exact", "not_in": "in"}


@dataclass(frozen=True)
class Placeholder:
    """A value that the user or the organization of a request gives."""

    name: str


@dataclass(frozen=True)
class Test:
    """One comparison that can be true or false of a row.

    `field` stands at the end of `path`; `relation` is the model's own field where the path leads to other rows by
    `relations`, or a many-to-many field in any case: true where it is true of any of its rows.
    """

    path: str
    operator: str
    values: Tuple[Any, ...]
    field: Any
    relations: Tuple[Relation, ...]
    relation: Optional[Any]

    # Not a class of tests, whatever its name says to pytest.
    __test__ = False


@dataclass(frozen=True)
class All:
    """All parts hold."""

    parts: Tuple[Tree, ...]


@dataclass(frozen=True)
class Some:
    """Any part holds."""

    parts: Tuple[Tree, ...]


@dataclass(frozen=True)
class Opposite:
    """The part does not hold."""

    part: Tree


Tree = Union[Test, All, Some, Opposite]


def check_condition(synced: SyncedModel, value: Any) -> Tree:
    """Return the condition that JSON means for a model. Raises `InvalidFilter`."""
    return _check(synced, parse_condition(value))


def _check(synced: SyncedModel, node: Node) -> Tree:
    if isinstance(node, Negation):
        return Opposite(_check(synced, node.part))
    if isinstance(node, Group):
        parts = tuple(_check(synced, part) for part in node.parts)
        return All(parts) if node.word == "and" else Some(parts)
    positive = NEGATIVES.get(node.operator)
    return _check_comparison(synced, node) if positive is None else Opposite(_check_comparison(synced, node))


def _check_comparison(synced: SyncedModel, node: Comparison) -> Test:
    """Check one comparison, without its negation."""
    names, field = _resolve_names(synced, node.field)
    if node.operator not in operators_of(field):
        fitting = ", ".join(sorted(operators_of(field)))
        raise InvalidFilter(f"{node.field}: `{node.operator}` does not fit this field. Fitting: {fitting}.")
    try:
        relations = follow(synced, names[:-1])
        values = [_check_value(field, node.operator, value) for value in node.values]
    except (InvalidPath, InvalidFilter) as error:
        raise InvalidFilter(f"{shorten(node.field)}: {error}") from error
    first = find_field(synced.model, names[0])
    return Test(
        path="__".join(names),
        operator=NEGATIVES.get(node.operator, node.operator),
        values=_sort(values) if node.operator in ("in", "not_in") else tuple(values),
        field=field,
        relations=relations,
        relation=first if relations or isinstance(first, ManyToManyField) else None,
    )


def _resolve_names(synced: SyncedModel, path: str) -> Tuple[Tuple[str, ...], Any]:
    """Return the names of a path as the models write them, and the field at its end."""
    model: Type[Model] = synced.model
    fields: List[Any] = []
    for part in path.split("__"):
        try:
            if fields:
                model = _target(fields[-1])
            fields.append(find_field(model, part))
        except InvalidPath as error:
            raise InvalidFilter(f"{shorten(path)}: {error}") from error
        if not may_be_asked(synced, model, fields[-1]):
            raise InvalidFilter(f"{shorten(path)}: {fields[-1].name} of {model._meta.label} is not for filters.")
    if any(isinstance(field, ManyToManyField) for field in fields[1:]):
        raise InvalidFilter(f"{shorten(path)}: of many-to-many fields only the model's own can be followed.")
    if len(fields) > 1 and _is_key_of(fields[-2], fields[-1]):
        # The row itself says which key it names: nothing is joined for that.
        fields.pop()
    return tuple(field.name for field in fields), fields[-1]


def _target(field: Any) -> Type[Model]:
    if not isinstance(field, (ForeignKey, ManyToManyField)):
        raise InvalidPath(f"{field.name} is not a relation.")
    target: Any = field.related_model
    return target._meta.concrete_model  # type: ignore[no-any-return]  # the options are untyped here


def _is_key_of(field: Any, found: Any) -> bool:
    """Tell whether a field is the one that a relation before it names rows by."""
    if isinstance(field, ManyToManyField):
        field = list_key(field)
    return isinstance(field, ForeignKey) and field.target_field == found


def may_be_asked(synced: SyncedModel, model: Type[Model], field: Any) -> bool:
    """Tell whether a filter on `synced` may use a field of a model."""
    target = catalog.find(model._meta.label)
    if field.primary_key:
        return True
    if target is not None and (target.travels(field) or (target.tenant and target.tenant.field == field)):
        return True
    return (target is None or target == synced) and not _is_secret(field.name)


def _is_secret(name: str) -> bool:
    """Tell whether a name is one that logs mask, or holds one as a word."""
    words = [str(word).lower().strip("_") for word in setting("REDACT_FIELDS")]
    return any(f"_{word}_" in f"_{name.lower()}_" for word in words if word)


def _check_value(field: Any, operator: str, value: Any) -> Any:
    """Return a value as the field holds it, or what stands for one."""
    is_name = isinstance(value, str) and value[:1] == "$" and (value[1:2].isalpha() or value[1:2] == "_")
    if not is_name or operator == "isnull":
        return read_value(field, operator, value)
    if value not in PLACEHOLDERS:
        raise InvalidFilter(f"There is no {shorten(value)}. Known: {', '.join(PLACEHOLDERS)}.")
    if kind_of(field) not in ("text", _kind_of_placeholder(value)):
        raise InvalidFilter(f"{value} is no value of {field.name}.")
    return Placeholder(value)


def _sort(values: Sequence[Any]) -> Tuple[Any, ...]:
    """Return values once each, in one order: no other way of writing them is another rule."""
    named = {repr(value): value for value in values}
    return tuple(named[name] for name in sorted(named))


def _kind_of_placeholder(name: str) -> str:
    return PLACEHOLDERS[name] or kind_of(get_user_model()._meta.pk)
