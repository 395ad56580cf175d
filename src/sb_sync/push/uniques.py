"""Which values may stand in one row only: the rules of a model, and which changes break them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type

from django.db.models import CheckConstraint, F, Model, Q, UniqueConstraint
from django.utils.translation import gettext as _

from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import DUPLICATE
from sb_sync.push.batch import NON_FIELD, Change, Outcome, refuse
from sb_sync.push.state import PushState
from sb_sync.wire import ModelSchema

__all__ = ["UniqueRule", "duplicate", "find_duplicates", "fold", "may_hold", "rules_of", "wire_names"]


@dataclass(frozen=True)
class UniqueRule:
    """Columns whose values together stand in one row only.

    `attnames` are the attributes of these columns, `involved` also those of columns that the condition names;
    `condition` names the rows it holds for; `is_open` says that the values alone do not tell which rows collide
    (expressions, exclusions), so that only the database knows. `is_held` says that every database holds the rule; of
    others Django makes nothing where the database does not know them, and warns.
    """

    name: str
    fields: Tuple[Any, ...]
    attnames: Tuple[str, ...]
    involved: Tuple[str, ...]
    condition: Optional[Q] = None
    is_open: bool = False
    are_nulls_equal: bool = False
    is_held: bool = True


@lru_cache(maxsize=None)
def rules_of(model: Type[Model]) -> Tuple[UniqueRule, ...]:
    """Return the unique rules of a model and its parents, its key's own apart."""
    rules: List[UniqueRule] = []
    for owner in (model, *model._meta.get_parent_list()):
        options = owner._meta
        rules.extend(
            _make_rule(f"{options.label}.{field.name}", (field,))
            for field in options.local_concrete_fields
            if field.unique and not field.primary_key
        )
        for names in options.unique_together:
            fields = tuple(_column(owner, name) for name in names)
            rules.append(_make_rule("{}.{}".format(options.label, ",".join(names)), fields))
        rules.extend(_rules_of_constraints(owner))
    return tuple(rules)


def _rules_of_constraints(owner: Type[Model]) -> Iterator[UniqueRule]:
    """Yield the rules that the constraints of a model's options make."""
    for constraint in owner._meta.constraints:
        if isinstance(constraint, CheckConstraint):
            continue
        name = f"{owner._meta.label}.{constraint.name}"
        if isinstance(constraint, UniqueConstraint) and constraint.fields:
            fields = tuple(_column(owner, each) for each in constraint.fields)
            are_nulls_equal = getattr(constraint, "nulls_distinct", None) is False
            options: Any = constraint
            is_held = not (options.deferrable or options.include or are_nulls_equal)
            marks = {"are_nulls_equal": are_nulls_equal, "is_held": is_held}
            yield _make_rule(name, fields, condition=constraint.condition, **marks)
        else:
            yield _make_rule(name, tuple(owner._meta.local_concrete_fields), is_open=True, is_held=False)


def _make_rule(name: str, fields: Tuple[Any, ...], *, condition: Optional[Q] = None, **marks: bool) -> UniqueRule:
    """Return a rule with the attributes it looks at."""
    attnames = tuple(field.attname for field in fields)
    known = {field.attname for field in fields[0].model._meta.concrete_fields}
    named = [attname for attname in _names_of(condition) if attname in known]
    return UniqueRule(name, fields, attnames, tuple(dict.fromkeys((*attnames, *named))), condition, **marks)


def _column(owner: Type[Model], name: str) -> Any:
    return owner._meta.get_field(name)


def may_hold(rule: UniqueRule, values: Mapping[str, Any]) -> bool:
    """Tell whether a rule may concern a row of these values; true where only the database can tell."""
    return rule.condition is None or _evaluate(rule.condition, values) is not False


def fold(value: Any) -> Any:
    """Return a value that can be looked up, the same for all texts that some collation may hold for equal."""
    if isinstance(value, str):
        bare = (mark for mark in unicodedata.normalize("NFKD", value) if not unicodedata.combining(mark))
        return "".join(bare).casefold().rstrip()
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def find_duplicates(
    state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]
) -> Dict[int, Outcome]:
    """Return the changes, by index of their records, whose values stand in another row already.

    One query per rule. What is left to the database (unknown conditions, expressions) is not found here.
    """
    refused: Dict[int, Outcome] = {}
    for rule in rules_of(synced.model):
        if rule.is_open or rule.are_nulls_equal:
            continue
        wanted = [
            (change, values)
            for change in changes
            for values in [_values_under(rule, change)]
            if values is not None and change.record.index not in refused
        ]
        if not wanted:
            continue
        holders = _find_holders(synced, rule, [values for _change, values in wanted], state.using)
        for change, values in wanted:
            if holders.get(values, change.key) != change.key:
                refused[change.record.index] = duplicate(synced, schema, rule.fields)
    return refused


