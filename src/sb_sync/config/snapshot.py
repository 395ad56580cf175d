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
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseUnreachable

from sb_sync.config.declaration import InvalidSetting, Setting
from sb_sync.config.model_discovery import MODEL_DISCOVERY
from sb_sync.config.settings import SETTINGS
from sb_sync.config.store import MemoryStore, Place, Row, Store

__all__ = [
    "DISCOVERY_SECTION",
    "SECTIONS",
    "SETTINGS_SECTION",
    "Snapshot",
    "current",
    "declaration",
    "discovery_values",
    "find_faults",
    "project_value",
    "read",
    "refresh",
    "release",
    "renew",
    "setting",
    "store",
    "use_store",
    "value_of",
    "value_without",
]

SETTINGS_SECTION = "SETTINGS"
DISCOVERY_SECTION = "MODEL_DISCOVERY"
SECTIONS: Mapping[str, Mapping[str, Setting]] = MappingProxyType(
    {SETTINGS_SECTION: SETTINGS, DISCOVERY_SECTION: MODEL_DISCOVERY}
)
UNSET: Any = object()

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
    for known in (current(), _newest):
        if rows == known.rows:
            return _tell_others(known)
    return _tell_others(_make(rows))


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


def value_without(section: str, key: str) -> Any:
    """Return what one key holds where nothing is set in the database."""
    value = project_value(section, key)
    declared = SECTIONS[section][key]
    return declared.default if value is UNSET or declared.fault(value) else value


def project_value(section: str, key: str) -> Any:
    """Return what the project's settings say of a key, or `UNSET`."""
    given: Any = getattr(settings, "SB_SYNC", {})
    if section != SETTINGS_SECTION and isinstance(given, dict):
        given = given.get(section, {})
    return given.get(key, UNSET) if isinstance(given, dict) else UNSET


def declaration(section: str, key: str) -> Setting:
    """Return what a key may hold. Raises `InvalidSetting` where there is no such section or key."""
    if section not in SECTIONS:
        raise InvalidSetting("{!r:.100} is no section; those are {}.".format(section, ", ".join(SECTIONS)))
    if key not in SECTIONS[section]:
        known = ", ".join(SECTIONS[section])
        raise InvalidSetting(f"{key!r:.100} is no key of {section}; those are {known}.")
    return SECTIONS[section][key]


def find_faults() -> List[Tuple[str, str]]:
    """Return (key, what is wrong) for each unknown or ill-typed key of `SB_SYNC`."""
    given: Any = getattr(settings, "SB_SYNC", {})
    if not isinstance(given, dict):
        return [("SB_SYNC", "must be a dict")]
    faults = _find_section_faults(SETTINGS_SECTION, {k: v for k, v in given.items() if k != DISCOVERY_SECTION})
    discovery = given.get(DISCOVERY_SECTION, {})
    if isinstance(discovery, dict):
        faults += [
            (f"{DISCOVERY_SECTION}.{key}", fault) for key, fault in _find_section_faults(DISCOVERY_SECTION, discovery)
        ]
    else:
        faults.append((DISCOVERY_SECTION, "must be a dict"))
    return sorted(faults)


def _tell_others(snapshot: Snapshot) -> Snapshot:
    """Let contexts that hold nothing go by a snapshot, unless it was read in a transaction, which may yet fail."""
    global _newest
    if not _store.is_in_transaction():
        _newest = snapshot
    return snapshot


def _find_section_faults(section: str, given: Mapping[Any, Any]) -> List[Tuple[str, str]]:
    declared = SECTIONS[section]
    found = (
        (str(key), declared[key].fault(value) if key in declared else "is not a setting of sb_sync")
        for key, value in given.items()
    )
    return [(key, fault) for key, fault in found if fault]


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
