"""Last step: what the client is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

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

__all__ = ["Entry", "PushAnswer", "Report", "make_answer", "make_body", "make_report"]

APPLIED: Tuple[str, ...] = (CREATED, UPDATED, REMOVED, UNCHANGED)
#: Records that journals are told of one by one.
MAX_FAILURES = 20


@dataclass(frozen=True)
class PushAnswer:
    """HTTP status and JSON body; a replayed one was given before, and nothing was done for it now."""

    status: int
    body: Dict[str, Any]
    is_replayed: bool = False


@dataclass(frozen=True)
class Report:
    """What those who keep journals are told: counts by model, how it went, and for people what went wrong.

    `failures` are the first records that were not applied.
    """

    models: Mapping[str, ModelPushed]
    status: str
    error: str = ""
    conflicts: int = 0
    failures: Tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Entry:
    """One record of the push with what became of it; `record` is None where it was refused before it could be read."""

    index: int
    label: Optional[str]
    is_known: bool
    client_id: Optional[str]
    record: Optional[Record]
    outcome: Outcome


def make_answer(
    entries: Sequence[Entry], *, is_undone: bool, seconds: float, places: Optional[Sequence[int]] = None
) -> PushAnswer:
    """Put the answer together; of a push that was undone as a whole only what it failed on is told.

    `places` says where each record stands in the array of the client, where that is another place than here.
    """
    told = [entry for entry in entries if not is_undone or not entry.outcome.is_applied]
    conflicts = sum(entry.outcome.is_conflict for entry in told)
    applied = sum(entry.outcome.is_applied for entry in told)
    body = make_body(
        make_report(entries, is_undone=is_undone),
        [_describe(entry, entry.index if places is None else places[entry.index]) for entry in told],
        counts=(applied, len(told) - applied - conflicts, conflicts),
        seconds=seconds,
    )
    if entries and all(entry.outcome.code == PERMISSION_DENIED for entry in entries):
        body["code"] = PERMISSION_DENIED
        return PushAnswer(403, body)
    return PushAnswer(400 if is_undone else 200, body)


def make_body(
    report: Report, results: List[Dict[str, Any]], *, counts: Tuple[int, int, int], seconds: float
) -> Dict[str, Any]:
    """Put the body of an answer together; `counts` are of the applied, the failed and the unsettled."""
    return {
        "status": report.status,
        **dict(zip(("success_count", "error_count", "conflict_count"), counts)),
        "processed_models": {
            catalog.public_label_of(label): {name: getattr(pushed, name) for name in APPLIED}
            for label, pushed in report.models.items()
        },
        "processing_time": round(seconds, 6),
        "results": results,
    }


def make_report(entries: Sequence[Entry], *, is_undone: bool, places: Optional[Sequence[int]] = None) -> Report:
    """Sum up what became of the records; `places` as for `make_answer`."""
    return Report(
        models=_count_models(entries, is_undone=is_undone),
        status=_judge(entries, is_undone=is_undone),
        error=_summarize(entries, is_undone=is_undone),
        conflicts=_count_conflicts(entries, is_undone=is_undone),
        failures=tuple(islice(_tell_failures(entries, places), MAX_FAILURES)),
    )


def _judge(entries: Sequence[Entry], *, is_undone: bool) -> str:
    """Return how the push went, as a whole."""
    applied = [entry.outcome.is_applied for entry in entries]
    if is_undone or (applied and not any(applied)):
        return ERROR
    return SUCCESS if all(applied) else PARTIAL


def _count_models(entries: Sequence[Entry], *, is_undone: bool) -> Mapping[str, ModelPushed]:
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


def _count_conflicts(entries: Sequence[Entry], *, is_undone: bool) -> int:
    """Return how many records met a row that had changed, settled or not."""
    outcomes = [entry.outcome for entry in entries]
    return sum(outcome.is_conflict or (outcome.conflict is not None and not is_undone) for outcome in outcomes)


def _summarize(entries: Sequence[Entry], *, is_undone: bool) -> str:
    """Return how many records failed with which code and how many conflicts were settled how, for people."""
    codes: Dict[str, int] = {}
    for entry in entries:
        outcome = entry.outcome
        code = outcome.conflict if outcome.is_applied and not is_undone else outcome.code or outcome.status
        if code is not None and not (outcome.is_applied and is_undone):
            codes[code] = codes.get(code, 0) + 1
    return ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))


def _tell_failures(entries: Sequence[Entry], places: Optional[Sequence[int]]) -> Iterator[Mapping[str, Any]]:
    """Yield what is known of each record that was not applied, by itself."""
    for entry in entries:
        outcome = entry.outcome
        if not outcome.is_applied:
            told = {
                "index": entry.index if places is None else places[entry.index],
                "model": entry.label,
                "id": outcome.key,
                "client_id": entry.client_id,
                "code": outcome.code or outcome.status,
                "errors": {name: [str(message) for message in messages] for name, messages in outcome.errors.items()},
                "fields": outcome.fields and list(outcome.fields),
            }
            yield {name: value for name, value in told.items() if value not in (None, {}, [])}


def _name(entry: Entry) -> Optional[str]:
    """Return what the client is told a record's model is called."""
    return entry.label if entry.label is None or not entry.is_known else catalog.public_label_of(entry.label)


def _describe(entry: Entry, place: int) -> Dict[str, Any]:
    """Return what became of one record, which stands at a place of the client's array, as the client is told it."""
    outcome = entry.outcome
    told: Dict[str, Any] = {"index": place, MODEL: _name(entry)}
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
