"""Putting the feed right, at the price of clients that begin again, never of changes that are missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from sb_sync.feed import InstallReport, backend_for, begin_epoch, install
from sb_sync.feed.identity import find_identity

__all__ = ["RepairReport", "repair", "was_moved"]


@dataclass(frozen=True)
class RepairReport:
    """What was installed, and whether every cursor begins again."""

    installation: InstallReport
    new_epoch: bool


def repair(
    using: str,
    *,
    new_epoch: bool = False,
    dry_run: bool = False,
    progress: Optional[Callable[[int, int, str], None]] = None,
) -> RepairReport:
    """Install every trigger anew, and begin a new epoch where the database was moved or where one is asked for.

    With `dry_run` nothing is done: the report tells what would be.
    """
    installation = install(using, force=True, dry_run=dry_run, progress=progress)
    begun = (new_epoch or was_moved(using)) if dry_run else begin_epoch(using, force=new_epoch)
    return RepairReport(installation, begun)


def was_moved(using: str) -> bool:
    """Tell whether the database stands in another system than before, where its old cursors mean nothing."""
    identity = find_identity(using)
    return identity is not None and identity.system != backend_for(using).system()
