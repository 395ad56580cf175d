"""What is set: shown, changed with a look at what it moves, checked, written to a file and read from one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from sb_sync import catalog, config, feed
from sb_sync.config import DISCOVERY_SECTION, SECTIONS, InvalidSetting, KeyState, SyncConfig
from sb_sync.config.store import Guard
from sb_sync.discovery import Decision
from sb_sync.feed.installation import has_log
from sb_sync.refusal import Refused

__all__ = [
    "ChangeReport",
    "KeyChange",
    "Summary",
    "change",
    "describe",
    "discover_with",
    "export",
    "find_faults",
    "read_values",
    "reset",
    "summarize",
]

Place = Tuple[str, str]


@dataclass(frozen=True)
class KeyChange:
    """One key before and after, as JSON writes its values."""

    section: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class ChangeReport:
    """What a change did, or would do; `moved_out` says why, `uncaptured` names tables whose triggers do not stand."""

    changes: Sequence[KeyChange]
    moved_in: Sequence[str]
    moved_out: Sequence[Tuple[str, str]]
    uncaptured: Sequence[str] = ()


@dataclass(frozen=True)
class Summary:
    """How many keys of a section have their value from where, and how many are set wrongly."""

    section: str
    sources: Mapping[str, int]
    faults: int


def describe(section: Optional[str] = None) -> List[KeyState]:
    """Return every key as it stands, or those of a section. Raises `Refused` for an unknown one."""
    try:
        return SyncConfig.describe(section)
    except InvalidSetting as error:
        raise Refused(str(error)) from error


def summarize() -> List[Summary]:
    """Return counts by section."""
    states = SyncConfig.describe()
    faults = Counter(section for section, _ in config.current().faults)
    return [
        Summary(section, Counter(state.source for state in states if state.section == section), faults[section])
        for section in SECTIONS
    ]


def change(
    values: Mapping[Place, Any],
    *,
    removed: AbstractSet[Place] = frozenset(),
    reason: str = "",
    user: Any = None,
    overwrite: bool = True,
    check: Optional[Guard] = None,
    dry_run: bool = False,
) -> ChangeReport:
    """Set keys, and give those `removed` their defaults again, all or none.

    Without `overwrite` no key is set that is set to something else already; `check` gets what is set, as JSON by place,
    while nobody else can set it, and raises to stop the writing. Raises `Refused` with everything that is wrong.
    """
    faults = [fault for place, value in values.items() for fault in config.find_value_faults(*place, value)]
    if faults:
        raise Refused(faults)
    wanted = {place: SECTIONS[place[0]][place[1]].to_json(value) for place, value in values.items()}

    def guard(standing: Mapping[Place, Any]) -> None:
        if check is not None:
            check(standing)
        taken = sorted(place for place, value in wanted.items() if place in standing and standing[place] != value)
        if taken and not overwrite:
            names = ", ".join(f"{section}.{key}" for section, key in taken)
            raise Refused(f"Set to something else already: {names}. Nothing was changed; --force overwrites.")

    if dry_run:
        guard(_stored())
    report = _compare(values, removed=removed)
    if dry_run:
        return report
    SyncConfig.set_many(values, removed=removed, user=user, reason=reason, guard=guard)
    return _follow_up(report)


def reset(
    section: Optional[str] = None,
    *,
    keys: Sequence[str] = (),
    reason: str = "",
    user: Any = None,
    dry_run: bool = False,
) -> ChangeReport:
    """Give every key, those of a section, or some of its keys, their defaults again.

    Raises `Refused` for an unknown section or key, unless it is set.
    """
    standing = _stored()
    places = [place for place in standing if section in (None, place[0]) and (not keys or place[1] in keys)]
    known = {(name, key) for name, declared in SECTIONS.items() for key in declared} | set(standing)
    unknown = [key for key in keys if not any(place == (section, key) for place in known)]
    if unknown or (section is not None and section not in {name for name, _ in known}):
        raise Refused("{} is not known.".format(".".join(str(part) for part in (section, *unknown[:1]))))
    report = _compare({}, removed=frozenset(places))
    if dry_run:
        return report
    SyncConfig.reset(places, user=user, reason=reason)
    return _follow_up(report)


def discover_with(values: Mapping[str, Any]) -> List[Decision]:
    """Return what would be decided with other values of MODEL_DISCOVERY. Raises `Refused` for wrong ones."""
    faults = [
        fault for key, value in values.items() for fault in config.find_value_faults(DISCOVERY_SECTION, key, value)
    ]
    if faults:
        raise Refused(faults)
    return catalog.preview({**config.discovery_values(), **values})


def export() -> Dict[str, Dict[str, Any]]:
    """Return what is set in the database by section and key, as JSON writes it."""
    document: Dict[str, Dict[str, Any]] = {section: {} for section in SECTIONS}
    for (section, key), value in sorted(config.read().values.items()):
        document[section][key] = SECTIONS[section][key].to_json(value)
    return document


def read_values(document: Mapping[str, Mapping[str, Any]]) -> Dict[Place, Any]:
    """Return the values that a file's sections mean. Raises `Refused` with everything that is wrong."""
    values: Dict[Place, Any] = {}
    faults: List[str] = []
    for section, keys in document.items():
        if section not in SECTIONS:
            faults.append("{!r:.100} is no section; those are {}.".format(section, ", ".join(SECTIONS)))
            continue
        for key, value in keys.items():
            declared = SECTIONS[section].get(key)
            values[section, key] = value if declared is None else declared.from_json(value)
            faults.extend(config.find_value_faults(section, key, values[section, key]))
    if faults:
        raise Refused(faults)
    return values


