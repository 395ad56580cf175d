"""Fifth step: records whose rows changed since the client saw them, and what the model's policy makes of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, List, Mapping, Sequence, Union

from django.utils.translation import gettext as _

from sb_sync.catalog import SyncedModel
from sb_sync.protocol import (
    CLIENT_WINS,
    DELETED,
    ENVELOPE,
    INVALID,
    KEY,
    MERGE,
    MERGED,
    OWN_CODE,
    REJECT,
    RESOLVED,
    SERVER_WINS,
    VERSION,
)
from sb_sync.push.authorize import authorize
from sb_sync.push.batch import Envelope, Outcome, Record, Task, refuse
from sb_sync.push.client_ids import names_in
from sb_sync.push.conflicts import Versions, read_visible, reject
from sb_sync.push.hooks import ask_project, check_json
from sb_sync.push.identify import identify
from sb_sync.push.locate import find_key
from sb_sync.push.sides import check_base, describe_client, find_differences, merge
from sb_sync.push.state import Note, PushState
from sb_sync.registry import Conflict, policy_of
from sb_sync.wire import ModelSchema

__all__ = ["Judgement", "judge"]


@dataclass
class Judgement:
    """The tasks that go on, the outcomes of those that do not, and the rows that were read on the way."""

    tasks: List[Task] = field(default_factory=list)
    outcomes: Dict[int, Outcome] = field(default_factory=dict)
    servers: Mapping[Any, Mapping[str, Any]] = field(default_factory=dict)


def judge(state: PushState, synced: SyncedModel, schema: ModelSchema, tasks: Sequence[Task]) -> Judgement:
    """Compare versions with rows that are locked, and let the policy decide where they differ.

    A record is judged as a whole in its first turn; the second goes on with what was made of it.
    """
    judgement = Judgement()
    versioned: Dict[int, Any] = {}
    for task in tasks:
        record = task.record
        key = find_key(state, record)
        row = None if key is None else state.rows.find(record.label, key)
        stored = row.values if row is not None and row.is_visible else None
        fault = None if task.is_second else check_base(record, stored)
        if fault is not None:
            judgement.outcomes[record.index] = fault
        elif record.version is not None and stored is not None and not task.is_second:
            versioned[record.index] = key
    records = [task.record for task in tasks if task.record.index in versioned]
    if records:
        judgement.servers = read_visible(state, synced, schema, list(versioned.values()))
    versions = Versions(schema, records, state.using)
    for record in records:
        server = judgement.servers.get(schema.key.encode(versioned[record.index]))
        if server is not None and server[VERSION] != record.version:
            _judge_one(state, record, server, versions, judgement)
    for task in tasks:
        index = task.record.index
        if index not in judgement.outcomes:
            judged = state.judged.get(index)
            judgement.tasks.append(task if judged is None else replace(task, record=judged))
    return judgement


def _judge_one(
    state: PushState, record: Record, server: Mapping[str, Any], versions: Versions, judgement: Judgement
) -> None:
    """Judge one record whose row is there, under another version."""
    client = describe_client(state, record, server[KEY])
    if versions.is_current(record, client, server):
        return
    if not record.is_deletion and not find_differences(record, client, server):
        # Nothing to lose: what was sent is what is stored.
        return
    judged = POLICIES[policy_of(record.synced.sync)](state, record, Note(client, server, None))
    if isinstance(judged, Outcome):
        judgement.outcomes[record.index] = judged
    else:
        state.judged[record.index] = judged


def _let_client_win(state: PushState, record: Record, note: Note) -> Record:
    state.notes[record.index] = replace(note, settled=CLIENT_WINS)
    return replace(record, version=None)


def _let_server_win(state: PushState, record: Record, note: Note) -> Record:
    state.notes[record.index] = replace(note, settled=SERVER_WINS)
    return record.keep_only(frozenset())


def _merge(state: PushState, record: Record, note: Note) -> Union[Record, Outcome]:
    """Keep what the client alone changed; reject where both changed a field, or one side deletes."""
    if record.base is None or record.is_deletion:
        return reject(state, record, note)
    ours, both = merge(record, note.client, note.server)
    if both:
        return replace(reject(state, record, replace(note, fields=both)), fields=both)
    state.notes[record.index] = replace(note, settled=MERGED)
    return record.keep_only(ours)


def _ask_project(state: PushState, record: Record, note: Note) -> Union[Record, Outcome]:
    """Take what the project's own code wants to stand in the row."""
    sides = copy.deepcopy((dict(note.client), dict(note.server), None if record.base is None else dict(record.base)))
    conflict = Conflict(*sides, scope=state.scope)
    answer = ask_project(record.synced, "resolve_conflict", state.using, conflict)
    if answer is None:
        return reject(state, record, note)
    if isinstance(answer, Outcome):
        return answer
    resolved = check_json(record.synced, "resolve_conflict", answer) or _read_answer(state, record, answer)
    if isinstance(resolved, Record):
        state.notes[record.index] = replace(note, settled=RESOLVED)
    return resolved


def _read_answer(state: PushState, record: Record, answer: Mapping[str, Any]) -> Union[Record, Outcome]:
    """Take an answer of the project through the steps of any pushed record; it stays with its row."""
    envelope = Envelope(
        index=record.index,
        label=record.label,
        client_id=None,
        version=None,
        base=None,
        is_deletion=answer.get(DELETED) is True,
        fields={str(name): value for name, value in answer.items() if name not in ENVELOPE},
    )
    synced = authorize(state.scope, envelope)
    if isinstance(synced, Outcome):
        return synced
    key = find_key(state, record)
    read = identify(
        state.scope, replace(envelope, fields={KEY: record.schema.key.encode(key), **envelope.fields}), synced
    )
    if isinstance(read, Outcome):
        return read
    if read.key != key:
        return refuse(INVALID, {KEY: [_("A conflict is resolved in its own row.")]})
    state.client_ids.load(names_in([read]))
    return replace(read, client_id=record.client_id, ignored=record.ignored)


Policy = Callable[[PushState, Record, Note], Union[Record, Outcome]]
POLICIES: Mapping[str, Policy] = {
    REJECT: reject,
    CLIENT_WINS: _let_client_win,
    SERVER_WINS: _let_server_win,
    MERGE: _merge,
    OWN_CODE: _ask_project,
}
