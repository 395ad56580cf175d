"""The way of a pull: parse, read in one snapshot per database, remember the snapshot, answer."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, Mapping, Sequence

from django.db import DEFAULT_DB_ALIAS, transaction

from sb_sync import feed
from sb_sync.access import Scope
from sb_sync.events import ModelPulled, PullFinished, pull_finished
from sb_sync.optimizations import Measurement, measure
from sb_sync.protocol import ERROR, PARTIAL, SUCCESS, RequestInfo
from sb_sync.pull.answer import Finished, PullAnswer, describe_models, make_answer, make_refusal
from sb_sync.pull.memory import recall
from sb_sync.pull.page import Page
from sb_sync.pull.request import PullRequest, Refused, parse_request
from sb_sync.pull.snapshots import read_pages

__all__ = ["announce", "finish", "open_traces", "run"]


def run(scope: Scope, body: Mapping[str, Any], *, request: RequestInfo) -> PullAnswer:
    """Answer a pull.

    Raises a `SyncError` where the body is malformed or a value of `models` is no cursor.
    """
    with measure() as measurement:
        asked = parse_request(scope, body)
        memories = recall(scope)
        pages, refused = read_pages(scope, asked, memories)
        with open_traces(pages):
            finished = [finish(page) for page in pages]
            announce(
                scope,
                body,
                models=describe_models(finished),
                errors={item.label: item.code for item in refused},
                status=_judge(asked, refused),
                batch_size=asked.batch_size,
                request=request,
                measurement=measurement,
            )
    if refused and not asked.asked:
        return make_refusal(refused, request.request_id)
    return make_answer(scope, asked, finished, refused=refused, memories=memories)


@contextmanager
def open_traces(pages: Sequence[Page]) -> Iterator[None]:
    """Open the transaction in which checkpoints and journals are written: the one of the journals commits last."""
    with ExitStack() as stack:
        for using in dict.fromkeys([DEFAULT_DB_ALIAS, *(page.using for page in pages)]):
            stack.enter_context(transaction.atomic(using=using))
            # Nothing may be read before the right to write is held, where one writes at a time.
            feed.begin_push(using)
        yield


def finish(page: Page) -> Finished:
    """Write the checkpoint that cursors name.

    An answer with records writes one in any case: its commit makes sure that what was read cannot be lost by a crash
    after the client has it.
    """
    if not page.needs_checkpoint and not page.records:
        return Finished(page, None)
    checkpoint = feed.write_checkpoint(page.using, page.reading.snapshot)
    return Finished(page, checkpoint)


def announce(
    scope: Scope,
    body: Mapping[str, Any],
    *,
    models: Mapping[str, ModelPulled],
    errors: Mapping[str, str],
    status: str,
    batch_size: int,
    request: RequestInfo,
    measurement: Measurement,
    error: str = "",
) -> None:
    """Tell those who keep journals."""
    event = PullFinished(
        user_id=scope.user_id,
        username=scope.username,
        site_id=scope.site_id,
        organization=scope.organization_name,
        request=request,
        request_data=body,
        models=models,
        status=status,
        seconds=measurement.seconds,
        queries=measurement.queries,
        memory=measurement.memory,
        batch_size=batch_size,
        errors=errors,
        error=error,
    )
    pull_finished.send(sender=PullFinished, event=event)


def _judge(asked: PullRequest, refused: Sequence[Refused]) -> str:
    """Return how the pull went, as a whole."""
    if not refused:
        return SUCCESS
    return PARTIAL if asked.asked else ERROR
