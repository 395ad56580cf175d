"""The end of a job: one answer put together from what became of its chunks, and nothing else left of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional

from django.db import transaction
from django.utils import timezone

from sb_sync.models import SyncJob
from sb_sync.protocol import ERROR, PARTIAL, PERMISSION_DENIED, SUCCESS
from sb_sync.push.jobs.parting import chunks_in, find_databases

__all__ = ["Kept", "end"]


@dataclass(frozen=True)
class Kept:
    """The answer of a push, and by label the rules under which rows are shown in it."""

    body: Optional[Dict[str, Any]]
    rules: Mapping[str, Optional[str]] = field(default_factory=dict)


def end(
    rows: Any, job: SyncJob, state: SyncJob.State, *, kept: Optional[Kept] = None, code: str = "", detail: str = ""
) -> bool:
    """End a job where it is among these rows, and tell whether it was; what was sent is deleted with it.

    The answer is `kept`, else what was committed so far.
    """
    using = rows.db
    with transaction.atomic(using=using, savepoint=False):
        ended = rows.update(
            state=state, code=code, detail=detail, body=None, worker="", due_at=None, finished_at=timezone.now()
        )
        if not ended:
            return False
        told = kept or _gather(job, using, is_whole=state == SyncJob.State.DONE)
        SyncJob._base_manager.using(using).filter(pk=job.pk).update(answer=told.body, rules=told.rules)
        chunks_in(using, job.pk).delete()
    for other in find_databases(using)[:-1]:
        chunks_in(other, job.pk).delete()
    return True


def _gather(job: SyncJob, using: str, *, is_whole: bool) -> Kept:
    """Return one answer made of those of the chunks, no answer where nothing was done."""
    bodies: List[Dict[str, Any]] = []
    rules: Dict[str, Optional[str]] = {}
    for database in find_databases(using):
        applied = chunks_in(database, job.pk).filter(results__isnull=False).order_by("number")
        for kept in applied.values_list("results", flat=True):
            bodies.append(kept["answer"])
            for label, rule in kept["rules"].items():
                # Rows that were shown by two rules are shown by neither.
                rules[label] = rule if rules.get(label, rule) == rule else None
    return Kept(_join(job, bodies) if bodies or is_whole else None, rules)


def _join(job: SyncJob, bodies: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the answer of a push whose records were applied in chunks."""
    results = sorted((result for body in bodies for result in body["results"]), key=lambda result: result["index"])
    counts = {name: sum(body[name] for body in bodies) for name in ("success_count", "error_count", "conflict_count")}
    left = job.record_count - len(results)
    whole: Dict[str, Any] = {
        "status": _judge(counts, left),
        **counts,
        "processed_models": _add_models(bodies),
        "processing_time": round(sum(body["processing_time"] for body in bodies), 6),
        "results": results,
    }
    if left:
        whole["unprocessed_count"] = left
    if results and all(result.get("code") == PERMISSION_DENIED for result in results):
        whole["code"] = PERMISSION_DENIED
    return whole


def _judge(counts: Mapping[str, int], left: int) -> str:
    """Return how the push went, as a whole."""
    failed = counts["error_count"] + counts["conflict_count"] + left
    if failed and not counts["success_count"]:
        return ERROR
    return PARTIAL if failed else SUCCESS


def _add_models(bodies: List[Dict[str, Any]]) -> Dict[str, Dict[str, int]]:
    """Return the counts by model, in the order in which the models came."""
    added: Dict[str, Counter[str]] = {}
    for body in bodies:
        for label, counts in body["processed_models"].items():
            added.setdefault(label, Counter()).update(counts)
    return {label: dict(counts) for label, counts in added.items()}
