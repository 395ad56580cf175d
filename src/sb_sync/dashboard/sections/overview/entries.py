"""The newest entries of the log, the newest failures, and the last pull: of however long a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import List, Optional

from django.db import DEFAULT_DB_ALIAS

from sb_sync import feed
from sb_sync.dashboard.organizations import Selection
from sb_sync.dashboard.sections.logs.candidates import LogFilter, choose_branches, try_entries
from sb_sync.dashboard.sections.logs.rows import list_failures
from sb_sync.models import SyncLog
from sb_sync.ops.series import Period

__all__ = ["Entries", "explain", "read_entries"]

RECENT, FAILED = 8, 6
#: Entries in which the last pull is looked for, and failures of all in which those of some organizations are.
LOOKED_AT, FAILURES_LOOKED_AT = 500, 2_000
FAILURES = (SyncLog.Status.ERROR, SyncLog.Status.WARNING)


@dataclass(frozen=True)
class Entries:
    """Entries, the newest first; `failed` are those of a period. `last_pull` is in UTC, None where none was found."""

    recent: List[SyncLog]
    failed: List[SyncLog]
    last_pull: Optional[datetime]


def read_entries(selection: Selection, period: Period) -> Entries:
    """Return entries of the organizations that a page may show, in three statements."""
    sites = selection.keys
    pulls = LogFilter(sites=sites, operation=SyncLog.Operation.PULL, status=SyncLog.Status.SUCCESS)
    tried = try_entries(pulls, choose_branches(LogFilter(sites=sites), None), LOOKED_AT)
    recent = [key for key, _is_pull in tried[:RECENT]]
    pulled = next((key for key, is_pull in tried if is_pull), None)
    failed = _find_failed(selection, period)
    rows = SyncLog._base_manager.using(DEFAULT_DB_ALIAS).select_related("user", "site").defer("request_data")
    found = rows.in_bulk({*recent, *failed, *(() if pulled is None else (pulled,))})
    return Entries(
        recent=[found[key] for key in recent if key in found],
        failed=[found[key] for key in failed if key in found],
        last_pull=feed.to_utc(found[pulled].timestamp) if pulled in found else None,
    )


def explain(entry: SyncLog) -> str:
    """Return why a request failed, or the first of its records."""
    if entry.error_message:
        return entry.error_message
    failures, _more = list_failures(entry)
    if not failures:
        return ""
    messages = [message for _field, message in failures[0].messages]
    return ": ".join([str(failures[0].code), *messages[:1]])


def _find_failed(selection: Selection, period: Period) -> List[int]:
    """Return the keys of the newest failures: along the index of each status, whatever organizations they are of."""
    wanted = LogFilter(sites=selection.keys, since=feed.to_stored(period.start))
    if wanted.sites == ():
        return []
    count = FAILED if wanted.sites is None else FAILURES_LOOKED_AT
    tried = try_entries(wanted, [{"status": status} for status in FAILURES], count)
    return [key for key, is_match in tried if is_match][:FAILED]
