"""What a deletion reaches: found set by set, before anything is deleted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Set, Tuple, Type

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.models import Model
from django.utils.translation import gettext as _

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import PROTECTED
from sb_sync.push.batch import NON_FIELD, Change, Outcome, refuse
from sb_sync.push.rows import extra_links
from sb_sync.push.state import PushState
from sb_sync.push.targets import find_values, touchable_rows
from sb_sync.push.uniques import rules_of
from sb_sync.wire import ModelSchema

__all__ = ["Closure", "Effect", "Node", "effect_of", "find_anchored", "find_blocked", "protected", "walk"]

#: One row: its model and key.
Node = Tuple[Type[Model], Any]
#: What the widest column for integers holds, its sign included.
INTEGER_BITS = 64


class Effect(Enum):
    """What becomes of a row when one that it refers to is deleted."""

    TAKEN = "taken"
    CHANGED = "changed"
    PROTECTS = "protects"
    RESTRICTS = "restricts"
    LEFT = "left"


@dataclass
class Closure:
    """What deletions reach: rows that refer to a row with what becomes of them, and the values of unique columns."""

    referrers: Dict[Node, List[Tuple[Node, Effect]]] = field(default_factory=lambda: defaultdict(list))
    values: Dict[Node, Mapping[str, Any]] = field(default_factory=dict)

    def taken_with(self, root: Node) -> Set[Node]:
        """Return the rows that are deleted with a row, itself included."""
        taken = {root}
        frontier = [root]
        while frontier:
            for node, effect in self.referrers.get(frontier.pop(), ()):
                if effect is Effect.TAKEN and node not in taken:
                    taken.add(node)
                    frontier.append(node)
        return taken


@dataclass(frozen=True)
class _Relation:
    """One foreign key (or generic one) by which rows of `model` refer; `extra` narrows it to the right ones.

    `reads` turns a key into the value that a generic one holds, None where it can hold none.
    """

    model: Type[Model]
    attname: str
    target: str
    effect: Effect
    extra: Mapping[str, Any] = field(default_factory=dict)
    reads: Any = None


def effect_of(foreign_key: Any) -> Effect:
    """Return what a foreign key does to its row when the one it names is deleted."""
    on_delete = foreign_key.remote_field.on_delete
    known = {
        models.SET_NULL: Effect.CHANGED,
        models.SET_DEFAULT: Effect.CHANGED,
        models.PROTECT: Effect.PROTECTS,
        models.RESTRICT: Effect.RESTRICTS,
        # The database would refuse to let it dangle, on some only at the commit.
        models.DO_NOTHING: Effect.RESTRICTS if foreign_key.db_constraint else Effect.LEFT,
    }
    # SET(...) makes functions that can be written into migrations; what a project's own does is taken for the worst.
    fallback = Effect.CHANGED if hasattr(on_delete, "deconstruct") else Effect.TAKEN
    return known.get(on_delete, fallback)


def walk(roots: Mapping[Type[Model], Iterable[Any]], using: str) -> Closure:
    """Return what deleting these rows would reach, one query per foreign key and depth; the rows found are locked."""
    closure = Closure()
    frontier: Dict[Type[Model], Set[Any]] = {model: set(keys) for model, keys in roots.items()}
    seen: Set[Node] = {(model, key) for model, keys in frontier.items() for key in keys}
    while frontier:
        following: Dict[Type[Model], Set[Any]] = defaultdict(set)
        for model, keys in frontier.items():
            for node in _follow(closure, model, sorted(keys, key=str), using):
                if node not in seen:
                    seen.add(node)
                    following[node[0]].add(node[1])
        frontier = following
    return closure


def find_blocked(scope: Scope, closure: Closure, roots: Iterable[Node], using: str) -> Set[Node]:
    """Return the rows that must stay, because of a row that protects them or that the user may not touch."""
    forbidden = _find_forbidden(scope, closure, using)
    return {root for root in roots if not _may_delete(scope, root[0]) or _is_blocked(closure, root, forbidden)}


def protected(name: str = NON_FIELD) -> Outcome:
    """Return the refusal of what other rows need, which are not named."""
    return refuse(PROTECTED, {name: [_("Other rows need this one.")]})


def find_anchored(
    state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]
) -> Dict[int, Outcome]:
    """Return the changes, by index of their records, of values by which other rows name theirs."""
    refused: Dict[int, Outcome] = {}
    for relation in _relations_of(synced.model, state.using):
        leaving = {
            change.stored[relation.target]: change
            for change in changes
            if change.stored is not None and relation.target in change.values
        }
        if leaving:
            rows = relation.model._base_manager.using(state.using)
            for value in find_values(rows, relation.attname, leaving, state.using):
                record = leaving[value].record
                refused[record.index] = protected(schema.by_name[relation.target].name)
    return refused


def _is_blocked(closure: Closure, root: Node, forbidden: Set[Tuple[Node, Effect]]) -> bool:
    """Tell whether one row must stay."""
    taken = closure.taken_with(root)
    for parent in taken:
        for node, effect in closure.referrers.get(parent, ()):
            is_protected = effect is Effect.PROTECTS or (effect is Effect.RESTRICTS and node not in taken)
            if is_protected or (node, effect) in forbidden:
                return True
    return False


def _find_forbidden(scope: Scope, closure: Closure, using: str) -> Set[Tuple[Node, Effect]]:
    """Return the rows that the user may not have touched in this way."""
    touched: Dict[Type[Model], Set[Tuple[Node, Effect]]] = defaultdict(set)
    for reached in closure.referrers.values():
        for node, effect in reached:
            touched[node[0]].add((node, effect))
    forbidden: Set[Tuple[Node, Effect]] = set()
    for model, entries in touched.items():
        rows = touchable_rows(scope, model, using)
        keys = find_values(rows, "pk", {node[1] for node, _effect in entries}, using)
        is_kept = not _may_delete(scope, model)
        forbidden.update(
            (node, effect) for node, effect in entries if node[1] not in keys or (is_kept and effect is Effect.TAKEN)
        )
    return forbidden


def _may_delete(scope: Scope, model: Type[Model]) -> bool:
    """Tell whether rows may go as far as rights say: with a child by inheritance goes the row of its parent.

    An account goes only where the project synchronises accounts.
    """
    lineage = (model, *model._meta.get_parent_list())
    found = [catalog.find(each._meta.label) for each in lineage]
    if issubclass(model, get_user_model()) and not any(synced is not None for synced in found):
        return False
    return all(scope.may_delete(synced.label) for synced in found if synced is not None)


def _follow(closure: Closure, model: Type[Model], keys: Sequence[Any], using: str) -> Iterator[Node]:
    """Note the rows that refer to rows of a model; yield those that would go with them."""
    for relation in _relations_of(model, using):
        values = _target_values(model, relation, keys, using)
        for node, value in _read_referrers(closure, relation, list(values), using):
            for key in values[value]:
                closure.referrers[model, key].append((node, relation.effect))
            if relation.effect is Effect.TAKEN:
                yield node
    for parent, link in extra_links(model).items():
        for chunk in split(keys, using):
            for key, value in model._base_manager.using(using).filter(pk__in=chunk).values_list("pk", link.attname):
                closure.referrers[model, key].append(((parent, value), Effect.TAKEN))
                yield parent, value


def _relations_of(model: Type[Model], using: str) -> Iterator[_Relation]:
    """Yield every way in which rows refer to a row of a model."""
    relations: Sequence[Any] = model._meta.get_fields(include_hidden=True)
    for relation in relations:
        is_reverse = relation.auto_created and not relation.concrete and (relation.one_to_one or relation.one_to_many)
        if is_reverse and not relation.related_model._meta.auto_created:
            effect = effect_of(relation.field)
            # What is left alone dangles, as the project chose.
            if effect is not Effect.LEFT:
                target = relation.field.target_field
                is_own_key = target.primary_key and target.model not in extra_links(model)
                yield _Relation(
                    relation.related_model, relation.field.attname, "pk" if is_own_key else target.attname, effect
                )
    for generic in model._meta.private_fields:
        if hasattr(generic, "bulk_related_objects"):
            content_type = ContentType.objects.db_manager(using).get_for_model(
                model, for_concrete_model=generic.for_concrete_model
            )
            related = generic.related_model
            extra = {f"{generic.content_type_field_name}_id": content_type.pk}
            reads = partial(_hold, related._meta.get_field(generic.object_id_field_name))
            yield _Relation(related, generic.object_id_field_name, "pk", Effect.TAKEN, extra, reads)


def _hold(field: Any, key: Any) -> Any:
    """Return a key as a column of another type holds it, None where it cannot."""
    try:
        value = field.to_python(key)
        field.run_validators(value)
    except (ValidationError, ValueError, TypeError, OverflowError):
        return None
    # Older Django knows no bounds of SQLite's integers.
    return None if isinstance(value, int) and value.bit_length() >= INTEGER_BITS else value


def _target_values(model: Type[Model], relation: _Relation, keys: Sequence[Any], using: str) -> Dict[Any, List[Any]]:
    """Return the values by which a relation names rows, with the keys of these rows."""
    values: Dict[Any, List[Any]] = defaultdict(list)
    if relation.target == "pk":
        for key in keys:
            value = key if relation.reads is None else relation.reads(key)
            if value is not None:
                values[value].append(key)
        return values
    for chunk in split(keys, using):
        rows = model._base_manager.using(using).filter(pk__in=chunk)
        for key, value in rows.values_list("pk", relation.target):
            values[value].append(key)
    return values


def _read_referrers(
    closure: Closure, relation: _Relation, values: Sequence[Any], using: str
) -> Iterator[Tuple[Node, Any]]:
    """Yield the rows that refer to any of these values, each with the value it names."""
    columns = sorted({name for rule in rules_of(relation.model) for name in rule.attnames})
    for chunk in split(values, using):
        rows = relation.model._base_manager.using(using).filter(**{f"{relation.attname}__in": chunk}, **relation.extra)
        rows = rows.order_by("pk")
        if connections[using].features.has_select_for_update:
            rows = rows.select_for_update()
        for key, value, *unique in rows.values_list("pk", relation.attname, *columns):
            node = (relation.model, key)
            closure.values[node] = dict(zip(columns, unique))
            yield node, value
