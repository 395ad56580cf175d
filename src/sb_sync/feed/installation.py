"""Putting triggers in place, and telling which stand as they should."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Tuple, Type

from django.db import OperationalError, transaction

from sb_sync.feed.backends import FeedBackend, backend_for
from sb_sync.feed.backends.base import InstallationBlocked, Trigger
from sb_sync.feed.plan import Capture, make_plan

__all__ = ["CaptureState", "InstallReport", "State", "find_captured", "find_states", "has_log", "install", "remove_all"]

ATTEMPTS = 5
PAUSE_SECONDS = 0.2
IN_USE = (
    "the table is in use, so its triggers could not be replaced; end the transactions that are open on it, then run"
    " manage.py sync_feed --action install"
)

_digests: Dict[Type[FeedBackend], Dict[Capture, Mapping[str, str]]] = {}


class State(str, Enum):
    """How the capture of one table stands."""

    INSTALLED = "INSTALLED"
    #: Writes are captured, by triggers of another definition than the present one.
    OUTDATED = "OUTDATED"
    #: Writes may go by unseen.
    MISSING = "MISSING"


@dataclass(frozen=True)
class CaptureState:
    """The state of one table's capture; `surplus` tells that the table is not to be captured any more."""

    table: str
    state: State
    surplus: bool = False


@dataclass(frozen=True)
class InstallReport:
    """What an installation did, by tables: newly captured ones were reset; `failed` ones say why."""

    installed: Sequence[str]
    reset: Sequence[str]
    removed: Sequence[str]
    failed: Mapping[str, str]


def has_log(using: str) -> bool:
    """Tell whether the database has the log's table."""
    backend = backend_for(using)
    return bool(backend.columns([backend.log_table]))


def find_states(using: str) -> List[CaptureState]:
    """Return the state of every table's capture, sorted by table."""
    backend = backend_for(using)
    captures = make_plan(using).captures
    standing = _by_table(backend.triggers())
    states = [
        CaptureState(table, _state(backend, capture, standing.get(table, []))) for table, capture in captures.items()
    ]
    states += [CaptureState(table, State.OUTDATED, surplus=True) for table in standing if table not in captures]
    return sorted(states, key=lambda found: found.table)


def find_captured(using: str, guards: Mapping[str, Iterable[str]], triggers: Iterable[Trigger]) -> FrozenSet[str]:
    """Return those labels whose tables are all captured by the present definitions, out of the tables' triggers."""
    captures = make_plan(using).captures
    backend = backend_for(using)
    standing = _by_table(triggers)
    good = {
        table
        for table in {table for tables in guards.values() for table in tables} & captures.keys()
        if _state(backend, captures[table], standing.get(table, [])) is State.INSTALLED
    }
    return frozenset(label for label, tables in guards.items() if good.issuperset(tables))


def install(
    using: str,
    *,
    force: bool = False,
    dry_run: bool = False,
    progress: Optional[Callable[[int, int, str], None]] = None,
) -> InstallReport:
    """Put every capture of a database in place, a transaction for each table; with force also those that stand.

    `progress` is called with how many tables are done, how many there are, and the next one. With `dry_run` nothing is
    done: the report tells what would be.
    """
    backend = backend_for(using)
    captures = make_plan(using).captures
    standing = _by_table(backend.triggers())
    states = {table: _state(backend, capture, standing.get(table, [])) for table, capture in captures.items()}
    wanted = [capture for table, capture in captures.items() if force or states[table] is not State.INSTALLED]
    surplus = sorted(set(standing) - set(captures))
    if dry_run:
        tables = [capture.table for capture in wanted]
        return InstallReport(tables, [table for table in tables if states[table] is State.MISSING], surplus, {})
    reset, failed = _install_each(backend, wanted, progress or _tell_nobody)
    removed: List[str] = []
    for table in surplus:
        try:
            _patiently(backend, partial(_remove_one, backend, table))
        except InstallationBlocked as error:
            failed[table] = str(error)
        else:
            removed.append(table)
    installed = [capture.table for capture in wanted if capture.table not in failed]
    return InstallReport(installed, reset, removed, failed)


