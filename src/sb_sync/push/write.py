"""Seventh step: what was found to be right is written, set by set where nothing of the project's listens."""

from __future__ import annotations

from typing import Callable, Dict, List, Sequence

from django.db import connections, transaction
from django.utils.translation import gettext as _

from sb_sync.catalog import SyncedModel
from sb_sync.feed import backend_for
from sb_sync.protocol import CREATED, KEY, PERMISSION_DENIED, UPDATED, VERSION
from sb_sync.push.batch import NON_FIELD, Change, Outcome, refuse
from sb_sync.push.conflicts import read_visible, tell_settled
from sb_sync.push.creations import insert_rows
from sb_sync.push.history import write_history
from sb_sync.push.instances import GONE, save_each
from sb_sync.push.integrity import REFUSED, explain, is_key_collision, telling_refusals
from sb_sync.push.many import write_lists
from sb_sync.push.references import missing
from sb_sync.push.state import PushState
from sb_sync.push.updates import update_rows
from sb_sync.push.views import watch_writes
from sb_sync.wire import ModelSchema

__all__ = ["settle_immediately", "write_changes"]

# Halvings of a group that the database refused; beyond these its rows are written one by one.
MAX_HALVINGS = 16

Outcomes = Dict[int, Outcome]


class _ViewsChanged(Exception):
    """Other rows came into the user's view, or left it, by what was written: roll it back."""


class _OutOfScope(Exception):
    """Rows that were written would not be the user's to see: roll them back."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        super().__init__("out of scope")


def write_changes(state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]) -> Outcomes:
    """Write changes of one model that do not touch each other and return what became of each, by index.

    What the database refuses, and what moves other rows in or out of view, is found by halving; what the user could
    not see afterwards is rolled back and refused.
    New rows whose key came to be taken, and changes whose row went, are left in `state.collided`, to be identified
    again.
    """
    outcomes: Outcomes = {}
    groups: List[Sequence[Change]] = [list(changes)] if changes else []
    halvings = 0
    while groups:
        group = groups.pop()
        try:
            outcomes.update(_attempt(state, synced, schema, group))
        except _OutOfScope as error:
            denied = {change.record.index for change in error.changes}
            outcomes.update((index, _denied()) for index in denied)
            left = [change for change in group if change.record.index not in denied]
            groups.extend([left] if left else [])
        except (*REFUSED, _ViewsChanged) as error:
            if len(group) == 1:
                change = group[0]
                if isinstance(error, _ViewsChanged):
                    outcomes[change.record.index] = _denied()
                    continue
                refused = state.collided if _is_taken(state, change, error) else outcomes
                refused[change.record.index] = explain(error, synced, schema, state.using)
                continue
            halvings += 1
            size = len(group) // 2 if halvings <= MAX_HALVINGS else 1
            parts = [group[start : start + size] for start in range(0, len(group), size)]
            # The first of the array goes first: a stack is taken from its end.
            groups.extend(reversed(parts))
    for change in changes:
        if outcomes.get(change.record.index) is GONE:
            del outcomes[change.record.index]
            state.collided[change.record.index] = missing(KEY)
            state.rows.forget(change.record.label, [change.key])
    return outcomes


def _is_taken(state: PushState, change: Change, error: BaseException) -> bool:
    """Tell whether a new row was refused because of the key that its client chose."""
    if not change.is_creation or change.key is None:
        return False
    if not is_key_collision(error, change.record.synced, state.using):
        return False
    state.rows.forget(change.record.label, [change.key])
    return True


def _denied() -> Outcome:
    return refuse(PERMISSION_DENIED, {NON_FIELD: [_("Rows out of your reach cannot be written.")]})


def _attempt(state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]) -> Outcomes:
    """Write a group inside a savepoint and read it back as the user sees it."""
    with transaction.atomic(using=state.using), telling_refusals(state.using):
        views = watch_writes(state, synced, changes)
        writer: Callable[..., Outcomes] = _write_each if state.route(synced).saves_one_by_one else _write_set
        outcomes = writer(state, synced, schema, changes)
        written = [change for change in changes if change.record.index not in outcomes]
        settle_immediately(state.using)
        stored = read_visible(state, synced, schema, [change.key for change in written])
        keys = [schema.key.encode(change.key) for change in written]
        gone = [change for change, key in zip(written, keys) if key not in stored]
        if gone:
            raise _OutOfScope(gone)
        if views.are_broken([change.key for change in written if change.is_creation]):
            raise _ViewsChanged
    for change, key in zip(written, keys):
        server = stored[key]
        status = CREATED if change.is_creation else UPDATED
        outcome = Outcome(status, key=server[KEY], version=server[VERSION])
        outcomes[change.record.index] = tell_settled(state, change.record, outcome, server)
    return outcomes


def settle_immediately(using: str) -> None:
    """Let the database check what it would put off to the commit, where it could no longer be one record's error."""
    connection = connections[using]
    if backend_for(using).supports_concurrent_writers and connection.features.can_defer_constraint_checks:
        connection.check_constraints()


def _write_each(state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]) -> Outcomes:
    """Write through instances."""
    return save_each(state, schema, changes)


def _write_set(state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]) -> Outcomes:
    """Write set by set: new rows in one statement, changed rows in one, then lists and history."""
    created = [change for change in changes if change.is_creation]
    changed = [change for change in changes if change.values and not change.is_creation]
    if changed:
        update_rows(state.scope, synced, changed, state.using)
    if created:
        insert_rows(synced, created, state.using)
    write_lists(state, schema, changes)
    if state.route(synced).keeps_history:
        write_history(synced, [change.key for change in created], state.using, is_update=False)
        updated = [change.key for change in changes if not change.is_creation]
        write_history(synced, updated, state.using, is_update=True)
    return {}
