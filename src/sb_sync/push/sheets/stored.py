"""Fourth step: the rows that stand under the keys of a sheet, locked, as columns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence

from django.db import connections

from sb_sync.access import plain_condition, scoped_queryset
from sb_sync.catalog import AUTOMATIC
from sb_sync.optimizations.any_of import AnyOf
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import KEY
from sb_sync.push.sheets.sheet import NotPlain, Sheet
from sb_sync.push.state import PushState
from sb_sync.push.validate import required_fields
from sb_sync.wire import encode_column, read_columns, versions_of

__all__ = ["Stored", "find_stored"]


@dataclass(frozen=True)
class Stored:
    """Which records of a sheet name a row, and which make one: their places in it.

    `keys` are those of all records, None where the database will make one, `shown` the same as JSON. `columns` are the
    rows as JSON by name on the wire, `versions` their versions, both in the order of `old`.
    """

    keys: List[Any]
    shown: Sequence[Any]
    old: Sequence[int]
    new: Sequence[int]
    columns: Mapping[str, Sequence[Any]]
    versions: Sequence[str]


def find_stored(state: PushState, sheet: Sheet) -> Stored:
    """Read and lock the rows; raises `NotPlain` where a record cannot simply be written into one, or as a new one."""
    keys = _find_keys(state, sheet)
    shown = list(encode_column(sheet.schema.key, keys))
    places = dict(zip(shown, range(sheet.count)))
    columns = _lock(state, sheet, [key for key in keys if key is not None])
    old = [places[key] for key in columns[KEY]]
    known = set(old)
    everything = range(sheet.count)
    new: Sequence[int] = [place for place in everything if place not in known] if known else everything
    versions = versions_of(sheet.schema, columns) if old else []
    _check_versions(sheet, old, versions)
    if new:
        _check_new(state, sheet, new)
    return Stored(keys, shown, old, new, columns, versions)


def _find_keys(state: PushState, sheet: Sheet) -> List[Any]:
    """Return the keys that records have, or that their names stand for; none may come twice."""
    keys: List[Any] = [None] * sheet.count if sheet.keys is None else list(sheet.keys)
    if sheet.names is not None:
        state.client_ids.load(set(sheet.names))
        for place, name in enumerate(sheet.names):
            named = state.client_ids.find(sheet.synced.label, name)
            if named is not None:
                if keys[place] not in (None, named):
                    raise NotPlain
                keys[place] = named
        given = [key for key in keys if key is not None]
        if len(set(given)) < len(given):
            raise NotPlain
    return keys


def _lock(state: PushState, sheet: Sheet, keys: Sequence[Any]) -> Mapping[str, Sequence[Any]]:
    """Return the rows, locked in the order of their keys so that two pushes never wait for each other; all in view.

    Where a column of their own tells who sees them, rows out of view are not found: to make new ones of their keys
    fails, as it does with those that come up meanwhile.
    """
    model, key = sheet.synced.model, sheet.synced.model._meta.pk
    columns: Dict[str, List[Any]] = defaultdict(list)
    condition = plain_condition(state.scope, sheet.synced)
    visible = 0
    for chunk in split(keys, state.using):
        found = model._base_manager.using(state.using).filter(pk__in=AnyOf(key, chunk), **(condition or {}))
        found = found.order_by("pk")
        if connections[state.using].features.has_select_for_update:
            found = found.select_for_update()
        part = read_columns(sheet.schema, found, state.using)
        for name, values in part.items():
            columns[name] += values
        if condition is not None:
            visible += len(part[KEY])
        elif part[KEY]:
            seen = scoped_queryset(state.scope, sheet.synced).using(state.using).filter(pk__in=AnyOf(key, chunk))
            visible += len(set(seen.values_list("pk", flat=True)))
    if visible < len(columns[KEY]):
        raise NotPlain
    return columns


def _check_versions(sheet: Sheet, old: Sequence[int], versions: Sequence[str]) -> None:
    """Demand that no row changed since a client saw it."""
    if sheet.versions is not None:
        for place, version in zip(old, versions):
            if sheet.versions[place] not in (None, version):
                raise NotPlain


def _check_new(state: PushState, sheet: Sheet, new: Sequence[int]) -> None:
    """Demand that new rows may have their keys, were never seen or named, and lack nothing."""
    label = sheet.synced.label
    is_possible = not sheet.schema.key.is_required if sheet.keys is None else sheet.synced.key_kind != AUTOMATIC
    was_seen = sheet.versions is not None and any(sheet.versions[place] is not None for place in new)
    names = [] if sheet.names is None else [sheet.names[place] for place in new]
    # A name whose row is gone stands for that row all the same.
    was_named = any(state.client_ids.find(label, name) is not None for name in names)
    if was_seen or was_named or not is_possible:
        raise NotPlain
    if any(field.attname not in sheet.columns for field in required_fields(sheet.synced)):
        raise NotPlain