def _install_each(
    backend: FeedBackend, wanted: Sequence[Capture], progress: Callable[[int, int, str], None]
) -> Tuple[List[str], Dict[str, str]]:
    """Install captures; return the tables that were reset, and why others failed."""
    reset: List[str] = []
    failed: Dict[str, str] = {}
    present = backend.columns({table for capture in wanted for table in capture.named_tables}) if wanted else set()
    for number, capture in enumerate(wanted):
        progress(number, len(wanted), capture.table)
        absent = sorted(capture.named_columns - present)
        if absent:
            failed[capture.table] = "there is no column {1} of a table {0}".format(*absent[0])
            continue
        try:
            if _patiently(backend, partial(_install_one, backend, capture)):
                reset.append(capture.table)
        except InstallationBlocked as error:
            failed[capture.table] = str(error)
    return reset, failed


def _tell_nobody(done: int, total: int, table: str) -> None:
    """Take what nobody asked for."""


def remove_all(using: str) -> None:
    """Take all triggers away. Raises `InstallationBlocked`, with the table's name, where one is in use."""
    backend = backend_for(using)
    for table in sorted(_by_table(backend.triggers())):
        try:
            _patiently(backend, partial(_remove_one, backend, table))
        except InstallationBlocked as error:
            raise InstallationBlocked(f"{table}: {error}") from error


def _install_one(backend: FeedBackend, capture: Capture) -> bool:
    """Replace one table's triggers, and reset the table where writes may have gone by."""
    backend.hold_table(capture.table)
    was_captured = is_captured(capture, backend.triggers([capture.table]))
    backend.install(capture, reset=not was_captured)
    return not was_captured


def _remove_one(backend: FeedBackend, table: str) -> bool:
    backend.hold_table(table)
    backend.remove(backend.triggers([table]))
    return True


def _patiently(backend: FeedBackend, work: Callable[[], bool]) -> bool:
    """Do one table's work in a transaction of its own; where the table is in use, try again.

    Raises `InstallationBlocked` where it stays in use.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(using=backend.using):
                return work()
        except OperationalError as error:
            if not backend.is_blocked(error):
                raise
            if attempt == ATTEMPTS:
                raise InstallationBlocked(IN_USE) from error
            time.sleep(PAUSE_SECONDS * attempt)
    return False


def _state(backend: FeedBackend, capture: Capture, standing: Sequence[Trigger]) -> State:
    """Return how a table's capture stands, out of its triggers."""
    expected = _expected_digests(backend, capture)
    found = {trigger.event: trigger.mark.digest for trigger in standing if trigger.mark and trigger.is_whole}
    if found == expected and len(standing) == len(expected) and is_captured(capture, standing):
        return State.INSTALLED
    return State.OUTDATED if is_captured(capture, standing) else State.MISSING


def _expected_digests(backend: FeedBackend, capture: Capture) -> Mapping[str, str]:
    """Return the digests of a definition, computed once in each process: every pull compares them."""
    known = _digests.setdefault(type(backend), {})
    if capture not in known:
        known[capture] = backend.digests(capture)
    return known[capture]


def is_captured(capture: Capture, standing: Sequence[Trigger]) -> bool:
    """Tell whether no write of the table can have gone by, under its present name and key."""
    marks = [trigger.mark for trigger in standing if trigger.mark is not None and trigger.is_whole]
    if not marks or len({mark.events for mark in marks}) != 1:
        return False
    is_complete = {trigger.event for trigger in standing if trigger.is_whole} >= set(marks[0].events)
    return is_complete and all((mark.table, mark.key) == (capture.table, capture.key) for mark in marks)


def _by_table(triggers: Iterable[Trigger]) -> Dict[str, List[Trigger]]:
    found: Dict[str, List[Trigger]] = {}
    for trigger in triggers:
        found.setdefault(trigger.table, []).append(trigger)
    return found
