"""A sheet from the body to the answer, in one transaction."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from django.db import IntegrityError, OperationalError

from sb_sync import feed
from sb_sync.access import Scope
from sb_sync.events import ModelPushed
from sb_sync.optimizations import Measurement
from sb_sync.protocol import CREATED, SUCCESS, UNCHANGED, UPDATED
from sb_sync.push.faults import Unworkable, working_on
from sb_sync.push.report import PushAnswer, Report, make_body
from sb_sync.push.retries import AnswerKeeper, Claimed
from sb_sync.push.sheets.apply import apply_sheet
from sb_sync.push.sheets.sheet import NotPlain, Sheet, read_sheet
from sb_sync.push.state import PushState
from sb_sync.push.transactions import open_transactions
from sb_sync.push.views import is_watched
from sb_sync.wire import remember_field_lists

__all__ = ["push_sheet"]


def push_sheet(
    scope: Scope,
    body: Mapping[str, Any],
    answers: Optional[AnswerKeeper],
    measurement: Measurement,
    places: Optional[Sequence[int]] = None,
) -> Optional[Tuple[PushAnswer, Report]]:
    """Apply all records of a push and answer, or do nothing and return None: then the long way has to be gone.

    Where they are some of a larger push, `places` says where each stands in that one's array.
    """
    sheet = read_sheet(scope, body)
    if sheet is None or (answers is not None and answers.using != sheet.synced.database):
        return None
    using = sheet.synced.database
    state = PushState(scope, using)
    if is_watched(state, sheet.synced.model):
        return None
    feed.refuse_open_transaction(using)
    remember_field_lists(using)
    try:
        with open_transactions([using], [using], answers, []):
            with working_on(sheet.synced.label):
                results = apply_sheet(state, sheet)
            for result, place in zip(results, places or ()):
                result["index"] = place
            report = _report(sheet, results)
            counts = (sheet.count, 0, 0)
            answer = PushAnswer(200, make_body(report, results, counts=counts, seconds=measurement.seconds))
            if answers is not None:
                answers.keep(answer)
    except (NotPlain, Unworkable, Claimed, IntegrityError):
        return None
    except OperationalError as error:
        if not feed.backend_for(using).is_transient(error):
            raise
        return None
    return answer, report


def _report(sheet: Sheet, results: List[Dict[str, Any]]) -> Report:
    statuses = [result["status"] for result in results]
    pushed = ModelPushed(
        created=statuses.count(CREATED),
        updated=statuses.count(UPDATED),
        deleted=0,
        unchanged=statuses.count(UNCHANGED),
        failed=0,
    )
    return Report({sheet.synced.label: pushed}, SUCCESS)
