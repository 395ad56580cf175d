"""The records of one database: put in order, then applied wave by wave inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Dict, List, Sequence, Set, Type

from django.db import transaction
from django.db.models import Model

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.push.accesses import find_accesses
from sb_sync.push.batch import Outcome, Record, Task
from sb_sync.push.cascades import walk
from sb_sync.push.client_ids import names_in
from sb_sync.push.locate import find_key
from sb_sync.push.order import Turn, find_order
from sb_sync.push.state import PushState
from sb_sync.push.waves import run_wave

__all__ = ["apply_records"]

# How often a push begins again without the records whose second turn failed; then all that need one are refused.
MAX_ROUNDS = 12


class _SecondTurnFailed(Exception):
    """A record was half done when the rest of it was refused: undo everything and begin without it."""


def apply_records(scope: Scope, records: Sequence[Record], using: str) -> PushState:
    """Apply records so that the outcome is that of one by one in the order of the array."""
    refused: Dict[int, Outcome] = {}
    for round_number in range(MAX_ROUNDS + 1):
        state = PushState(scope, using)
        left = [record for record in records if record.index not in refused]
        try:
            _apply(state, left, refuse_second=round_number == MAX_ROUNDS)
        except _SecondTurnFailed:
            refused.update(state.failed_seconds)
        else:
            break
    state.outcomes.update(refused)
    return state


def _apply(state: PushState, records: Sequence[Record], *, refuse_second: bool) -> None:
    """Apply records once; raises where the second turn of one fails."""
    state.client_ids.load(names_in(records))
    _load_rows(state, records)
    waves = _order(state, records)
    if not any(task.without for wave in waves for task in wave):
        _run(state, waves)
        return
    with transaction.atomic(using=state.using):
        _run(state, waves)
        if refuse_second and state.failed_seconds:
            state.failed_seconds.update(
                (task.record.index, state.failed_seconds.get(task.record.index) or _first(state.failed_seconds))
                for wave in waves
                for task in wave
                if task.without
            )
        if state.failed_seconds:
            raise _SecondTurnFailed


def _first(outcomes: Dict[int, Outcome]) -> Outcome:
    return next(iter(outcomes.values()))


def _run(state: PushState, waves: Sequence[Sequence[Task]]) -> None:
    for wave in waves:
        run_wave(state, wave)


def _load_rows(state: PushState, records: Sequence[Record]) -> None:
    """Read and lock all rows that records name, model after model in one order for all pushes."""
    keys: Dict[str, List[Any]] = defaultdict(list)
    for record in records:
        key = find_key(state, record)
        if key is not None:
            keys[record.label].append(key)
    for label, synced in catalog.synced_models().items():
        if label in keys:
            state.rows.load(synced, keys[label])


def _order(state: PushState, records: Sequence[Record]) -> List[List[Task]]:
    """Return the tasks in waves."""
    accesses, present = find_accesses(records, state.client_ids, state.rows, walk(_roots(state, records), state.using))
    return [[_make_task(records[turn.place], turn) for turn in wave] for wave in find_order(accesses, present)]


def _make_task(record: Record, turn: Turn) -> Task:
    if turn.is_second:
        return Task(record, only=turn.put_off)
    return Task(record, without=turn.put_off)


def _roots(state: PushState, records: Sequence[Record]) -> Dict[Type[Model], Set[Any]]:
    """Return the rows that records delete; alone in its push, a deletion touches no other record."""
    roots: Dict[Type[Model], Set[Any]] = defaultdict(set)
    if len(records) > 1:
        for record in records:
            key = find_key(state, record)
            row = state.rows.find(record.label, key)
            if record.is_deletion and row is not None and row.is_visible:
                roots[record.synced.model].add(key)
    return roots
