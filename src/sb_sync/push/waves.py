"""One wave: records that do not touch each other, model by model through the steps."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Union

from sb_sync import catalog
from sb_sync.catalog import SyncedModel
from sb_sync.protocol import KEY, UNCHANGED, VERSION
from sb_sync.push.batch import Change, Outcome, Task
from sb_sync.push.cascades import find_anchored
from sb_sync.push.conflicts import tell_settled
from sb_sync.push.creations import make_rows
from sb_sync.push.deletions import delete_rows
from sb_sync.push.faults import working_on
from sb_sync.push.locate import find_key, locate
from sb_sync.push.many import compare_lists, find_dangling_items, resolve_lists
from sb_sync.push.policies import judge
from sb_sync.push.references import find_dangling, resolve_references
from sb_sync.push.rows import has_relatives
from sb_sync.push.state import PushState
from sb_sync.push.uniques import find_duplicates
from sb_sync.push.validate import compare
from sb_sync.push.write import write_changes
from sb_sync.wire import ModelSchema, make_records, schema_of

__all__ = ["run_wave"]

Outcomes = Dict[int, Outcome]
#: Rows as a pull gives them, by their keys in JSON.
Servers = Mapping[Any, Mapping[str, Any]]


def run_wave(state: PushState, tasks: Sequence[Task]) -> None:
    """Apply the records of one wave and note what became of each."""
    live = [task for task in tasks if not task.is_second or state.outcomes[task.record.index].is_applied]
    for synced in catalog.synced_models().values():
        own = [task for task in live if task.record.label == synced.label]
        if own:
            with working_on(synced.label):
                _run_model(state, synced, own)


def _run_model(state: PushState, synced: SyncedModel, tasks: Sequence[Task]) -> None:
    """Apply the records of one model."""
    schema = schema_of(synced)
    keys = [key for key in (find_key(state, task.record) for task in tasks) if key is not None]
    state.rows.load(synced, keys)
    judgement = judge(state, synced, schema, tasks)
    state.settle_all(tasks, judgement.outcomes)
    deletions = [task for task in judgement.tasks if task.record.is_deletion]
    writes = [task for task in judgement.tasks if not task.record.is_deletion]
    if deletions:
        state.settle_all(deletions, delete_rows(state, synced, schema, deletions))
    if writes:
        _settle(state, writes, _write(state, synced, schema, writes, judgement.servers))
        if state.collided:
            again = [task for task in writes if task.record.index in state.collided]
            _identify_again(state, synced, schema, again)
    if deletions or has_relatives(synced.model) or state.route(synced).saves_one_by_one:
        # What project code or a cascade wrote besides is anybody's guess.
        state.rows.forget_all()
    else:
        state.rows.forget(synced.label, keys)


def _identify_again(state: PushState, synced: SyncedModel, schema: ModelSchema, tasks: Sequence[Task]) -> None:
    """Try records once more whose key came to be taken in between: by now their rows can be read."""
    refused = dict(state.collided)
    state.collided.clear()
    state.rows.load(synced, [find_key(state, task.record) for task in tasks])
    outcomes = _write(state, synced, schema, tasks, {})
    _settle(state, tasks, {**refused, **outcomes})
    state.collided.clear()


def _settle(state: PushState, tasks: Sequence[Task], outcomes: Outcomes) -> None:
    """Note the outcomes, and the names that clients gave to the rows."""
    state.settle_all(tasks, outcomes)
    for task in tasks:
        record = task.record
        outcome = outcomes.get(record.index)
        if outcome is None or not outcome.is_applied or record.client_id is None:
            continue
        if state.client_ids.find(record.label, record.client_id) is None:
            state.client_ids.add(record.label, record.client_id, state.written[record.index])


def _write(
    state: PushState, synced: SyncedModel, schema: ModelSchema, tasks: Sequence[Task], servers: Servers
) -> Outcomes:
    """Take creations and changes of one model through the steps; return what became of each, by index."""
    outcomes: Outcomes = {}
    changes: List[Change] = []
    for task in tasks:
        found = _prepare(state, task)
        if isinstance(found, Outcome):
            outcomes[task.record.index] = found
        else:
            changes.append(found)
    compare_lists(state, schema, changes)
    unchanged = [change for change in changes if change.is_empty]
    outcomes.update(_confirm(state, schema, unchanged, servers))
    changes = [change for change in changes if not change.is_empty]
    outcomes.update(make_rows(state, synced, changes))
    for find_refused in (find_dangling, find_dangling_items, find_anchored, find_duplicates):
        changes = [change for change in changes if change.record.index not in outcomes]
        outcomes.update(find_refused(state, synced, schema, changes))
    changes = [change for change in changes if change.record.index not in outcomes]
    outcomes.update(write_changes(state, synced, schema, changes))
    state.written.update((change.record.index, change.key) for change in [*unchanged, *changes])
    return outcomes


def _prepare(state: PushState, task: Task) -> Union[Change, Outcome]:
    """Return what one record changes, as far as it can be told without asking the database again."""
    located = locate(state, task.record)
    if isinstance(located, Outcome):
        return located
    references = resolve_references(state, task)
    if isinstance(references, Outcome):
        return references
    lists = resolve_lists(state, task)
    if isinstance(lists, Outcome):
        return lists
    change = compare(state, task, located.key, located.stored, references)
    if isinstance(change, Change):
        change.lists = dict(lists)
    return change


def _confirm(state: PushState, schema: ModelSchema, changes: Sequence[Change], servers: Servers) -> Outcomes:
    """Return the outcomes of records that change nothing."""
    outcomes: Outcomes = {}
    keys = {change.record.index: schema.key.encode(change.key) for change in changes}
    unread = [change.stored for change in changes if change.stored and keys[change.record.index] not in servers]
    # These rows are locked: what was read of them stands.
    stored = {**servers, **{record[KEY]: record for record in make_records(schema, unread, state.using)}}
    for change in changes:
        key = keys[change.record.index]
        server = stored.get(key)
        outcome = Outcome(UNCHANGED, key=key, version=server[VERSION] if server else None)
        outcomes[change.record.index] = tell_settled(state, change.record, outcome, server)
    return outcomes
