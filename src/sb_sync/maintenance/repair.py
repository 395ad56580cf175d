"""Putting the feed right, at the price of clients that begin again, never of changes that are missed."""

from __future__ import annotations

from dataclasses import dataclass

from sb_sync.feed import InstallReport, begin_epoch, install

__all__ = ["RepairReport", "repair"]


@dataclass(frozen=True)
class RepairReport:
    """What was installed, and whether every cursor begins again."""

    installation: InstallReport
    new_epoch: bool


def repair(using: str, *, new_epoch: bool = False) -> RepairReport:
    """Install every trigger anew, and begin a new epoch where the database was moved or where one is asked for."""
    installation = install(using, force=True)
    return RepairReport(installation, begin_epoch(using, force=new_epoch))
