"""The records of one database: put in order, then applied wave by wave inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Set, Type

from django.db import transaction
from django.db.models import Model

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.push.accesses import find_accesses
from sb_sync.push.apart import stand_apart
from sb_sync.push.batch import Outcome, Record, Task
from sb_sync.push.cascades import walk
from sb_sync.push.client_ids import names_in
from sb_sync.push.faults import working_on
from sb_sync.push.locate import find_key
from sb_sync.push.order import Turn, find_order
from sb_sync.push.state import PushState
from sb_sync.push.waves import run_wave

__all__ = ["apply_records"]

# How often a push begins again without the records whose second turn failed; then all that need one are refused.
MAX_ROUNDS = 12
# In how many of these long chains are shortened: a record that fails then is tried again in its own place of the chain.
EASY_ROUNDS = 3


class _BeginAgain(Exception):
    """A record was half done when the rest of it was refused, or was refused out of its place: undo everything."""


@dataclass
class _Plan:
    """What is known from rounds before: the refused by index, and whose references are not put off for speed."""

    refused: Dict[int, Outcome] = field(default_factory=dict)
    stiff: Set[int] = field(default_factory=set)
    is_easy: bool = True
    is_last: bool = False


def apply_records(scope: Scope, records: Sequence[Record], using: str) -> PushState:
    """Apply records so that the outcome is that of one by one in the order of the array."""
    plan = _Plan()
    for round_number in range(MAX_ROUNDS + 1):
        plan.is_easy = round_number < EASY_ROUNDS
        plan.is_last = round_number == MAX_ROUNDS
        state = PushState(scope, using)
        try:
            _apply(state, [record for record in records if record.index not in plan.refused], plan)
        except _BeginAgain:
            continue
        break
    state.outcomes.update(plan.refused)
    return state


def _apply(state: PushState, records: Sequence[Record], plan: _Plan) -> None:
    """Apply records once; raises where some have to be applied otherwise, and notes them."""
    state.client_ids.load(names_in(records))
    _load_rows(state, records)
    waves = _order(state, records, plan)
    halved = [task for wave in waves for task in wave if task.without]
    if not halved:
        _run(state, waves)
        return
    with transaction.atomic(using=state.using):
        _run(state, waves)
        if _find_failures(state, halved, plan):
            raise _BeginAgain


def _find_failures(state: PushState, halved: Sequence[Task], plan: _Plan) -> bool:
    """Note the records with two turns that failed; tell whether there are any.

    One whose turns were parted for speed alone is tried in its place before it is held to be refused.
    """
    failed = state.failed_seconds
    eased = {task.record.index for task in halved if task.is_eased}
    stiff = {index for index in eased if index in failed or not state.outcomes[index].is_applied}
    refused = {index: outcome for index, outcome in failed.items() if index not in eased}
    if refused and plan.is_last:
        first = next(iter(refused.values()))
        refused.update((task.record.index, failed.get(task.record.index) or first) for task in halved)
    plan.stiff |= stiff
    plan.refused.update(refused)
    return bool(stiff or refused)


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
            with working_on(label):
                state.rows.load(synced, keys[label])


def _order(state: PushState, records: Sequence[Record], plan: _Plan) -> List[List[Task]]:
    """Return the tasks in waves."""
    if stand_apart(state, records):
        return [[Task(record) for record in records]]
    accesses, present = find_accesses(state, records, walk(_roots(state, records), state.using))
    stiff = {place for place, record in enumerate(records) if not plan.is_easy or record.index in plan.stiff}
    return [[_make_task(records[turn.place], turn) for turn in wave] for wave in find_order(accesses, present, stiff)]


def _make_task(record: Record, turn: Turn) -> Task:
    if turn.is_second:
        return Task(record, only=turn.put_off)
    return Task(record, without=turn.put_off, is_eased=turn.is_eased)


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
