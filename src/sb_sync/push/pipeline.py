"""The way of a push: parse, authorize, identify, apply in one transaction per database, report, announce."""

from __future__ import annotations

import logging
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, transaction

from sb_sync import feed
from sb_sync.access import Scope
from sb_sync.errors import MalformedRequest, Unavailable
from sb_sync.events import PushFinished, push_finished
from sb_sync.optimizations import Measurement, measure
from sb_sync.protocol import RequestInfo
from sb_sync.push.apply import apply_records
from sb_sync.push.authorize import authorize
from sb_sync.push.batch import Outcome, Record
from sb_sync.push.history import attributed_to
from sb_sync.push.identify import identify
from sb_sync.push.integrity import is_transient
from sb_sync.push.parse import Parsed, parse
from sb_sync.push.report import Entry, PushAnswer, count_models, judge, make_answer

__all__ = ["run"]

logger = logging.getLogger("sb_sync")

# How often a transaction is tried that met another one: a deadlock, or two that gave the same name to a row.
MAX_ATTEMPTS = 5


class _Undone(Exception):
    """An atomic push failed on a record: nothing of it stays."""

    def __init__(self, outcomes: Dict[int, Outcome]) -> None:
        self.outcomes = outcomes
        super().__init__("undone")


def run(scope: Scope, body: Mapping[str, Any], *, request: RequestInfo) -> PushAnswer:
    """Apply the records of a push and tell what became of each.

    Raises a `SyncError` where the body as a whole is malformed or too large.
    """
    with measure() as measurement:
        parsed = parse(body)
        prepared = [_prepare(scope, item) for item in parsed.records]
        records = [item for item in prepared if isinstance(item, Record)]
        outcomes, is_undone = _apply(scope, parsed, records, is_failed=len(records) < len(prepared))
        entries = [_enter(parsed, index, item, outcomes) for index, item in enumerate(prepared)]
        _announce(scope, body, entries, is_undone=is_undone, request=request, measurement=measurement)
        return make_answer(entries, is_undone=is_undone, seconds=measurement.seconds)


def _prepare(scope: Scope, item: Any) -> Union[Record, Outcome]:
    """Take one record through the steps that ask no database."""
    if isinstance(item, Outcome):
        return item
    synced = authorize(scope, item)
    return synced if isinstance(synced, Outcome) else identify(scope, item, synced)


def _apply(
    scope: Scope, parsed: Parsed, records: Sequence[Record], *, is_failed: bool
) -> Tuple[Dict[int, Outcome], bool]:
    """Apply the records of each database; tell also whether all was undone."""
    databases: Dict[str, List[Record]] = {}
    for record in records:
        databases.setdefault(record.synced.database, []).append(record)
    if parsed.is_atomic and len(databases) > 1:
        raise MalformedRequest("An atomic push cannot span two databases.")
    outcomes: Dict[int, Outcome] = {}
    try:
        for using, own in databases.items():
            outcomes.update(_try_database(scope, own, using, must_succeed=parsed.is_atomic, is_failed=is_failed))
    except _Undone as error:
        return error.outcomes, True
    return outcomes, parsed.is_atomic and is_failed


def _try_database(
    scope: Scope, records: Sequence[Record], using: str, *, must_succeed: bool, is_failed: bool
) -> Dict[int, Outcome]:
    """Apply the records of one database, again where another transaction came in between."""
    feed.refuse_open_transaction(using)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return _apply_database(scope, records, using, must_succeed=must_succeed, is_failed=is_failed)
        except OperationalError as error:
            if attempt == MAX_ATTEMPTS or not is_transient(error):
                raise
        except IntegrityError:
            # Only names of rows are written outside savepoints: the same push is under way twice.
            if attempt == MAX_ATTEMPTS:
                raise
    raise Unavailable


def _apply_database(
    scope: Scope, records: Sequence[Record], using: str, *, must_succeed: bool, is_failed: bool
) -> Dict[int, Outcome]:
    """Apply the records of one database in one transaction."""
    with transaction.atomic(using=using):
        feed.begin_push(using)
        with attributed_to(scope.user_id):
            state = apply_records(scope, records, using)
        if must_succeed and (is_failed or not all(outcome.is_applied for outcome in state.outcomes.values())):
            raise _Undone(state.outcomes)
        state.client_ids.save()
    return state.outcomes


def _enter(parsed: Parsed, index: int, item: Union[Record, Outcome], outcomes: Mapping[int, Outcome]) -> Entry:
    """Put together what is known of one record."""
    record = item if isinstance(item, Record) else None
    envelope: Any = parsed.records[index]
    client_id: Optional[str] = getattr(envelope, "client_id", None)
    known = parsed.known_label(index)
    return Entry(
        index=index,
        label=known or parsed.labels[index],
        is_known=known is not None,
        client_id=client_id,
        record=record,
        outcome=outcomes[index] if isinstance(item, Record) else item,
    )


def _announce(
    scope: Scope,
    body: Mapping[str, Any],
    entries: Sequence[Entry],
    *,
    is_undone: bool,
    request: RequestInfo,
    measurement: Measurement,
) -> None:
    """Tell those who keep journals; their failure is theirs, the push stands."""
    event = PushFinished(
        user_id=scope.user_id,
        username=scope.username,
        site_id=scope.site_id,
        organization=scope.organization_name,
        request=request,
        request_data=body,
        models=count_models(entries, is_undone=is_undone),
        status=judge(entries, is_undone=is_undone),
        seconds=measurement.seconds,
        queries=measurement.queries,
        memory=measurement.memory,
        error=_summarize(entries),
    )
    try:
        with transaction.atomic(using=DEFAULT_DB_ALIAS):
            push_finished.send(sender=PushFinished, event=event)
    except Exception:
        logger.exception("The journal of push %s could not be written.", request.request_id)


def _summarize(entries: Sequence[Entry]) -> str:
    """Return how many records failed with which code, for people."""
    codes: Dict[str, int] = {}
    for entry in entries:
        if not entry.outcome.is_applied:
            code = entry.outcome.code or entry.outcome.status
            codes[code] = codes.get(code, 0) + 1
    return ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))
