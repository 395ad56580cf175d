"""`SyncConfig`: what is set, for the project's code, pages and commands."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Callable, FrozenSet, Iterable, List, Mapping, Optional

from django.dispatch import Signal

from sb_sync.config import snapshot as state
from sb_sync.config.declaration import InvalidSetting, Setting
from sb_sync.config.sections import SECTIONS, UNSET, declaration, project_value
from sb_sync.config.store import REMOVED, Change, Guard, Place

__all__ = ["DATABASE", "DEFAULT", "PROJECT", "KeyState", "SyncConfig", "configuration_changed"]

#: Where a value is from: set in the database, by the project's settings, or nowhere.
DATABASE, PROJECT, DEFAULT = "database", "project", "default"
#: Sent with `places`, the (section, key) that were set or reset, after that is committed, in the process that did it.
configuration_changed = Signal()


@dataclass(frozen=True)
class KeyState:
    """One key as it stands: `source` says where its value is from, `fault` what is wrong with what is set."""

    section: str
    key: str
    value: Any
    source: str
    declared: Setting
    fault: str = ""


class SyncConfig:
    """Settings that are kept in the database and hold in every process at once.

    Each call asks the database, in one small statement. What runs often takes `setting`, which does not.
    """

    @staticmethod
    def get_config(section: str, key: str, default: Any = None) -> Any:
        """Return what a key holds: set in the database, else by `settings.SB_SYNC`, else the package's default.

        `default` counts only for a key that has none. Raises `InvalidSetting` for an unknown section or key.
        """
        declaration(section, key)
        value = copy.deepcopy(state.value_of(section, key, state.read()))
        return default if value is None else value

    @staticmethod
    def set_config(
        section: str, key: str, value: Any, *, user: Any = None, reason: str = "", description: Optional[str] = None
    ) -> None:
        """Set a key, in every process at once; user and reason stand in its history, the description beside it.

        Raises `InvalidSetting` for an unknown section or key, and a value that the key cannot hold.
        """
        change = _make_change((section, key), value, description)
        _write([change], user=user, reason=reason, guard=None)

    @staticmethod
    def set_many(
        values: Mapping[Place, Any],
        *,
        removed: Iterable[Place] = (),
        user: Any = None,
        reason: str = "",
        guard: Optional[Guard] = None,
    ) -> None:
        """Set several keys, and give those `removed` their defaults again, all or none.

        Raises `InvalidSetting` with everything that is wrong. `guard` gets what is set, as JSON by place, while nobody
        else can set it; what it raises stops the writing.
        """
        faults = [fault for place, value in values.items() for fault in find_value_faults(*place, value)]
        if faults:
            raise InvalidSetting("\n".join(faults))
        changes = [_make_change(place, value) for place, value in values.items()]
        changes += [Change(section, key, REMOVED) for section, key in removed]
        _write(changes, user=user, reason=reason, guard=guard)

    @staticmethod
    def reset(places: Iterable[Place], *, user: Any = None, reason: str = "") -> None:
        """Give keys their defaults again; also what other hands set under names that do not exist."""
        _write([Change(section, key, REMOVED) for section, key in places], user=user, reason=reason, guard=None)

    @staticmethod
    def describe(section: Optional[str] = None) -> List[KeyState]:
        """Return every key as it stands, or those of one section. Raises `InvalidSetting` for an unknown one."""
        if section is not None and section not in SECTIONS:
            raise InvalidSetting("{!r:.100} is no section; those are {}.".format(section, ", ".join(SECTIONS)))
        found = state.read()
        return [
            _describe(name, key, found) for name, keys in SECTIONS.items() for key in keys if section in (None, name)
        ]


def find_value_faults(section: str, key: str, value: Any) -> List[str]:
    """Return what keeps a key from holding a value, what the value names included."""
    try:
        declared = declaration(section, key)
    except InvalidSetting as error:
        return [str(error)]
    fault = declared.fault(value)
    if not fault and declared.look_up is not None:
        fault = declared.look_up(value)
    return [f"{section}.{key} {fault}."] if fault else []


def _make_change(place: Place, value: Any, description: Optional[str] = None) -> Change:
    """Return the change that sets a key. Raises `InvalidSetting` for a value that it cannot hold."""
    faults = find_value_faults(*place, value)
    if faults:
        raise InvalidSetting("\n".join(faults))
    return Change(*place, declaration(*place).to_json(value), description)


def _describe(section: str, key: str, found: state.Snapshot) -> KeyState:
    if (section, key) in found.values:
        source = DATABASE
    else:
        source = DEFAULT if project_value(section, key) is UNSET else PROJECT
    return KeyState(
        section=section,
        key=key,
        value=copy.deepcopy(state.value_of(section, key, found)),
        source=source,
        declared=SECTIONS[section][key],
        fault=found.faults.get((section, key), ""),
    )


def _write(changes: List[Change], *, user: Any, reason: str, guard: Optional[Guard]) -> None:
    """Make changes; this context goes by them at once, all others once they are committed."""
    places: FrozenSet[Place] = frozenset(change.place for change in changes)
    state.store().write(
        sorted(changes, key=lambda change: change.place),
        guard=guard or _allow,
        user=user,
        reason=reason,
        committed=_announcer(places),
    )
    state.refresh()


def _announcer(places: FrozenSet[Place]) -> Callable[[], None]:
    def announce() -> None:
        state.refresh()
        configuration_changed.send(sender=SyncConfig, places=places)

    return announce


def _allow(standing: Mapping[Place, Any]) -> None:
    """Let everything be written."""
