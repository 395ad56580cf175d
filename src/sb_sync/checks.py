"""Registration of system checks: each room says what is wrong in it, Django asks here."""

from __future__ import annotations

from django.core.checks import Tags, register

from sb_sync.feed.checks import check_captures, check_databases

__all__ = ["register_checks"]


def register_checks() -> None:
    """Register every check of the package."""
    register(check_databases, "sb_sync")
    register(check_captures, Tags.database)