def find_faults() -> List[str]:
    """Return what is wrong with what is set, in the database and by the project."""
    found = config.read()
    faults = [f"{section}.{key} {fault}." for (section, key), fault in sorted(found.faults.items())]
    for (section, key), value in sorted(found.values.items()):
        faults.extend(config.find_value_faults(section, key, value))
    return faults + [f"settings.SB_SYNC: {key} {fault}." for key, fault in config.find_faults()]


def _stored() -> Dict[Place, Any]:
    """Return what stands in the table, wrong values included, as JSON."""
    stored: Dict[Place, Any] = {}
    for section, key, text in config.read().rows:
        try:
            stored[section, key] = json.loads(text)
        except ValueError:
            stored[section, key] = None
    return stored


def _compare(values: Mapping[Place, Any], *, removed: AbstractSet[Place]) -> ChangeReport:
    """Return what a change would do, before it is made."""
    standing = config.read()
    changes: List[KeyChange] = []
    discovery = config.discovery_values()
    for section, key in sorted({*values, *removed}):
        declared = SECTIONS.get(section, {}).get(key)
        if declared is None:
            changes.append(KeyChange(section, key, _stored().get((section, key)), None))
            continue
        before = config.value_of(section, key, standing)
        after = values[section, key] if (section, key) in values else config.value_without(section, key)
        if section == DISCOVERY_SECTION:
            discovery[key] = after
        changes.append(KeyChange(section, key, declared.to_json(before), declared.to_json(after)))
    was_in = {found.model._meta.label for found in catalog.decisions() if found.included}
    decided = catalog.preview(discovery)
    moved_in = [
        found.model._meta.label for found in decided if found.included and found.model._meta.label not in was_in
    ]
    moved_out = [
        (found.model._meta.label, found.reason)
        for found in decided
        if not found.included and found.model._meta.label in was_in
    ]
    return ChangeReport([each for each in changes if each.before != each.after], moved_in, moved_out)


def _follow_up(report: ChangeReport) -> ChangeReport:
    """Add to a report what the change left undone."""
    catalog.refresh()
    states = [
        state
        for using in sorted({synced.database for synced in catalog.synced_models().values()})
        if has_log(using)
        for state in feed.find_states(using)
    ]
    uncaptured = [state.table for state in states if state.state is not feed.State.INSTALLED and not state.surplus]
    return ChangeReport(report.changes, report.moved_in, report.moved_out, uncaptured)
