"""The same pull as a stream: page after page of lines, until the client holds everything.

Each page is what an answer of `pipeline.run` would be, read and remembered in short transactions of its own, and asked
for with the cursors of the page before. So no transaction is open while lines are on their way, and a stream that
was cut is gone on with from its last mark.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Generator, List, Mapping, Optional

from sb_sync import access, catalog
from sb_sync.errors import SyncError
from sb_sync.events import ModelPulled
from sb_sync.optimizations import Measurement
from sb_sync.protocol import ERROR, PARTIAL, SUCCESS, RequestInfo
from sb_sync.pull.answer import describe_models, make_answer, refuse_all
from sb_sync.pull.memory import Memory, recall
from sb_sync.pull.pipeline import announce
from sb_sync.pull.request import PullRequest, Refused, parse_request
from sb_sync.pull.snapshots import read_pages
from sb_sync.pull.traces import write_traces

__all__ = ["PAGE_RECORDS", "Lines", "run_stream"]

#: Most records of one page: what a stream holds in memory, and how long its transactions are.
PAGE_RECORDS = 2000

logger = logging.getLogger("sb_sync")

CLOSED = "closed by the client"
MARK = "_mark"
RESET = "_reset"
METADATA = "_metadata"

Lines = List[Dict[str, Any]]
FindScope = Callable[[Optional[access.Scope]], access.Scope]


@dataclass
class _Journey:
    """How far a stream came: what was given so far, and the cursors to go on from."""

    batch_size: Optional[int] = None
    total: int = 0
    has_more: bool = True
    marks: Dict[str, Any] = field(default_factory=dict)
    metadata: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    models: Dict[str, ModelPulled] = field(default_factory=dict)
    refused: Dict[str, Refused] = field(default_factory=dict)
    memories: Optional[Mapping[str, Memory]] = None

    @property
    def room(self) -> int:
        """Return how many records the next page may hold."""
        return PAGE_RECORDS if self.batch_size is None else min(PAGE_RECORDS, self.batch_size - self.total)

    @property
    def is_over(self) -> bool:
        """Tell whether the client has all, or as much as it asked for."""
        return not self.has_more or self.room == 0


def run_stream(find_scope: FindScope, body: Mapping[str, Any], *, request: RequestInfo) -> Generator[Lines, None, None]:
    """Yield the lines of each page, then the last line.

    `find_scope` is asked before each page, with the scope of the page before: rights that end, end the stream.
    Raises a `SyncError` for whatever keeps a page from being read; what went wrong before the first page was yielded
    concerns the request as a whole.
    """
    journey = _Journey()
    measurement = Measurement()
    scope: Optional[access.Scope] = None
    error = CLOSED
    try:
        while not journey.is_over:
            with measurement.running():
                scope = find_scope(scope)
                lines = _read_page(scope, body, journey)
            yield lines
        error = ""
    except Exception as failure:
        error = failure.code if isinstance(failure, SyncError) else type(failure).__name__
        raise
    finally:
        if scope is not None and (journey.metadata or journey.refused):
            _write_traces(scope, body, journey, error=error, request=request, measurement=measurement)
    yield [_describe_end(journey)]


def _read_page(scope: access.Scope, body: Mapping[str, Any], journey: _Journey) -> Lines:
    """Read one page, make sure that it cannot be lost, and return its lines."""
    asked = _parse(scope, body, journey)
    if journey.memories is None:
        journey.memories = recall(scope)
    pages, refused = read_pages(scope, asked, journey.memories)
    journey.refused.update((item.label, item) for item in refused)
    if asked.is_closed:
        raise refuse_all(refused)
    finished = write_traces(pages)
    answer = make_answer(scope, asked, finished, refused=refused, memories=journey.memories).body
    _go_on(journey, answer, describe_models(pages))
    resets = [label for label, told in answer["metadata"].items() if told.get("reset")]
    begin: Lines = [{RESET: resets}] if resets else []
    return [*begin, *answer["data"], {MARK: {label: told["cursor"] for label, told in answer["metadata"].items()}}]


def _parse(scope: access.Scope, body: Mapping[str, Any], journey: _Journey) -> PullRequest:
    """Return what the next page is asked for: the request itself, then all that it led to."""
    if not journey.marks:
        asked = parse_request(scope, body)
        journey.batch_size = None if body.get("batch_size") is None else asked.batch_size
    else:
        asked = parse_request(scope, {"models": journey.marks})
    return replace(asked, batch_size=journey.room)


def _go_on(journey: _Journey, answer: Mapping[str, Any], models: Mapping[str, ModelPulled]) -> None:
    """Add a page to what was given."""
    journey.total += len(answer["data"])
    journey.has_more = answer["batch_info"]["has_more"]
    journey.marks = {label: told["cursor"] for label, told in answer["metadata"].items()}
    for label, pulled in models.items():
        name = catalog.public_label_of(label)
        told, before = answer["metadata"][name], journey.metadata.get(name)
        journey.metadata[name] = told if before is None else _add_metadata(before, told)
        journey.models[label] = _add_model(journey.models.get(label), pulled, is_reset="reset" in told)


def _add_metadata(before: Mapping[str, Any], told: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the metadata of a model over all pages; a time to go on from holds until the model begins again."""
    added = {**told, "count": before["count"] + told["count"]}
    if "reset" not in told:
        added["last_sync"] = told["last_sync"] or before["last_sync"]
        added.update({"reset": True} if "reset" in before else {})
    return added


def _add_model(before: Optional[ModelPulled], pulled: ModelPulled, *, is_reset: bool) -> ModelPulled:
    """Return the same for those who keep journals."""
    if before is None:
        return pulled
    last_sync = pulled.last_sync if is_reset else pulled.last_sync or before.last_sync
    return replace(pulled, count=before.count + pulled.count, last_sync=last_sync)


def _write_traces(
    scope: access.Scope,
    body: Mapping[str, Any],
    journey: _Journey,
    *,
    error: str,
    request: RequestInfo,
    measurement: Measurement,
) -> None:
    """Write down the whole stream; its records have left, so that a journal which fails is only told of."""
    status = {"": PARTIAL if journey.refused else SUCCESS, CLOSED: PARTIAL}.get(error, ERROR)
    try:
        journal = announce(
            scope,
            body,
            models=journey.models,
            errors={label: item.code for label, item in journey.refused.items()},
            status=status,
            batch_size=journey.total if journey.batch_size is None else journey.batch_size,
            request=request,
            measurement=measurement,
            error=error,
        )
        write_traces([], journal)
    except Exception:
        logger.exception("The journal of stream %s could not be written.", request.request_id)


def _describe_end(journey: _Journey) -> Dict[str, Any]:
    """Return the last line."""
    end: Dict[str, Any] = {
        METADATA: journey.metadata,
        "batch_info": {
            "batch_size": journey.batch_size,
            "total_records": journey.total,
            "has_more": journey.has_more,
        },
    }
    if journey.refused:
        end["errors"] = [item.as_json() for item in journey.refused.values()]
    return end
