"""What the commands have in common."""

from __future__ import annotations

from typing import Any, Optional

from django.core.management.base import BaseCommand

from sb_sync import catalog

__all__ = ["SyncCommand"]


class SyncCommand(BaseCommand):
    """A command that goes by what is set in the database."""

    def execute(self, *args: Any, **options: Any) -> Optional[str]:
        """Read what is set, then run as any command."""
        catalog.refresh()
        return super().execute(*args, **options)
