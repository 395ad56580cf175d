"""Rows of simple-history for what is written set by set, and the user in whose name all others are written."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Iterator, Sequence

from django.contrib.auth import get_user_model
from django.utils.functional import SimpleLazyObject
from simple_history.models import HistoricalRecords

from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split

__all__ = ["REASON", "attributed_to", "write_history"]

#: Why a row has a new entry in its history.
REASON = "sb_sync push"


@contextmanager
def attributed_to(user_id: str) -> Iterator[None]:
    """Let simple-history name a user for whatever is saved or deleted inside."""
    context: Any = HistoricalRecords.context
    has_request = hasattr(context, "request")
    before = getattr(context, "request", None)
    context.request = SimpleNamespace(user=SimpleLazyObject(lambda: get_user_model()._base_manager.get(pk=user_id)))
    try:
        yield
    finally:
        if has_request:
            context.request = before
        else:
            del context.request


def write_history(synced: SyncedModel, keys: Sequence[Any], using: str, *, is_update: bool) -> None:
    """Write the history of rows from what now stands in the database."""
    options: Any = synced.model._meta
    manager = getattr(synced.model, options.simple_history_manager_attribute)
    user = HistoricalRecords.context.request.user
    for chunk in split(keys, using):
        rows = list(synced.model._base_manager.using(using).filter(pk__in=chunk).order_by("pk"))
        manager.bulk_history_create(rows, update=is_update, default_user=user, default_change_reason=REASON)
