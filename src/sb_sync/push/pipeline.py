"""The way of a push: parse, authorize, identify, apply in one transaction per database, report, announce."""

from __future__ import annotations

import logging
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple, Union

from django.db import DEFAULT_DB_ALIAS, transaction

from sb_sync.access import Scope
from sb_sync.events import PushFinished, push_finished
from sb_sync.optimizations import Measurement, measure
from sb_sync.protocol import RequestInfo
from sb_sync.push.authorize import authorize
from sb_sync.push.batch import Outcome
from sb_sync.push.hooks import Draft, has_before_push, run_after_push
from sb_sync.push.identify import identify
from sb_sync.push.parse import Parsed, parse
from sb_sync.push.report import Entry, PushAnswer, Report, make_answer, make_report
from sb_sync.push.retries import AnswerKeeper, Retry, StoredAnswers
from sb_sync.push.sheets import push_sheet
from sb_sync.push.transactions import Applied, Item, Work, carry_out

__all__ = ["run", "run_kept"]

logger = logging.getLogger("sb_sync")


def run(scope: Scope, body: Mapping[str, Any], *, request: RequestInfo, retry: Optional[Retry] = None) -> PushAnswer:
    """Apply the records of a push and tell what became of each; with `retry`, once only.

    Raises a `SyncError` where the body as a whole is malformed or too large.
    """
    answers = None if retry is None else StoredAnswers(scope, retry)
    return run_kept(scope, body, request=request, answers=answers)


def run_kept(
    scope: Scope,
    body: Mapping[str, Any],
    *,
    request: RequestInfo,
    answers: Optional[AnswerKeeper],
    read: Callable[[Mapping[str, Any]], Parsed] = parse,
    places: Optional[Sequence[int]] = None,
) -> PushAnswer:
    """Apply the records of a push, and keep its answer in their transaction, or give the one that is kept.

    Where they are some of a larger push, `places` says where each stands in that one's array.
    """
    replayed = None if answers is None else answers.find()
    if replayed is not None:
        return replayed
    with measure() as measurement:
        told = push_sheet(scope, body, answers, measurement, places)
        answer, report = told or _push_records(scope, read(body), answers, measurement, request.request_id, places)
        if report is None:
            return answer
        _announce(scope, body, report, request=request, measurement=measurement)
    is_undone = body.get("atomic") and answer.status != 200
    if not is_undone:
        run_after_push(scope, answer.body["results"])
    return answer


def _push_records(
    scope: Scope,
    parsed: Parsed,
    answers: Optional[AnswerKeeper],
    measurement: Measurement,
    request_id: str,
    places: Optional[Sequence[int]],
) -> Tuple[PushAnswer, Optional[Report]]:
    """Take a push through all steps record by record; there is nothing to report of what was answered before."""
    prepared = [_prepare(scope, item) for item in parsed.records]
    reports: List[Report] = []

    def conclude(applied: Applied) -> PushAnswer:
        entries = _enter_all(parsed, prepared, applied)
        reports.append(make_report(entries, is_undone=applied.is_undone, places=places))
        return make_answer(entries, is_undone=applied.is_undone, seconds=measurement.seconds, places=places)

    items = [item for item in prepared if not isinstance(item, Outcome)]
    is_failed = len(items) < len(prepared)
    answer = carry_out(Work(scope, items, parsed.is_atomic, is_failed, request_id, conclude, answers))
    return answer, None if answer.is_replayed else reports[-1]


def _prepare(scope: Scope, item: Any) -> Union[Item, Outcome]:
    """Take one record through the steps that ask no database; one that the project sees first waits to be read."""
    if isinstance(item, Outcome):
        return item
    synced = authorize(scope, item)
    if isinstance(synced, Outcome):
        return synced
    return Draft(item, synced) if has_before_push(synced) else identify(scope, item, synced)


def _enter_all(parsed: Parsed, prepared: Sequence[Union[Item, Outcome]], applied: Applied) -> List[Entry]:
    """Put together what is known of the records."""
    return [
        _enter(parsed, index, item if isinstance(item, Outcome) else applied.outcomes[index], applied)
        for index, item in enumerate(prepared)
    ]


def _enter(parsed: Parsed, index: int, outcome: Outcome, applied: Applied) -> Entry:
    """Put together what is known of one record."""
    envelope: Any = parsed.records[index]
    record = applied.records.get(index)
    known = parsed.known_label(index) if record is None else record.label
    return Entry(
        index=index,
        label=known or parsed.labels[index],
        is_known=known is not None,
        client_id=getattr(envelope, "client_id", None),
        record=record,
        outcome=outcome,
    )


def _announce(
    scope: Scope, body: Mapping[str, Any], report: Report, *, request: RequestInfo, measurement: Measurement
) -> None:
    """Tell those who keep journals; their failure is theirs, the push stands."""
    event = PushFinished(
        user_id=scope.user_id,
        username=scope.username,
        site_id=scope.site_id,
        organization=scope.organization_name,
        request=request,
        request_data=body,
        models=report.models,
        status=report.status,
        seconds=measurement.seconds,
        queries=measurement.queries,
        memory=measurement.memory,
        error=report.error,
        conflicts=report.conflicts,
        failures=report.failures,
    )
    try:
        with transaction.atomic(using=DEFAULT_DB_ALIAS):
            push_finished.send(sender=PushFinished, event=event)
    except Exception:
        logger.exception("The journal of push %s could not be written.", request.request_id)