def duplicate(synced: SyncedModel, schema: ModelSchema, fields: Sequence[Any]) -> Outcome:
    """Return the refusal that names fields and nothing of the row they collide with."""
    names = wire_names(synced, schema, fields)
    return refuse(DUPLICATE, {name: [_("A row with this value exists already.")] for name in names})


def wire_names(synced: SyncedModel, schema: ModelSchema, fields: Sequence[Any]) -> List[str]:
    """Return the names on the wire of columns, without the organization's where others are named."""
    tenant = synced.tenant.field if synced.tenant is not None else None
    own = [field for field in fields if field is not tenant] or list(fields)
    return [schema.by_name[field.name].name for field in own if field.name in schema.by_name] or [NON_FIELD]


def _values_under(rule: UniqueRule, change: Change) -> Optional[Tuple[Any, ...]]:
    """Return the values of a change that a rule concerns, None where it does not or cannot be told here."""
    if change.stored is None:
        merged = {name: _plain(change.value_of(name)) for name in rule.involved}
    elif any(name in change.values for name in rule.involved):
        merged = {name: change.values.get(name, change.stored[name]) for name in rule.involved}
    else:
        return None
    if rule.condition is not None and _evaluate(rule.condition, merged) is not True:
        return None
    values = tuple(merged[name] for name in rule.attnames)
    return None if any(value is None for value in values) or not _can_be_looked_up(values) else values


def _can_be_looked_up(values: Tuple[Any, ...]) -> bool:
    """Tell whether values are no lists or objects, of which only the database can say whether they are equal."""
    try:
        hash(values)
    except TypeError:
        return False
    return True


def _plain(value: Any) -> Any:
    """Return a value, None for one that the database is yet to compute."""
    return None if hasattr(value, "resolve_expression") else value


def _find_holders(
    synced: SyncedModel, rule: UniqueRule, wanted: Sequence[Tuple[Any, ...]], using: str
) -> Dict[Tuple[Any, ...], Any]:
    """Return the keys of the rows in which such values stand, by values."""
    rows = synced.model._base_manager.using(using).order_by()
    if rule.condition is not None:
        rows = rows.filter(rule.condition)
    holders: Dict[Tuple[Any, ...], Any] = {}
    for chunk in split(wanted, using, width=len(rule.fields)):
        columns = list(zip(*chunk))
        conditions = {f"{name}__in": list(dict.fromkeys(column)) for name, column in zip(rule.attnames, columns)}
        for key, *values in rows.filter(**conditions).values_list("pk", *rule.attnames):
            holders[tuple(values)] = key
    return holders


def _names_of(condition: Optional[Q]) -> Iterator[str]:
    """Yield the attributes that a condition names, as far as they are plain columns."""
    for child in condition.children if condition is not None else ():
        if isinstance(child, Q):
            yield from _names_of(child)
        elif isinstance(child, tuple):
            yield child[0].split("__")[0]


def _evaluate(condition: Q, values: Mapping[str, Any]) -> Optional[bool]:
    """Return whether a condition is true of values, None where it cannot be told in Python."""
    results = [
        _evaluate(child, values) if isinstance(child, Q) else _evaluate_lookup(child, values)
        for child in condition.children
    ]
    result: Optional[bool]
    if condition.connector == Q.AND:
        result = False if False in results else (None if None in results else True)
    elif condition.connector == Q.OR:
        result = True if True in results else (None if None in results else False)
    else:
        result = None
    return result if result is None or not condition.negated else not result


def _evaluate_lookup(child: Any, values: Mapping[str, Any]) -> Optional[bool]:
    """Return whether one lookup is true of values, None where it cannot be told in Python."""
    if not isinstance(child, tuple):
        return None
    name, _separator, lookup = child[0].partition("__")
    wanted = child[1]
    if name not in values or hasattr(wanted, "resolve_expression") or isinstance(wanted, F):
        return None
    value = values[name]
    if lookup == "isnull":
        return (value is None) == bool(wanted)
    # What SQL makes of NULL depends on the negations around it.
    if value is None or wanted is None:
        return None
    if lookup in ("", "exact") and type(value) is type(wanted):
        return bool(value == wanted)
    if lookup == "in" and all(type(value) is type(each) for each in wanted):
        return value in wanted
    return None
