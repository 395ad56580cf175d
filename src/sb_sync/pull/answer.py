"""Last step: what the client is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence

from sb_sync.access import Scope
from sb_sync.errors import NothingServed
from sb_sync.events import ModelPulled
from sb_sync.feed import Checkpoint, CheckpointRef, Cursor, encode_cursor
from sb_sync.pull.memory import Memory
from sb_sync.pull.page import Page, Progress
from sb_sync.pull.request import PullRequest, Refused
from sb_sync.wire.codecs.moments import encode_moment

__all__ = ["Finished", "PullAnswer", "describe_models", "make_answer", "refuse_all"]


@dataclass(frozen=True)
class PullAnswer:
    """The JSON body."""

    body: Dict[str, Any]


@dataclass(frozen=True)
class Finished:
    """A page with the checkpoint that was written for it, None where none was needed.

    `is_remembered`: it is known by which rules the rows were chosen, so that the time of the page may be gone on from.
    """

    page: Page
    checkpoint: Optional[Checkpoint]
    is_remembered: bool = True


def make_answer(
    scope: Scope,
    request: PullRequest,
    finished: Sequence[Finished],
    *,
    refused: Sequence[Refused],
    memories: Mapping[str, Memory],
) -> PullAnswer:
    """Put the answer together."""
    data = [record for item in finished for record in item.page.records]
    metadata = {
        progress.stand.schema.public_label: _describe(scope, item, progress, memories.get(progress.stand.label))
        for item in finished
        for progress in item.page.progress
    }
    body: Dict[str, Any] = {
        "data": data,
        "metadata": metadata,
        "batch_info": {
            "batch_size": request.batch_size,
            "total_records": len(data),
            "has_more": not all(item.page.is_whole for item in finished),
        },
    }
    if refused:
        body["errors"] = [item.as_json() for item in refused]
    return PullAnswer(body)


def refuse_all(refused: Sequence[Refused]) -> NothingServed:
    """Return the error where nothing that was asked for is served."""
    return NothingServed([item.as_json() for item in refused])


def describe_models(pages: Sequence[Page]) -> Dict[str, ModelPulled]:
    """Return what was given of each model, for those who keep journals."""
    return {
        progress.stand.label: ModelPulled(
            count=len(progress.records),
            last_sync=page.reading.started_at if _is_up_to_date(page, progress) else None,
            fingerprint=progress.stand.fingerprint,
        )
        for page in pages
        for progress in page.progress
    }


def _is_up_to_date(page: Page, progress: Progress) -> bool:
    """Tell whether the client has all that happened before this reading began."""
    return page.opens and progress.has_ended


def _describe(scope: Scope, item: Finished, progress: Progress, memory: Optional[Memory]) -> Dict[str, Any]:
    """Return the metadata of one model."""
    has_new_time = item.is_remembered and _is_up_to_date(item.page, progress)
    last_sync = item.page.reading.started_at if has_new_time else progress.stand.time
    described: Dict[str, Any] = {
        "count": len(progress.records),
        "last_sync": _encode(last_sync),
        "user_last_sync": _encode(None if memory is None else memory.last_sync),
        "cursor": _make_cursor(scope, item, progress),
        "has_more": progress.position is not None,
    }
    if progress.is_reset:
        described["reset"] = True
    return described


def _encode(moment: Optional[datetime]) -> Optional[str]:
    return None if moment is None else encode_moment(moment)


def _make_cursor(scope: Scope, item: Finished, progress: Progress) -> str:
    """Return where the client goes on: the old cursor where nothing moved."""
    stand, page = progress.stand, item.page
    has_moved = not progress.is_waiting and (item.checkpoint is not None or not page.opens)
    if not has_moved:
        if stand.time is None and stand.asked.known is not None:
            return stand.asked.known
        base, target = stand.base, None
    elif progress.has_ended:
        base, target = (item.checkpoint if page.opens else stand.target), None
    else:
        base = None if progress.is_reset else stand.base
        target = item.checkpoint if page.opens else stand.target
    cursor = Cursor(
        user_id=scope.user_id,
        site_id=scope.site_id,
        label=stand.label,
        fingerprint=stand.fingerprint,
        base=_refer(base),
        target=_refer(target),
        position=progress.position,
    )
    return encode_cursor(page.reading.state, cursor)


def _refer(checkpoint: Optional[Checkpoint]) -> Optional[CheckpointRef]:
    return None if checkpoint is None else CheckpointRef(checkpoint.id, checkpoint.nonce)
