"""What each record of a push touches: its row, rows it refers to, unique values, all that a deletion reaches."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any, Dict, Hashable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, Type

from django.core.exceptions import ValidationError
from django.db.models import Model

from sb_sync import catalog
from sb_sync.push.batch import ClientReference, Record, Reference
from sb_sync.push.cascades import Closure, Effect, effect_of
from sb_sync.push.client_ids import family
from sb_sync.push.identify import decode
from sb_sync.push.order import Access, Mode
from sb_sync.push.patience import may_wait
from sb_sync.push.reach import Reach
from sb_sync.push.rows import extra_links, root_label
from sb_sync.push.state import PushState
from sb_sync.push.uniques import UniqueRule, fold, may_hold, rules_of
from sb_sync.wire import WireField

__all__ = ["find_accesses"]

#: A resource: a row, a name, or a value, with what it is.
Token = Tuple[Any, ...]

# A row that took more values than these in one push is held to collide with any other.
MANY = 64


def find_accesses(
    state: PushState, records: Sequence[Record], closure: Closure
) -> Tuple[List[List[Access]], Set[Hashable]]:
    """Return what each record touches, in the order of the array, and which rows are there at the beginning."""
    finder = _Finder(state, records, closure)
    return [list(finder.find(place, record)) for place, record in enumerate(records)], finder.present


class _Finder:
    """Goes through the records once, remembering what earlier ones may have left behind."""

    def __init__(self, state: PushState, records: Sequence[Record], closure: Closure) -> None:
        self.state = state
        self.client_ids = state.client_ids
        self.rows = state.rows
        self.present: Set[Hashable] = set()
        #: Rows by name, where the same record tells both.
        self.aliases: Dict[Tuple[str, str], Token] = {}
        #: Rows made or moved in this push, by the row they refer to.
        self.referrers: Dict[Hashable, List[Tuple[Hashable, Effect]]] = defaultdict(list)
        #: Every value that a row may hold, by row and attribute.
        self.values: Dict[Hashable, Dict[str, List[Any]]] = defaultdict(dict)
        self.models: Dict[Hashable, Type[Model]] = {}
        self.reach = Reach(_index(closure), self.referrers)
        self.closure_values = {_token(model, key): (model, held) for (model, key), held in closure.values.items()}
        for record in records:
            if record.client_id is not None and record.key is not None:
                self.aliases.setdefault((record.label, record.client_id), self._row_of(record))

    def find(self, place: int, record: Record) -> Iterator[Access]:
        """Yield what one record touches."""
        stored = self._find_stored(record)
        tokens = self._tokens_of(record, stored)
        if stored is not None:
            self.present.update(tokens)
        if record.is_deletion:
            yield from self._find_deletion(place, record, tokens, stored)
            return
        for access in self._find_writing(record, tokens, stored):
            yield access
            yield from self._after_cover(access)

    def _find_writing(
        self, record: Record, tokens: List[Token], stored: Optional[Mapping[str, Any]]
    ) -> Iterator[Access]:
        """Yield what a creation or change touches."""
        for token, effect, access in self._find_references(record, stored):
            # A row with a key of its own may name itself at once.
            if token[0] == "row" and token in tokens:
                continue
            yield access
            if effect is not None:
                self.referrers[token].extend((own, effect) for own in tokens)
        for token in tokens:
            yield Access(token, Mode.PUT)
        yield from self._find_values(record, tokens[0], stored)

    def _after_cover(self, access: Access) -> Iterator[Access]:
        """Yield what keeps a record behind the deletions that may have reached what it touches."""
        cover = self.reach.touch(access)
        if cover is not None:
            yield Access(("cover", cover), Mode.READ)

    def _tokens_of(self, record: Record, stored: Optional[Mapping[str, Any]]) -> List[Token]:
        """Return the resources that stand for the row of a record."""
        tokens: List[Token] = []
        if record.key is not None:
            tokens.append(self._row_of(record))
        if record.client_id is not None:
            tokens.extend(self._tokens_of_name(record.label, record.client_id))
        if stored is not None:
            links = extra_links(record.synced.model)
            tokens.extend(_token(parent, stored[link.attname]) for parent, link in links.items())
        return list(dict.fromkeys(tokens)) or [("new", record.index)]

    def _row_of(self, record: Record) -> Token:
        model = record.synced.model
        if isinstance(record.key, ClientReference):
            target = record.schema.key.references
            assert target is not None
            key = self.client_ids.resolve(target, record.key)
            return _token(model, key) if key is not None else _token(model, record.key)
        return _token(model, record.key)

    def _tokens_of_name(self, label: str, client_id: str) -> Iterator[Token]:
        """Yield the resources that a `_client_id` stands for: its row, or its name as long as there is no row."""
        key = self.client_ids.find(label, client_id)
        if key is not None:
            yield _token(catalog.synced_models()[label].model, key)
            return
        yield ("name", label, client_id)
        if (label, client_id) in self.aliases:
            yield self.aliases[label, client_id]

    def _find_stored(self, record: Record) -> Optional[Mapping[str, Any]]:
        key = record.key if record.key is not None else self.client_ids.find(record.label, record.client_id)
        row = None if key is None or isinstance(key, ClientReference) else self.rows.find(record.label, key)
        return None if row is None else row.values

    def _find_references(
        self, record: Record, stored: Optional[Mapping[str, Any]]
    ) -> Iterator[Tuple[Token, Optional[Effect], Access]]:
        """Yield the rows that a record refers to, what their deletion would do to it, and the access."""
        schema = record.schema
        for name, reference in record.references.items():
            wire_field = schema.by_name[name]
            put_off = name if wire_field.field.null and not _leads_to_organization(record, wire_field) else None
            effect = effect_of(wire_field.field)
            yield from ((token, effect, access) for token, access in self._read(record, wire_field, reference, put_off))
            if stored is not None and not wire_field.field.target_field.primary_key:
                before = stored[wire_field.attname]
                yield from ((token, None, access) for token, access in self._read(record, wire_field, before, None))
        if schema.key.references is not None and record.key is not None:
            effect = effect_of(schema.key.field)
            yield from ((token, effect, access) for token, access in self._read(record, schema.key, record.key, None))
        for name, items in record.lists.items():
            wire_field = schema.by_name[name]
            for item in items:
                yield from ((token, None, access) for token, access in self._read(record, wire_field, item, name))

    def _read(
        self, record: Record, wire_field: WireField, reference: Reference, put_off: Optional[str]
    ) -> Iterator[Tuple[Token, Access]]:
        """Yield the accesses of one reference."""
        if reference is None or wire_field.references is None:
            return
        is_patient = put_off is not None and may_wait(self.state, record, wire_field)
        for token in self._tokens_read(wire_field, reference):
            yield token, Access(token, Mode.READ, put_off, is_patient)

    def _tokens_read(self, wire_field: WireField, reference: Reference) -> Iterator[Token]:
        """Yield the resources that stand for the row that a reference names."""
        model: Any = wire_field.references
        target = None if wire_field.is_list else wire_field.field.target_field
        if isinstance(reference, ClientReference):
            for label in family(model):
                yield from self._tokens_of_name(label, reference.client_id)
        elif target is not None and not target.primary_key:
            rules = [rule for rule in rules_of(target.model) if rule.attnames == (target.attname,)]
            yield from (_value_token(rule, reference) for rule in rules if _is_nameable(rule))
        else:
            yield _token(model, reference)

    def _find_deletion(
        self, place: int, record: Record, tokens: List[Token], stored: Optional[Mapping[str, Any]]
    ) -> Iterator[Access]:
        """Yield all that a deletion reaches: what is stored, and what this push made before."""
        found = self.reach.find(tokens)
        own = list(self._find_values(record, tokens[0], stored))
        for token, effects in found.rows.items():
            own.extend(self._find_reached(token, effects))
        yield from own
        covers = {self.reach.touch(access, but=found.covers) for access in own if access.mode is not Mode.READ}
        yield from (Access(("cover", cover), Mode.READ) for cover in covers if cover is not None)
        yield Access(("cover", place), Mode.TAKE)
        for cover in found.covers:
            yield Access(("cover", cover), Mode.TAKE)
            yield from (Access(resource, Mode.READ) for resource in self.reach.reads_of(cover))
        self.reach.cover(place, found, own)

    def _find_reached(self, token: Hashable, effects: Set[Effect]) -> Iterator[Access]:
        """Yield what a deletion does to one row that it reaches."""
        for effect in effects:
            yield Access(token, _MODES[effect])
        if token in self.closure_values:
            self.present.add(token)
            model, held = self.closure_values[token]
            for rule in rules_of(model) if Effect.TAKEN in effects else ():
                yield Access(("value", rule.name, tuple(fold(held[name]) for name in rule.attnames)), Mode.TOUCH)
        for rule in rules_of(self.models[token]) if Effect.TAKEN in effects and token in self.models else ():
            yield from _find_values_under(rule, self.values[token])

    def _find_values(self, record: Record, token: Hashable, stored: Optional[Mapping[str, Any]]) -> Iterator[Access]:
        """Yield the unique values that a record may take or release."""
        rules = rules_of(record.synced.model)
        if not rules:
            return
        held = self.values[token]
        given = self._given_values(record)
        for name in {name for rule in rules for name in rule.involved}:
            before = held.get(name)
            if before is None:
                before = [stored[name]] if stored is not None else [self._find_default(record, name)]
            held[name] = [*before, *([given[name]] if name in given and given[name] not in before else [])]
        self.models[token] = record.synced.model
        for rule in rules:
            if record.is_deletion or any(name in given for name in rule.involved) or stored is None:
                yield from _find_values_under(rule, held)
            if _is_nameable(rule):
                (name,) = rule.attnames
                if stored is not None:
                    self.present.add(_value_token(rule, stored[name]))
                if name in given:
                    yield Access(_value_token(rule, given[name]), Mode.PUT)

    def _find_default(self, record: Record, attname: str) -> Any:
        """Return what a new row holds where the record gives nothing."""
        tenant = record.synced.tenant
        if tenant is not None and tenant.field is not None and tenant.field.attname == attname:
            return self.state.scope.site_id
        for field in record.synced.model._meta.concrete_fields:
            if field.attname == attname and field.has_default() and not callable(field.default):
                return field.get_default()
        return None

    def _given_values(self, record: Record) -> Dict[str, Any]:
        """Return the values that a record gives, by attribute; a reference that has no key yet stands for itself."""
        given: Dict[str, Any] = {}
        for name, value in record.values.items():
            wire_field = record.schema.by_name[name]
            try:
                given[wire_field.attname] = decode(wire_field, value)
            except ValidationError:
                # Refused when its turn comes.
                continue
        for name, reference in record.references.items():
            wire_field = record.schema.by_name[name]
            resolved = reference
            if isinstance(reference, ClientReference) and wire_field.references is not None:
                resolved = self.client_ids.resolve(wire_field.references, reference)
                resolved = reference if resolved is None else resolved
            given[wire_field.attname] = resolved
        return given


_MODES = {
    Effect.TAKEN: Mode.TAKE,
    Effect.CHANGED: Mode.TOUCH,
    Effect.LEFT: Mode.TOUCH,
    Effect.PROTECTS: Mode.GUARDED,
    Effect.RESTRICTS: Mode.GUARDED,
}


def _find_values_under(rule: UniqueRule, held: Mapping[str, List[Any]]) -> Iterator[Access]:
    """Yield the combinations of values under one rule that a row may hold."""
    everything = ("value", rule.name)
    possible = [held.get(name, [None]) for name in rule.involved]
    size = 1
    for values in possible:
        size *= len(values)
    if rule.is_open or size > MANY:
        yield Access(everything, Mode.TOUCH)
        return
    yield Access(everything, Mode.READ)
    for combination in itertools.product(*possible):
        chosen = dict(zip(rule.involved, combination))
        if may_hold(rule, chosen):
            folded = tuple(fold(chosen[name]) for name in rule.attnames)
            if rule.are_nulls_equal or not any(value is None for value in folded):
                yield Access(("value", rule.name, folded), Mode.TOUCH)


def _is_nameable(rule: UniqueRule) -> bool:
    """Tell whether a foreign key may name a row by a value under this rule."""
    return len(rule.attnames) == 1 and rule.condition is None and not rule.is_open


def _value_token(rule: UniqueRule, value: Any) -> Token:
    return ("value", rule.name, (fold(value),))


def _token(model: Type[Model], key: Any) -> Token:
    """Return the resource that stands for one row, the same for a parent and its child by inheritance."""
    return ("row", root_label(model), key)


def _index(closure: Closure) -> Dict[Hashable, List[Tuple[Hashable, Effect]]]:
    """Return what deletions reach, by resource."""
    return {
        _token(model, key): [(_token(*node), effect) for node, effect in reached]
        for (model, key), reached in closure.referrers.items()
    }


def _leads_to_organization(record: Record, wire_field: WireField) -> bool:
    """Tell whether a row is nobody's without this reference."""
    tenant = record.synced.tenant
    return tenant is not None and tenant.lookup.split("__")[0] == wire_field.field.name
