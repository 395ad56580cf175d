"""Fifth to eighth step: what differs is looked up, written, and read back as the user sees it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from sb_sync.access import scoped_queryset
from sb_sync.optimizations.any_of import AnyOf
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import CLIENT_ID, CREATED, KEY, MODEL, UNCHANGED, UPDATED, VERSION
from sb_sync.push.creations import find_defaults, insert_columns
from sb_sync.push.references import find_targets
from sb_sync.push.sheets.sheet import NotPlain, Sheet
from sb_sync.push.sheets.stored import Stored, find_stored
from sb_sync.push.state import PushState
from sb_sync.push.uniques import rules_of
from sb_sync.push.updates import make_moments, update_columns
from sb_sync.push.write import settle_immediately
from sb_sync.wire import encode_column, read_columns, versions_of

__all__ = ["apply_sheet"]

Columns = Dict[str, Sequence[Any]]


@dataclass(frozen=True)
class Part:
    """Records of a sheet that are written together: their places, and Python values by attribute name."""

    places: Sequence[int]
    columns: Columns


def apply_sheet(state: PushState, sheet: Sheet) -> List[Dict[str, Any]]:
    """Write a sheet inside the caller's transaction and return the results, as the client is told them.

    Raises `NotPlain`, and IntegrityError where the database refuses a row: then the transaction has to be rolled back.
    """
    stored = find_stored(state, sheet)
    changed = _find_changes(sheet, stored)
    created = Part(stored.new, {name: column.read(stored.new) for name, column in sheet.columns.items()})
    _check_references(state, sheet, [*changed, *([created] if stored.new else ())])
    keys, shown = stored.keys, stored.shown
    for part in changed:
        _update(state, sheet, keys, part)
    if stored.new:
        for place, key in zip(stored.new, _insert(state, sheet, keys, created)):
            keys[place] = key
        if sheet.keys is None:
            shown = encode_column(sheet.schema.key, keys)
    written = [place for part in changed for place in part.places] + list(stored.new)
    versions = _read_back(state, sheet, [keys[place] for place in written])
    if sheet.names is not None:
        _keep_names(state, sheet.synced.label, sheet.names, keys)
    return _tell(sheet, stored, shown, written, versions)


def _find_changes(sheet: Sheet, stored: Stored) -> List[Part]:
    """Return the rows that change, together where they change in the same columns."""
    values: Dict[str, Dict[int, Any]] = {}
    different: Dict[int, List[str]] = defaultdict(list)
    for attname, column in sheet.columns.items():
        values[attname] = column.find_differences(stored.old, stored.columns[column.field.name])
        for place in values[attname]:
            different[place].append(attname)
    groups: Dict[Tuple[str, ...], List[int]] = defaultdict(list)
    for place in sorted(different):
        groups[tuple(different[place])].append(place)
    unique = {attname for rule in rules_of(sheet.synced.model) for attname in rule.involved}
    if not unique.isdisjoint(attname for attnames in groups for attname in attnames):
        # Values may go from row to row, which the order of the records decides.
        raise NotPlain
    return [
        Part(places, {attname: [values[attname][place] for place in places] for attname in attnames})
        for attnames, places in groups.items()
    ]


def _check_references(state: PushState, sheet: Sheet, parts: Sequence[Part]) -> None:
    """Demand that every row that is newly named is there for this user. One query per foreign key."""
    for attname, column in sheet.columns.items():
        if column.field.references is not None:
            named = {value for part in parts for value in part.columns.get(attname, ())} - {None}
            if named and len(find_targets(state, column.field, named)) < len(named):
                raise NotPlain


def _update(state: PushState, sheet: Sheet, keys: Sequence[Any], part: Part) -> None:
    """Write rows that change in the same columns."""
    moments = {name: [moment] * len(part.places) for name, moment in make_moments(sheet.synced).items()}
    own = [keys[place] for place in part.places]
    update_columns(state.scope, sheet.synced, own, {**part.columns, **moments}, state.using)


def _insert(state: PushState, sheet: Sheet, keys: Sequence[Any], part: Part) -> Sequence[Any]:
    """Write new rows and return their keys."""
    defaults = find_defaults(sheet.synced.model)
    if defaults is None:
        raise NotPlain
    count, given = len(part.places), dict(part.columns)
    if sheet.keys is not None:
        given[sheet.schema.key.attname] = [keys[place] for place in part.places]
    tenant = sheet.synced.tenant
    if tenant is not None and tenant.field is not None:
        given[tenant.field.attname] = [state.scope.site_id] * count
    made = {name: [make() for _ in range(count)] for name, make in defaults.makers.items() if name not in given}
    if any(hasattr(value, "resolve_expression") for values in made.values() for value in values):
        raise NotPlain
    table: Columns = {name: [value] * count for name, value in defaults.values.items()}
    told = insert_columns(sheet.synced, {**table, **made, **given}, state.using)
    if told is None:
        raise NotPlain
    return told


def _read_back(state: PushState, sheet: Sheet, keys: Sequence[Any]) -> Dict[Any, str]:
    """Return the versions of the rows that were written, by key in JSON; demand that the user may see each."""
    versions: Dict[Any, str] = {}
    if keys:
        settle_immediately(state.using)
    rows = scoped_queryset(state.scope, sheet.synced).using(state.using)
    for chunk in split(keys, state.using):
        columns = read_columns(sheet.schema, rows.filter(pk__in=AnyOf(rows.model._meta.pk, chunk)), state.using)
        versions.update(zip(columns[KEY], versions_of(sheet.schema, columns)))
    if len(versions) < len(keys):
        raise NotPlain
    return versions


def _keep_names(state: PushState, label: str, names: Sequence[str], keys: Sequence[Any]) -> None:
    """Remember what clients call rows that had no name from them yet."""
    for name, key in zip(names, keys):
        if state.client_ids.find(label, name) is None:
            state.client_ids.add(label, name, key)
    state.client_ids.save()


def _tell(
    sheet: Sheet, stored: Stored, shown: Sequence[Any], written: Sequence[int], versions: Mapping[Any, str]
) -> List[Dict[str, Any]]:
    """Return the results as the client is told them, in the order of the records."""
    statuses, told = [CREATED] * sheet.count, [""] * sheet.count
    for place, version in zip(stored.old, stored.versions):
        statuses[place], told[place] = UNCHANGED, version
    for place in written:
        statuses[place] = UPDATED if statuses[place] == UNCHANGED else CREATED
        told[place] = versions[shown[place]]
    label = sheet.schema.public_label
    results: List[Dict[str, Any]] = [
        {"index": place, MODEL: label, KEY: key, "status": status, VERSION: version}
        for place, (key, status, version) in enumerate(zip(shown, statuses, told))
    ]
    for result, name in zip(results, sheet.names or ()):
        result[CLIENT_ID] = name
    for result in results if sheet.ignored else ():
        result["ignored"] = list(sheet.ignored)
    return results
