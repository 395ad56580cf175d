"""The transactions of a push: one per database, all open together, with everything that must stand or fall with it."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Callable, Dict, FrozenSet, List, Optional, Sequence, Tuple, Union

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from sb_sync import feed
from sb_sync.access import Scope
from sb_sync.errors import IdempotencyConflict, MalformedRequest
from sb_sync.protocol import INTERNAL
from sb_sync.push.apply import apply_records
from sb_sync.push.batch import NON_FIELD, Outcome, Record, refuse
from sb_sync.push.faults import Unworkable
from sb_sync.push.history import signed_by
from sb_sync.push.hooks import Draft, read_draft
from sb_sync.push.ledger import keep_conflicts
from sb_sync.push.report import PushAnswer
from sb_sync.push.retries import AnswerKeeper, Claimed
from sb_sync.push.state import PushState
from sb_sync.wire import remember_field_lists

__all__ = ["Applied", "Work", "carry_out", "open_transactions"]

logger = logging.getLogger("sb_sync")

# How often a push is tried that met another one: a deadlock, two that gave the same name to a row, or the same key.
MAX_ATTEMPTS = 5

Item = Union[Record, Draft]
Part = Tuple[PushState, List[Record]]


@dataclass
class Applied:
    """What became of the records that were tried, by index, and these records as they were read."""

    outcomes: Dict[int, Outcome] = field(default_factory=dict)
    records: Dict[int, Record] = field(default_factory=dict)
    is_undone: bool = False


@dataclass(frozen=True)
class Work:
    """What is to be done. `is_failed` says that a record was refused before; `conclude` puts the answer together.

    `unworkable` are the labels of models whose records are refused, because working on them failed.
    """

    scope: Scope
    items: Sequence[Item]
    is_atomic: bool
    is_failed: bool
    request_id: str
    conclude: Callable[[Applied], PushAnswer]
    answers: Optional[AnswerKeeper]
    unworkable: FrozenSet[str] = frozenset()

    @property
    def databases(self) -> List[str]:
        """Return the databases of the records, in one order for all pushes."""
        return sorted({item.synced.database for item in self.items})

    @property
    def places(self) -> List[str]:
        """Return all databases that are written, that of the stored answers first: it commits last."""
        own = [] if self.answers is None else [self.answers.using]
        return list(dict.fromkeys([*own, *self.databases]))


class _Undone(Exception):
    """An atomic push failed on a record: nothing of it stays but the knowledge of it."""

    def __init__(self, applied: Applied, parts: Sequence[Part]) -> None:
        self.applied = applied
        self.parts = parts
        super().__init__("undone")


def carry_out(work: Work) -> PushAnswer:
    """Apply the records and return the answer; without those of a model on which working fails."""
    if work.is_atomic and len(work.databases) > 1:
        raise MalformedRequest("An atomic push cannot span two databases.")
    for using in work.places:
        feed.refuse_open_transaction(using)
    for using in work.databases:
        remember_field_lists(using)
    while True:
        try:
            return _try_again(work)
        except Unworkable as error:
            logger.exception("Push %s: records of %s cannot be worked on.", work.request_id, error.label)
            work = replace(work, unworkable=work.unworkable | {error.label})


def _try_again(work: Work) -> PushAnswer:
    """Apply and conclude, again where another transaction came in between."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return _attempt(work)
        except Claimed:
            found = None if work.answers is None else work.answers.find()
            if found is not None:
                return found
        except (OperationalError, IntegrityError) as error:
            if attempt == MAX_ATTEMPTS or not _may_succeed(error, work):
                raise
    raise IdempotencyConflict


def _may_succeed(error: Union[OperationalError, IntegrityError], work: Work) -> bool:
    """Tell whether the same transactions may succeed when they are tried again.

    Only names of rows are written outside savepoints: where they collide, the same push is under way twice.
    """
    if isinstance(error, IntegrityError):
        return True
    return any(feed.backend_for(using).is_transient(error) for using in work.places)


