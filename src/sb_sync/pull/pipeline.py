"""The way of a pull: parse, read in one snapshot per database, remember the snapshot, answer."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from django.db import DEFAULT_DB_ALIAS, transaction

from sb_sync import feed
from sb_sync.access import Scope
from sb_sync.events import PullFinished, pull_finished
from sb_sync.optimizations import Measurement, measure
from sb_sync.protocol import ERROR, PARTIAL, SUCCESS, UNAVAILABLE, RequestInfo
from sb_sync.pull.answer import Finished, PullAnswer, describe_models, make_answer, make_refusal
from sb_sync.pull.memory import Memory, recall
from sb_sync.pull.page import Page, fill_page
from sb_sync.pull.plan import make_plan
from sb_sync.pull.request import Asked, PullRequest, Refused, parse_request

__all__ = ["PullAnswer", "run"]


def run(scope: Scope, body: Mapping[str, Any], *, request: RequestInfo) -> PullAnswer:
    """Answer a pull.

    Raises a `SyncError` where the body is malformed or a value of `models` is no cursor.
    """
    with measure() as measurement:
        asked = parse_request(scope, body)
        memories = recall(scope)
        pages, refused = _read_pages(scope, asked, memories)
        with _open_traces(pages):
            finished = [_finish(page) for page in pages]
            _announce(scope, body, asked, finished=finished, refused=refused, request=request, measurement=measurement)
    if refused and not asked.asked:
        return make_refusal(refused, request.request_id)
    return make_answer(scope, asked, finished, refused=refused, memories=memories)


def _read_pages(scope: Scope, request: PullRequest, memories: Mapping[str, Memory]) -> Tuple[List[Page], List[Refused]]:
    """Read each database in turn; those after a full answer only open or keep their pass."""
    by_database: Dict[str, List[Asked]] = {}
    for item in request.asked:
        by_database.setdefault(item.synced.database, []).append(item)
    refused = list(request.refused)
    pages: List[Page] = []
    room = request.batch_size
    for using, items in by_database.items():
        page, unavailable = _read_page(using, scope, items, memories=memories, room=room)
        room -= len(page.records)
        pages.append(page)
        refused.extend(unavailable)
    return pages, refused


def _read_page(
    using: str, scope: Scope, items: Sequence[Asked], *, memories: Mapping[str, Memory], room: int
) -> Tuple[Page, List[Refused]]:
    """Read one database in one snapshot; where it was moved to another system, cursors begin again first."""
    try:
        return _read_snapshot(using, scope, items, memories=memories, room=room)
    except feed.EpochChanged:
        feed.begin_epoch(using)
        return _read_snapshot(using, scope, items, memories=memories, room=room)


def _read_snapshot(
    using: str, scope: Scope, items: Sequence[Asked], *, memories: Mapping[str, Memory], room: int
) -> Tuple[Page, List[Refused]]:
    """Read what there is room for, of the models whose changes are recorded."""
    with feed.reading(using) as reading:
        captured = reading.captured([item.synced for item in items])
        served = [item for item in items if item.synced.label in captured]
        missing = [Refused(item.synced.label, UNAVAILABLE) for item in items if item.synced.label not in captured]
        return fill_page(reading, scope, make_plan(reading, scope, served, memories), room), missing


@contextmanager
def _open_traces(pages: Sequence[Page]) -> Iterator[None]:
    """Open the transaction in which checkpoints and journals are written: the one of the journals commits last."""
    with ExitStack() as stack:
        for using in dict.fromkeys([DEFAULT_DB_ALIAS, *(page.using for page in pages)]):
            stack.enter_context(transaction.atomic(using=using))
            # Nothing may be read before the right to write is held, where one writes at a time.
            feed.begin_push(using)
        yield


def _finish(page: Page) -> Finished:
    """Write the checkpoint that cursors name.

    An answer with records writes one in any case: its commit makes sure that what was read cannot be lost by a crash
    after the client has it.
    """
    if not page.needs_checkpoint and not page.records:
        return Finished(page, None)
    checkpoint = feed.write_checkpoint(page.using, page.reading.snapshot)
    return Finished(page, checkpoint)


def _announce(
    scope: Scope,
    body: Mapping[str, Any],
    asked: PullRequest,
    *,
    finished: Sequence[Finished],
    refused: Sequence[Refused],
    request: RequestInfo,
    measurement: Measurement,
) -> None:
    """Tell those who keep journals."""
    event = PullFinished(
        user_id=scope.user_id,
        username=scope.username,
        site_id=scope.site_id,
        organization=scope.organization_name,
        request=request,
        request_data=body,
        models=describe_models(finished),
        status=_judge(asked, refused),
        seconds=measurement.seconds,
        queries=measurement.queries,
        memory=measurement.memory,
        batch_size=asked.batch_size,
        errors={item.label: item.code for item in refused},
    )
    pull_finished.send(sender=PullFinished, event=event)


def _judge(asked: PullRequest, refused: Sequence[Refused]) -> str:
    """Return how the pull went, as a whole."""
    if not refused:
        return SUCCESS
    return PARTIAL if asked.asked else ERROR
