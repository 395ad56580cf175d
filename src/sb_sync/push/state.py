"""What a push knows while it runs in one database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Mapping, Optional, Sequence, Set, Tuple

from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.protocol import UNCHANGED
from sb_sync.push.batch import Outcome, Record, Task
from sb_sync.push.client_ids import ClientIds
from sb_sync.push.passing import Readers, make_readers
from sb_sync.push.route import Route, find_route
from sb_sync.push.rows import Rows
from sb_sync.wire import schema_of

__all__ = ["Note", "PushState"]


@dataclass(frozen=True)
class Note:
    """A conflict that was met: both sides by their names on the wire, and how it was settled, None where it was not."""

    client: Mapping[str, Any]
    server: Mapping[str, Any]
    settled: Optional[str]
    fields: Tuple[str, ...] = ()


class PushState:
    """The stored rows, names and outcomes so far; the steps read it and add to it.

    `taken` holds (label of the topmost table, key) of rows that went with another one's deletion, `failed_seconds`
    the outcomes of second turns that failed: with these known the push begins again. `collided` are the outcomes of
    new rows whose key came to be taken meanwhile, `written` the keys of rows by index of their records. `notes` tell of
    the conflicts that were met, `judged` holds what a policy made of their records, both by index.
    """

    def __init__(self, scope: Scope, using: str) -> None:
        """Start with nothing known."""
        self.scope = scope
        self.using = using
        self.rows = Rows(scope, using)
        self.client_ids = ClientIds(scope, using)
        self.outcomes: Dict[int, Outcome] = {}
        self.taken: Set[Tuple[str, Any]] = set()
        self.failed_seconds: Dict[int, Outcome] = {}
        self.collided: Dict[int, Outcome] = {}
        self.written: Dict[int, Any] = {}
        self.notes: Dict[int, Note] = {}
        self.judged: Dict[int, Record] = {}
        self._routes: Dict[str, Route] = {}
        self._readers: Dict[str, Readers] = {}

    def route(self, synced: SyncedModel) -> Route:
        """Return how rows of a model are written."""
        if synced.label not in self._routes:
            self._routes[synced.label] = find_route(synced)
        return self._routes[synced.label]

    def readers(self, synced: SyncedModel) -> Readers:
        """Return what reads the values of a model's columns that surely pass."""
        if synced.label not in self._readers:
            self._readers[synced.label] = make_readers(schema_of(synced))
        return self._readers[synced.label]

    def settle(self, task: Task, outcome: Outcome) -> None:
        """Note what became of a task; a second turn only adds to the outcome of the first."""
        index = task.record.index
        if not task.is_second:
            self.outcomes[index] = outcome
        elif not outcome.is_applied:
            self.failed_seconds[index] = outcome
        elif outcome.status != UNCHANGED:
            first = self.outcomes[index]
            status = outcome.status if first.status == UNCHANGED else first.status
            self.outcomes[index] = replace(outcome, status=status, key=first.key)

    def settle_all(self, tasks: Sequence[Task], outcomes: Mapping[int, Outcome]) -> None:
        """Note the outcomes that there are, by index of their records."""
        for task in tasks:
            if task.record.index in outcomes:
                self.settle(task, outcomes[task.record.index])
