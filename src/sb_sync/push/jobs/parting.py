"""Parting a job into chunks, each of one database, before any of them is applied."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from django.db import transaction

from sb_sync import catalog
from sb_sync.models import SyncJob, SyncJobChunk
from sb_sync.push.jobs.leases import Lease
from sb_sync.push.jobs.names import find_model, find_present, find_uses
from sb_sync.push.jobs.order import find_awaited, find_groups

__all__ = ["chunks_in", "find_databases", "find_next", "part"]

#: Records of a chunk; more only where they need each other.
CHUNK = 1000
# Chunks that are written at once.
WRITTEN_AT_ONCE = 10


class _Part(NamedTuple):
    """Places of records in the array, and the database of their rows."""

    using: str
    places: List[int]


def part(lease: Lease, job: SyncJob) -> None:
    """Store the records of a job in chunks, in place of its body. Raises `LeaseLost`."""
    data: List[Any] = lease.rows().values_list("body", flat=True).get()
    uses = [find_uses(item) for item in data]
    groups = find_groups(uses, find_present(find_awaited(uses), job, find_databases(lease.using)))
    parts = list(enumerate(_find_parts(data, groups, lease.using)))
    parts.sort(key=lambda numbered: (numbered[1].using == lease.using, numbered[1].using))
    for using in find_databases(lease.using):
        chunks_in(using, lease.job_id).delete()
    for using, numbered in groupby(parts, key=lambda each: each[1].using):
        # The job's own database is the last: there the chunks and the word that all of them stand are one transaction.
        with transaction.atomic(using=using):
            _store(lease, data, {number: found.places for number, found in numbered}, using)
            if using == lease.using:
                lease.renew(is_parted=True, body=None)
    if not any(found.using == lease.using for _, found in parts):
        lease.renew(is_parted=True, body=None)


def find_next(job: SyncJob, using: str) -> Optional[SyncJobChunk]:
    """Return the first chunk of a job that was not applied, by its own number, wherever it is."""
    found = [
        chunks_in(each, job.pk).filter(results__isnull=True).order_by("number").first()
        for each in find_databases(using)
    ]
    return min((chunk for chunk in found if chunk is not None), key=lambda chunk: chunk.number, default=None)


def find_databases(using: str) -> List[str]:
    """Return every database that may hold chunks; `using` is that of the jobs, which comes last."""
    others = {synced.database for synced in catalog.synced_models().values()} - {using}
    return [*sorted(others), using]


def chunks_in(using: str, job_id: Any) -> Any:
    """Return the chunks of a job in a database."""
    return SyncJobChunk._base_manager.using(using).filter(job_id=job_id)


def _find_parts(data: Sequence[Any], groups: Sequence[Sequence[int]], using: str) -> Iterator[_Part]:
    """Yield the parts in the order in which they are applied."""
    gathered: List[int] = []
    for group in groups:
        if gathered and len(gathered) + len(group) > CHUNK:
            yield from _part_by_database(data, gathered, using)
            gathered = []
        gathered.extend(group)
    if gathered:
        yield from _part_by_database(data, gathered, using)


def _part_by_database(data: Sequence[Any], places: Sequence[int], using: str) -> Iterator[_Part]:
    found: Dict[str, List[int]] = {}
    for place in sorted(places):
        synced = find_model(data[place])
        found.setdefault(using if synced is None else synced.database, []).append(place)
    for database in sorted(found):
        yield _Part(database, found[database])


def _store(lease: Lease, data: Sequence[Any], parts: Dict[int, List[int]], using: str) -> None:
    """Write chunks, a few at a time: their texts need as much room as the body did."""
    numbers = list(parts)
    for start in range(0, len(numbers), WRITTEN_AT_ONCE):
        SyncJobChunk._base_manager.using(using).bulk_create(
            SyncJobChunk(
                job_id=lease.job_id,
                number=number,
                record_count=len(parts[number]),
                records=[[place, data[place]] for place in parts[number]],
            )
            for number in numbers[start : start + WRITTEN_AT_ONCE]
        )
