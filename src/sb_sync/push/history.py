"""Rows of simple-history for what is written set by set, and the user in whose name all others are written."""

from __future__ import annotations

from typing import Any, ContextManager, Sequence

from django.contrib.auth import get_user_model
from django.utils.functional import SimpleLazyObject

from sb_sync.access import Scope
from sb_sync.attribution import attributed_to, current_author
from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split

__all__ = ["signed_by", "write_history"]


def signed_by(scope: Scope, reason: str) -> ContextManager[None]:
    """Let histories name the user of a scope for whatever is saved or deleted inside."""
    user: Any = SimpleLazyObject(lambda: get_user_model()._base_manager.get(pk=scope.user_id))
    return attributed_to(user, reason)


def write_history(synced: SyncedModel, keys: Sequence[Any], using: str, *, is_update: bool) -> None:
    """Write the history of rows from what now stands in the database."""
    options: Any = synced.model._meta
    manager = getattr(synced.model, options.simple_history_manager_attribute)
    author = current_author()
    room = manager.model._meta.get_field("history_change_reason").max_length
    for chunk in split(keys, using):
        rows = list(synced.model._base_manager.using(using).filter(pk__in=chunk).order_by("pk"))
        manager.bulk_history_create(
            rows, update=is_update, default_user=author.user, default_change_reason=author.reason[:room]
        )
