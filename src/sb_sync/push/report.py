"""Last step: what the client is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from sb_sync import catalog
from sb_sync.events import ModelPushed
from sb_sync.protocol import (
    CLIENT_ID,
    CREATED,
    ERROR,
    KEY,
    MODEL,
    PARTIAL,
    PERMISSION_DENIED,
    REMOVED,
    SUCCESS,
    UNCHANGED,
    UPDATED,
    VERSION,
)
from sb_sync.push.batch import MISSING, Outcome, Record

__all__ = ["Entry", "PushAnswer", "count_conflicts", "count_models", "judge", "make_answer"]

APPLIED = (CREATED, UPDATED, REMOVED, UNCHANGED)


@dataclass(frozen=True)
class PushAnswer:
    """HTTP status and JSON body; a replayed one was given before, and nothing was done for it now."""

    status: int
    body: Dict[str, Any]
    is_replayed: bool = False


@dataclass(frozen=True)
class Entry:
    """One record of the push with what became of it; `record` is None where it was refused before it could be read."""

    index: int
    label: Optional[str]
    is_known: bool
    client_id: Optional[str]
    record: Optional[Record]
    outcome: Outcome


def make_answer(entries: Sequence[Entry], *, is_undone: bool, seconds: float) -> PushAnswer:
    """Put the answer together; of a push that was undone as a whole only what it failed on is told."""
    told = [entry for entry in entries if not is_undone or not entry.outcome.is_applied]
    status = judge(entries, is_undone=is_undone)
    conflicts = sum(entry.outcome.is_conflict for entry in told)
    applied = sum(entry.outcome.is_applied for entry in told)
    body: Dict[str, Any] = {
        "status": status,
        "success_count": applied,
        "error_count": len(told) - applied - conflicts,
        "conflict_count": conflicts,
        "processed_models": _describe_models(entries, is_undone=is_undone),
        "processing_time": round(seconds, 6),
        "results": [_describe(entry) for entry in told],
    }
    if entries and all(entry.outcome.code == PERMISSION_DENIED for entry in entries):
        body["code"] = PERMISSION_DENIED
        return PushAnswer(403, body)
    return PushAnswer(400 if is_undone else 200, body)


def judge(entries: Sequence[Entry], *, is_undone: bool) -> str:
    """Return how the push went, as a whole."""
    applied = [entry.outcome.is_applied for entry in entries]
    if is_undone or (applied and not any(applied)):
        return ERROR
    return SUCCESS if all(applied) else PARTIAL


def count_models(entries: Sequence[Entry], *, is_undone: bool) -> Mapping[str, ModelPushed]:
    """Return what was done to each model that a record named."""
    counts: Dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.is_known and entry.label is not None:
            is_done = entry.outcome.is_applied and not is_undone
            counts.setdefault(entry.label, Counter())[entry.outcome.status if is_done else ERROR] += 1
    return {
        label: ModelPushed(
            created=found[CREATED],
            updated=found[UPDATED],
            deleted=found[REMOVED],
            unchanged=found[UNCHANGED],
            failed=found[ERROR],
        )
        for label, found in counts.items()
    }


def count_conflicts(entries: Sequence[Entry], *, is_undone: bool) -> int:
    """Return how many records met a row that had changed, settled or not."""
    outcomes = [entry.outcome for entry in entries]
    return sum(outcome.is_conflict or (outcome.conflict is not None and not is_undone) for outcome in outcomes)


def _describe_models(entries: Sequence[Entry], *, is_undone: bool) -> Dict[str, Dict[str, int]]:
    """Return the counts per model as the client is told them."""
    names: Tuple[str, ...] = APPLIED
    counts = count_models(entries, is_undone=is_undone)
    return {
        catalog.public_label_of(label): {name: getattr(pushed, name) for name in names}
        for label, pushed in counts.items()
    }


def _name(entry: Entry) -> Optional[str]:
    """Return what the client is told a record's model is called."""
    return entry.label if entry.label is None or not entry.is_known else catalog.public_label_of(entry.label)


def _describe(entry: Entry) -> Dict[str, Any]:
    """Return what became of one record as the client is told it."""
    outcome = entry.outcome
    told: Dict[str, Any] = {"index": entry.index, MODEL: _name(entry)}
    if outcome.key is not None:
        told[KEY] = outcome.key
    told["status"] = outcome.status
    if outcome.is_applied and outcome.version is not None:
        told[VERSION] = outcome.version
    if entry.client_id is not None:
        told[CLIENT_ID] = entry.client_id
    if outcome.code is not None:
        told["code"] = outcome.code
        told["errors"] = {name: [str(message) for message in messages] for name, messages in outcome.errors.items()}
    if outcome.server is not MISSING:
        told["server"] = outcome.server
    if outcome.conflict is not None:
        told["conflict"] = outcome.conflict
    if outcome.fields is not None:
        told["fields"] = list(outcome.fields)
    ignored: List[str] = list(entry.record.ignored) if entry.record is not None else []
    if ignored:
        told["ignored"] = ignored
    return told
