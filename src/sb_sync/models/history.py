"""Histories whose tables are the same in every project."""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

__all__ = ["SyncHistory"]


class SyncHistory(HistoricalRecords):  # type: ignore[misc]  # simple-history is untyped
    """The history of a table of ours.

    Settings of simple-history change the columns and indexes of such tables; ours are fixed, or a project with such a
    setting would have to keep migrations for this package.
    """

    _date_indexing = True

    def __init__(self, **options: Any) -> None:
        """Fix key and reason: a reason is a text of any length."""
        options.setdefault("history_id_field", models.BigAutoField())
        options.setdefault("history_change_reason_field", models.TextField(null=True))
        super().__init__(**options)
