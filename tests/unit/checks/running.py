"""Run the system checks, and keep what the package says."""

from __future__ import annotations

from typing import Any, Dict, List

from django.core.checks import CheckMessage, Tags, run_checks

__all__ = ["ask_database", "run"]


def run(**options: Any) -> Dict[str, List[CheckMessage]]:
    """Return what the checks of the package say, by id."""
    found: Dict[str, List[CheckMessage]] = {}
    for message in run_checks(**options):
        if str(message.id).startswith("sb_sync."):
            found.setdefault(str(message.id), []).append(message)
    return found


def ask_database() -> Dict[str, List[CheckMessage]]:
    """Return what those say that ask the default database."""
    return run(tags=[Tags.database], databases=["default"])