def _attempt(work: Work) -> PushAnswer:
    """Apply and conclude in transactions of their own; tell the truth where some are committed and others fail."""
    committed: List[str] = []
    applied: Optional[Applied] = None
    try:
        with open_transactions(work.places, work.databases, work.answers, committed):
            parts = [_apply(work, using) for using in work.databases]
            applied = _collect(parts)
            is_whole = all(outcome.is_applied for outcome in applied.outcomes.values()) and not work.is_failed
            if work.is_atomic and not is_whole:
                raise _Undone(applied, parts)
            answer = _conclude(work, applied, parts)
    except _Undone as error:
        error.applied.is_undone = True
        with open_transactions(work.places, work.databases, work.answers, committed):
            return _conclude(work, error.applied, error.parts)
    except Exception:
        if applied is None or not committed:
            raise
        # From here on nothing can be tried again: what is committed would be there twice.
        logger.exception("Push %s failed after it was committed in %s.", work.request_id, ", ".join(committed))
        return _tell_committed(work, applied, committed)
    return answer


def open_transactions(
    places: Sequence[str], databases: Sequence[str], answers: Optional[AnswerKeeper], committed: List[str]
) -> ExitStack:
    """Open the transactions and take what each must hold before it reads; note in `committed` which ones end well.

    `places` are all databases that are written, `databases` those of the records.
    """
    with ExitStack() as stack:
        for using in places:
            stack.enter_context(transaction.atomic(using=using))
            transaction.on_commit(partial(committed.append, using), using=using)
        for using in databases:
            feed.begin_push(using)
        if answers is not None:
            answers.claim()
        return stack.pop_all()


def _tell_committed(work: Work, applied: Applied, committed: Sequence[str]) -> PushAnswer:
    """Return the answer where some databases failed at the very end: their records are refused, the others stand."""
    for item in work.items:
        if item.synced.database not in committed:
            applied.outcomes[item.index] = refuse(INTERNAL, {NON_FIELD: [_("The database is away: try again later.")]})
    answer = work.conclude(applied)
    if work.answers is not None and work.answers.using not in committed:
        try:
            with transaction.atomic(using=work.answers.using):
                work.answers.claim()
                work.answers.keep(answer)
        except (DatabaseError, InterfaceError, Claimed):
            logger.exception("The answer to push %s could not be kept.", work.request_id)
    return answer


def _apply(work: Work, using: str) -> Part:
    """Apply the records of one database."""
    own = [item for item in work.items if item.synced.database == using]
    with signed_by(work.scope, f"sb_sync push {work.request_id}"):
        read = {item.index: _read(work, item, using) for item in own}
        records = [item for item in read.values() if isinstance(item, Record)]
        state = apply_records(work.scope, records, using)
    state.outcomes.update((index, item) for index, item in read.items() if isinstance(item, Outcome))
    return state, records


def _read(work: Work, item: Item, using: str) -> Union[Record, Outcome]:
    """Return the record that an item is, once the project saw it, or why it is refused."""
    if item.synced.label in work.unworkable:
        return refuse(INTERNAL)
    return read_draft(work.scope, item, using) if isinstance(item, Draft) else item


def _collect(parts: Sequence[Part]) -> Applied:
    applied = Applied()
    for state, records in parts:
        applied.outcomes.update(state.outcomes)
        applied.records.update((record.index, record) for record in records)
    return applied


def _conclude(work: Work, applied: Applied, parts: Sequence[Part]) -> PushAnswer:
    """Write what is to be known of the push, and put the answer together."""
    for state, records in parts:
        if not applied.is_undone:
            state.client_ids.save()
        keep_conflicts(state, records, work.request_id, is_undone=applied.is_undone)
    answer = work.conclude(applied)
    if work.answers is not None:
        work.answers.keep(answer)
    return answer
