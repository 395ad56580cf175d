"""Entries of the log as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

from sb_sync.models import SyncLog

__all__ = ["Failure", "LogRow", "ModelOutcome", "find_labels", "list_failures", "list_outcomes"]

#: Models that a row names; of others it tells how many there are.
NAMED = 2
CSS: Dict[str, str] = {
    SyncLog.Status.SUCCESS: "tag-good",
    SyncLog.Status.WARNING: "tag-warn",
    SyncLog.Status.ERROR: "tag-bad",
}
COUNTED = ("created", "updated", "deleted", "unchanged", "failed", "pulled")


@dataclass(frozen=True)
class LogRow:
    """One line of the list; `address` is that of its details."""

    entry: SyncLog
    address: str

    @property
    def css(self) -> str:
        """Return the class of its status."""
        return CSS.get(self.entry.status, "")

    @property
    def is_push(self) -> bool:
        """Tell whether the client sent."""
        return self.entry.operation == SyncLog.Operation.PUSH

    @property
    def milliseconds(self) -> float:
        """Return how long it took."""
        return self.entry.processing_time * 1000

    @property
    def labels(self) -> Sequence[str]:
        """Return the first models that the request was about."""
        return find_labels(self.entry)[:NAMED]

    @property
    def more(self) -> int:
        """Return how many models are not named."""
        return max(0, len(find_labels(self.entry)) - NAMED)


@dataclass(frozen=True)
class ModelOutcome:
    """What was done to one model, in records: `counts` in the order of `COUNTED`."""

    label: str
    counts: Tuple[int, ...]


@dataclass(frozen=True)
class Failure:
    """One record that was refused: its place in the request, with field and message of each error.

    `fields` are those that both sides of a conflict changed.
    """

    index: Any
    model: Any
    key: Any
    code: Any
    messages: List[Tuple[str, str]]
    fields: Any


def find_labels(entry: SyncLog) -> List[str]:
    """Return the models that a request was about."""
    return [entry.model_name] if entry.model_name else list(_outcome(entry).get("models", {}))


def list_outcomes(entry: SyncLog) -> Tuple[List[str], List[ModelOutcome]]:
    """Return the kinds of what was done at all, and how often to each model."""
    models: Dict[str, Dict[str, int]] = _outcome(entry).get("models", {})
    kinds = [kind for kind in COUNTED if any(counts.get(kind) for counts in models.values())]
    rows = [ModelOutcome(label, tuple(counts.get(kind, 0) for kind in kinds)) for label, counts in models.items()]
    return kinds, rows


def list_failures(entry: SyncLog) -> Tuple[List[Failure], str]:
    """Return the records that were refused, as far as they were kept, and what is said of those that were not."""
    kept: List[Any] = _outcome(entry).get("failures", [])
    failures = [
        Failure(
            index=each.get("index"),
            model=each.get("model", ""),
            key=each.get("id") or each.get("client_id") or "",
            code=each.get("code", ""),
            messages=_list_messages(each.get("errors")),
            fields=each.get("fields", []),
        )
        for each in kept
        if isinstance(each, dict)
    ]
    return failures, next((each for each in kept if isinstance(each, str)), "")


def _list_messages(errors: Any) -> List[Tuple[str, str]]:
    """Return field and message of each error; what was cut or masked is a text."""
    if not isinstance(errors, dict):
        return []
    return [
        ("" if name == "__all__" else name, str(message))
        for name, messages in errors.items()
        for message in (messages if isinstance(messages, list) else [messages])
    ]


def _outcome(entry: SyncLog) -> Dict[str, Any]:
    return entry.outcome or {}
