"""Deletions of one wave: what may go goes, with all that goes with it."""

from __future__ import annotations

import logging
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Type

from django.db import DataError, IntegrityError, transaction
from django.db.models import Model
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from sb_sync.access import scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import INTERNAL, REMOVED, UNCHANGED
from sb_sync.push.batch import Change, Outcome, Task, refuse
from sb_sync.push.cascades import Closure, find_blocked, protected, walk
from sb_sync.push.conflicts import tell_settled
from sb_sync.push.instances import call_project
from sb_sync.push.locate import find_key
from sb_sync.push.rows import root_label
from sb_sync.push.state import PushState
from sb_sync.push.views import Views, watch_deletion
from sb_sync.push.write import settle_immediately
from sb_sync.wire import ModelSchema

__all__ = ["delete_rows"]

Outcomes = Dict[int, Outcome]


class _ViewsChanged(Exception):
    """Other rows came into the user's view, or left it, by a deletion: roll it back."""


logger = logging.getLogger("sb_sync")


def delete_rows(state: PushState, synced: SyncedModel, schema: ModelSchema, tasks: Sequence[Task]) -> Outcomes:
    """Delete the rows that records name and return what became of each record, by index."""
    outcomes: Outcomes = {}
    standing: Dict[int, Any] = {}
    for task in tasks:
        key = find_key(state, task.record)
        row = state.rows.find(synced.label, key)
        if row is None or not row.is_visible:
            outcomes[task.record.index] = _absent(state, synced, schema, key)
        else:
            standing[task.record.index] = key
    left = [task for task in tasks if task.record.index not in outcomes]
    if left:
        outcomes.update(_delete_standing(state, synced, schema, left, standing))
    return outcomes


def _absent(state: PushState, synced: SyncedModel, schema: ModelSchema, key: Any) -> Outcome:
    """Return what became of the deletion of a row that is not there, or not for this user."""
    shown = None if key is None else schema.key.encode(key)
    is_taken = (root_label(synced.model), key) in state.taken
    return Outcome(REMOVED if is_taken else UNCHANGED, key=shown)


def _delete_standing(
    state: PushState, synced: SyncedModel, schema: ModelSchema, tasks: Sequence[Task], keys: Dict[int, Any]
) -> Outcomes:
    """Delete rows that are there, but for those that something keeps."""
    model = synced.model
    wanted = {task.record.index: keys[task.record.index] for task in tasks}
    closure = walk({model: wanted.values()}, state.using)
    blocked = find_blocked(state.scope, closure, {(model, key) for key in wanted.values()}, state.using)
    outcomes: Outcomes = {index: protected() for index, key in wanted.items() if (model, key) in blocked}
    left = [task for task in tasks if task.record.index not in outcomes]
    if state.route(synced).deletes_one_by_one:
        for task in left:
            outcomes.update(_delete_through_instance(state, closure, task, wanted[task.record.index]))
    elif left:
        outcomes.update(_delete_set(state, closure, left, wanted))
    for task in left:
        if task.record.index not in outcomes:
            key = wanted[task.record.index]
            _note_taken(state, closure, model, key)
            outcome = Outcome(REMOVED, key=schema.key.encode(key))
            outcomes[task.record.index] = tell_settled(state, task.record, outcome, None)
    return outcomes


def _note_taken(state: PushState, closure: Closure, model: Type[Model], key: Any) -> None:
    """Remember the rows that went with one: their own deletion, should it come, is done."""
    gone: Set[Any] = closure.taken_with((model, key)) - {(model, key)}
    state.taken.update((root_label(each), pk) for each, pk in gone)


def _delete_set(state: PushState, closure: Closure, tasks: Sequence[Task], keys: Dict[int, Any]) -> Outcomes:
    """Delete rows together; where that is refused, one by one. Return the refused."""
    wanted = [keys[task.record.index] for task in tasks]
    synced = tasks[0].record.synced
    views = watch_deletion(state, closure, [(synced.model, key) for key in wanted])
    refusal = _try(state, Change(tasks[0], wanted[0], {}), lambda: _collect(state, synced, wanted), views)
    if refusal is None:
        return {}
    if len(tasks) == 1:
        return {tasks[0].record.index: refusal}
    outcomes: Outcomes = {}
    for task in tasks:
        outcomes.update(_delete_set(state, closure, [task], keys))
    return outcomes


def _collect(state: PushState, synced: SyncedModel, keys: Sequence[Any]) -> None:
    """Delete rows as Django does, with signals and history; only rows that the user may see."""
    rows = scoped_queryset(state.scope, synced).using(state.using)
    keeps_history = state.route(synced).keeps_history
    for chunk in split(keys, state.using):
        if not keeps_history:
            rows.filter(pk__in=chunk).delete()
            continue
        instances = list(rows.filter(pk__in=chunk))
        collector = Collector(using=state.using)
        collector.collect(instances)
        collector.delete()


def _delete_through_instance(state: PushState, closure: Closure, task: Task, key: Any) -> Outcomes:
    """Delete one row through the project's own delete(); return the refusal this ends in."""
    rows = task.record.synced.model._base_manager.using(state.using)

    def delete() -> None:
        # The project's code may have removed it for another record.
        for instance in rows.filter(pk=key):
            instance.delete()

    views = watch_deletion(state, closure, [(task.record.synced.model, key)])
    refusal = _try(state, Change(task, key, {}), delete, views)
    return {} if refusal is None else {task.record.index: refusal}


def _try(state: PushState, change: Change, delete: Callable[[], None], views: Views) -> Optional[Outcome]:
    """Delete inside a savepoint, moving no other row in or out of view; return the refusal this ends in, or None."""
    refused: List[Outcome] = []

    def work() -> None:
        try:
            with transaction.atomic(using=state.using):
                delete()
                settle_immediately(state.using)
                if views.are_broken():
                    raise _ViewsChanged
        except (_ViewsChanged, ProtectedError, RestrictedError, IntegrityError):
            refused.append(protected())
        except (DataError, OverflowError):
            # No value of the client's is written here: it is no fault of the record.
            logger.exception("A %s could not be deleted.", change.record.label)
            refused.append(refuse(INTERNAL))

    outcome: Optional[Outcome] = call_project(work, change, state.using)
    return refused[0] if refused else outcome
