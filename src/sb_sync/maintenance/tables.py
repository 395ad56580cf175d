"""Which of the package's own tables were never made."""

from __future__ import annotations

from typing import Any, List

from django.apps import apps
from django.db import DatabaseError, connections, router

from sb_sync.maintenance.verify import feed_databases

__all__ = ["find_missing_tables"]


def find_missing_tables(using: str) -> List[str]:
    """Return those tables that belong into a database and are not there; none where nothing can be said."""
    models: Any = apps.get_app_config("sb_sync").get_models(include_auto_created=True)
    wanted = [model for model in models if router.allow_migrate_model(using, model)]
    if not (using in feed_databases() or any(router.db_for_write(model) == using for model in wanted)):
        return []
    try:
        present = set(connections[using].introspection.table_names())
    except DatabaseError:
        return []
    return sorted(model._meta.db_table for model in wanted if model._meta.db_table not in present)
