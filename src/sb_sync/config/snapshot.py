"""What is set, as this process knows it.

Whoever begins a piece of work (a request, a page of a stream, a command, a task) calls `refresh`, which reads all that
is set in one small statement. Until the next one that context sees the same values, whatever other threads learn: a
model cannot vanish in the middle of a pull. `setting` never asks the database.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseUnreachable

from sb_sync.cache_counts import count_cache
from sb_sync.config.declaration import InvalidSetting
from sb_sync.config.model_discovery import MODEL_DISCOVERY
from sb_sync.config.sections import DISCOVERY_SECTION, SETTINGS_SECTION, UNSET, declaration, value_without
from sb_sync.config.settings import SETTINGS
from sb_sync.config.store import MemoryStore, Place, Row, Store

__all__ = [
    "Snapshot",
    "current",
    "discovery_values",
    "read",
    "refresh",
    "release",
    "renew",
    "setting",
    "store",
    "use_store",
    "value_of",
]

logger = logging.getLogger("sb_sync")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What was set at one moment.

    `values` holds what is good, `faults` what is wrong with the rest, by place. In `memo` other rooms keep what they
    make of it: it ends with the snapshot.
    """

    rows: Tuple[Row, ...] = ()
    values: Mapping[Place, Any] = field(default_factory=dict)
    faults: Mapping[Place, str] = field(default_factory=dict)
    memo: Dict[str, Any] = field(default_factory=dict)


_count = count_cache("configuration")
_memory = MemoryStore()
_store: Store = _memory
_newest = Snapshot()
_held: ContextVar[Optional[Snapshot]] = ContextVar("sb_sync_configuration", default=None)


def use_store(found: Store) -> None:
    """Keep set values there, as soon as it has a table."""
    global _store
    _store = found


def store() -> Store:
    """Return where set values are kept now: in memory while there is no table."""
    return _memory if _store.read() is None else _store


def current() -> Snapshot:
    """Return what this context goes by: what it read last, else the newest that any other did."""
    return _held.get() or _newest


def read(rows: Optional[Tuple[Row, ...]] = None) -> Snapshot:
    """Read what is set, unless `rows` were read already; a database that is away leaves what was known."""
    try:
        rows = _store.read() if rows is None else rows
    except DatabaseUnreachable:
        return current()
    if rows is None:
        rows = _memory.read()
    known = next((each for each in (current(), _newest) if rows == each.rows), None)
    _count.add(hit=known is not None)
    return _tell_others(_make(rows) if known is None else known)


def refresh(rows: Optional[Tuple[Row, ...]] = None) -> Snapshot:
    """Read what is set, and let this context go by it until the next time; `rows` may have been read already."""
    snapshot = read(rows)
    _held.set(snapshot)
    return snapshot


def renew(prepare: Callable[[Snapshot], None]) -> Snapshot:
    """Go by a new snapshot of the values that are known, once `prepare` has made what others need of it."""
    known = current()
    snapshot = Snapshot(known.rows, known.values, known.faults)
    prepare(snapshot)
    _held.set(_tell_others(snapshot))
    return snapshot


def release(**_: Any) -> None:
    """Go by the newest that any context knows: at the begin of a request, which may never ask for more."""
    _held.set(None)


def setting(name: str) -> Any:
    """Return the value of one key of `SB_SYNC`: what is set in the database, else by the project, else the default.

    Raises `ImproperlyConfigured` where the project's value is of a wrong type, with the mend.
    """
    found = current().values.get((SETTINGS_SECTION, name), UNSET)
    if found is not UNSET:
        return found
    declared = SETTINGS[name]
    value = getattr(settings, "SB_SYNC", {}).get(name, declared.default)
    fault = declared.fault(value)
    if fault:
        raise ImproperlyConfigured(f"SB_SYNC[{name!r}] {fault}.")
    return value


def discovery_values(snapshot: Optional[Snapshot] = None) -> Dict[str, Any]:
    """Return the value of every key of MODEL_DISCOVERY."""
    chosen = current() if snapshot is None else snapshot
    return {key: value_of(DISCOVERY_SECTION, key, chosen) for key in MODEL_DISCOVERY}


def value_of(section: str, key: str, snapshot: Snapshot) -> Any:
    """Return what one key holds; what the project says wrongly is its default, and a check tells of it."""
    found = snapshot.values.get((section, key), UNSET)
    return value_without(section, key) if found is UNSET else found


def _tell_others(snapshot: Snapshot) -> Snapshot:
    """Let contexts that hold nothing go by a snapshot, unless it was read in a transaction, which may yet fail."""
    global _newest
    if not _store.is_in_transaction():
        _newest = snapshot
    return snapshot


def _make(rows: Tuple[Row, ...]) -> Snapshot:
    """Read rows; what other hands wrote wrongly holds nothing, and is told of."""
    values: Dict[Place, Any] = {}
    faults: Dict[Place, str] = {}
    for section, key, text in rows:
        try:
            declared = declaration(section, key)
            value = declared.from_json(json.loads(text))
            fault = declared.fault(value)
        except InvalidSetting as error:
            fault = str(error)
        except (ValueError, RecursionError):
            fault = "is no JSON"
        if fault:
            faults[section, key] = fault
            logger.warning("What is set for %s.%s %s, and is not used.", section, key, fault)
        else:
            values[section, key] = value
    return Snapshot(rows, MappingProxyType(values), MappingProxyType(faults))
