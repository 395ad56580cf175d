"""Background pushes as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from sb_sync.dashboard.sections.logs.rows import Failure, ModelOutcome
from sb_sync.models import SyncJob
from sb_sync.protocol import CONFLICT, ERROR

__all__ = ["JobRow", "list_outcomes", "list_refused"]

CSS: Dict[str, str] = {
    SyncJob.State.QUEUED: "tag-info",
    SyncJob.State.RUNNING: "tag-info",
    SyncJob.State.DONE: "tag-good",
    SyncJob.State.FAILED: "tag-bad",
    SyncJob.State.CANCELLED: "tag-warn",
}
OPEN = (SyncJob.State.QUEUED, SyncJob.State.RUNNING)
KINDS = ("created", "updated", "deleted", "unchanged")
#: Records that a page names.
MOST = 100


@dataclass(frozen=True)
class JobRow:
    """A job; `address` is that of its page."""

    job: SyncJob
    address: str

    @property
    def css(self) -> str:
        """Return the class of its state."""
        return CSS.get(self.job.state, "")

    @property
    def is_open(self) -> bool:
        """Tell whether there is something to wait for, or to cancel."""
        return self.job.state in OPEN

    @property
    def is_stopping(self) -> bool:
        """Tell whether it was cancelled, and its worker has yet to see that."""
        return self.is_open and self.job.is_cancelled


def list_outcomes(answer: Mapping[str, Any]) -> Tuple[List[str], List[ModelOutcome]]:
    """Return the kinds of what was done at all, and how often to each model."""
    models: Mapping[str, Mapping[str, int]] = answer.get("processed_models") or {}
    kinds = [kind for kind in KINDS if any(counts.get(kind) for counts in models.values())]
    return kinds, [
        ModelOutcome(label, tuple(counts.get(kind, 0) for kind in kinds)) for label, counts in models.items()
    ]


def list_refused(answer: Mapping[str, Any]) -> List[Failure]:
    """Return the first records that were not applied: why, and nothing that stands in the server's rows."""
    refused = [result for result in answer.get("results") or [] if result.get("status") in (ERROR, CONFLICT)]
    return [_describe(result) for result in refused[:MOST]]


def _describe(result: Mapping[str, Any]) -> Failure:
    errors = result.get("errors") or {}
    return Failure(
        index=result.get("index"),
        model=result.get("_model") or "",
        key=result.get("id") or "",
        code=result.get("code") or result.get("status"),
        messages=[("" if name == "__all__" else name, str(text)) for name, texts in errors.items() for text in texts],
        fields=result.get("fields") or [],
    )
