"""The way of a push: parse, authorize, identify, apply in one transaction per database, report, announce."""

from __future__ import annotations

import logging
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

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
from sb_sync.push.report import Entry, PushAnswer, count_conflicts, count_models, judge, make_answer
from sb_sync.push.retries import Retry, StoredAnswers
from sb_sync.push.transactions import Applied, Item, Work, carry_out

__all__ = ["run"]

logger = logging.getLogger("sb_sync")


def run(scope: Scope, body: Mapping[str, Any], *, request: RequestInfo, retry: Optional[Retry] = None) -> PushAnswer:
    """Apply the records of a push and tell what became of each; with `retry`, once only.

    Raises a `SyncError` where the body as a whole is malformed or too large.
    """
    answers = None if retry is None else StoredAnswers(scope, retry)
    replayed = None if answers is None else answers.find()
    if replayed is not None:
        return replayed
    with measure() as measurement:
        parsed = parse(body)
        prepared = [_prepare(scope, item) for item in parsed.records]
        concluded: List[Applied] = []

        def conclude(applied: Applied) -> PushAnswer:
            concluded.append(applied)
            entries = _enter_all(parsed, prepared, applied)
            return make_answer(entries, is_undone=applied.is_undone, seconds=measurement.seconds)

        items = [item for item in prepared if not isinstance(item, Outcome)]
        is_failed = len(items) < len(prepared)
        answer = carry_out(Work(scope, items, parsed.is_atomic, is_failed, request.request_id, conclude, answers))
        if answer.is_replayed:
            return answer
        applied = concluded[-1]
        entries = _enter_all(parsed, prepared, applied)
        _announce(scope, body, entries, is_undone=applied.is_undone, request=request, measurement=measurement)
    if not applied.is_undone:
        run_after_push(scope, answer.body["results"])
    return answer


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
    known = parsed.known_label(index)
    return Entry(
        index=index,
        label=known or parsed.labels[index],
        is_known=known is not None,
        client_id=getattr(envelope, "client_id", None),
        record=applied.records.get(index),
        outcome=outcome,
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
        error=_summarize(entries, is_undone=is_undone),
        conflicts=count_conflicts(entries, is_undone=is_undone),
    )
    try:
        with transaction.atomic(using=DEFAULT_DB_ALIAS):
            push_finished.send(sender=PushFinished, event=event)
    except Exception:
        logger.exception("The journal of push %s could not be written.", request.request_id)


def _summarize(entries: Sequence[Entry], *, is_undone: bool) -> str:
    """Return how many records failed with which code and how many conflicts were settled how, for people."""
    codes: Dict[str, int] = {}
    for entry in entries:
        outcome = entry.outcome
        code = outcome.conflict if outcome.is_applied and not is_undone else outcome.code or outcome.status
        if code is not None and not (outcome.is_applied and is_undone):
            codes[code] = codes.get(code, 0) + 1
    return ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))
