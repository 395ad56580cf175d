"""The way of a pull: parse, read in one snapshot per database, remember the snapshot, answer."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from sb_sync.access import Scope
from sb_sync.events import ModelPulled, PullFinished, Statement
from sb_sync.optimizations import Measurement, measure
from sb_sync.protocol import ERROR, PARTIAL, SUCCESS, RequestInfo
from sb_sync.pull.answer import PullAnswer, describe_models, make_answer, refuse_all
from sb_sync.pull.memory import recall
from sb_sync.pull.request import PullRequest, Refused, parse_request
from sb_sync.pull.snapshots import read_pages
from sb_sync.pull.traces import tell_observers, write_traces

__all__ = ["announce", "run"]


def run(scope: Scope, body: Mapping[str, Any], *, request: RequestInfo) -> PullAnswer:
    """Answer a pull.

    Raises a `SyncError` where the body is malformed, a value of `models` is no cursor, or nothing is served.
    """
    with measure() as measurement:
        asked = parse_request(scope, body)
        memories = recall(scope)
        pages, refused = read_pages(scope, asked, memories)
        journal = announce(
            scope,
            body,
            models=describe_models(pages),
            errors={item.label: item.code for item in refused},
            status=_judge(asked, refused),
            batch_size=asked.batch_size,
            request=request,
            measurement=measurement,
        )
        finished = write_traces(pages, journal)
    if asked.is_closed:
        raise refuse_all(refused)
    return make_answer(scope, asked, finished, refused=refused, memories=memories)


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
) -> Sequence[Statement]:
    """Tell observers, and return what those who keep journals insert."""
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
    return tell_observers(event)


def _judge(asked: PullRequest, refused: Sequence[Refused]) -> str:
    """Return how the pull went, as a whole."""
    if not refused:
        return SUCCESS
    return PARTIAL if asked.asked else ERROR
