"""Keeping triggers out of the way of migrations, and putting them back.

A trigger that names a column or another table blocks SQLite from making that table anew, and on PostgreSQL fails
every write after a rename. So before a plan runs, triggers that name a table concerned are replaced by neutral ones,
which reset their table when it is written; afterwards the true ones are installed again. A crash between the two
leaves resets, never a blocked write.
"""

from __future__ import annotations

import logging
from typing import Any, Iterable, Iterator, Optional, Set

from django.apps import AppConfig
from django.core.management.base import CommandError
from django.db import transaction
from django.db.migrations.operations import (
    AddConstraint,
    AddIndex,
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
    RemoveIndex,
    RunPython,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.models.signals import post_migrate, pre_migrate

from sb_sync import catalog
from sb_sync.feed.backends import FeedBackend, UnsupportedDatabase, working_backend_for
from sb_sync.feed.backends.base import InstallationBlocked
from sb_sync.feed.installation import has_log, install, remove_all

__all__ = ["connect", "finish_migration", "install_what_is_missing", "prepare_migration"]

# Operations that leave a table's name and columns alone and do not make it anew.
HARMLESS = (AlterModelManagers, AlterModelOptions, CreateModel, RunPython)
HARMLESS_WITHOUT_REMAKE = (AddConstraint, AddIndex, RemoveIndex)

logger = logging.getLogger("sb_sync")


def connect(app: AppConfig) -> None:
    """Let each migrate prepare the triggers before, and install them after, once for all apps."""
    pre_migrate.connect(prepare_migration, sender=app, dispatch_uid="sb_sync.feed.prepare")
    post_migrate.connect(finish_migration, sender=app, dispatch_uid="sb_sync.feed.finish")


def prepare_migration(*, using: str, plan: Any = (), apps: Any = None, **_: Any) -> None:
    """Neutralise the triggers that the plan's operations would meet.

    Raises `CommandError` where they must be taken away and a table is in use.
    """
    backend = _find_backend(using)
    if backend is None or not plan or not has_log(using):
        return
    triggers = backend.triggers()
    if not triggers:
        return
    tables = _Concerned(backend, apps, (trigger.table for trigger in triggers)).find(plan)
    if backend.log_table in tables:
        # Nothing can be logged while the log itself is worked on; each table begins with a reset afterwards.
        try:
            remove_all(using)
        except InstallationBlocked as error:
            raise CommandError(f"Nothing was migrated. {error}") from error
        return
    names = {backend.quote(table) for table in tables}
    met = [trigger for trigger in triggers if trigger.table in tables or any(name in trigger.text for name in names)]
    with transaction.atomic(using=using):
        backend.neutralise(met)


def finish_migration(*, using: str, plan: Any = (), **_: Any) -> None:
    """Install what does not stand as it should, for the models and tables that there are now."""
    catalog.refresh(tables_changed=bool(plan))
    install_what_is_missing(using)


def install_what_is_missing(using: str) -> None:
    """Install what does not stand as it should; say what could not be."""
    if _find_backend(using) is None or not has_log(using):
        return
    for table, reason in install(using).failed.items():
        logger.warning("Changes of %s in database %s are not captured: %s.", table, using, reason)


def _find_backend(using: str) -> Optional[FeedBackend]:
    try:
        return working_backend_for(using)
    except UnsupportedDatabase:
        return None


class _Concerned:
    """Find the tables that a plan's operations work on, by the state of the models before it."""

    def __init__(self, backend: FeedBackend, apps: Any, captured: Iterable[str]) -> None:
        self.backend = backend
        self.apps = apps
        self.captured = set(captured)
        self.created: Set[str] = set()
        self.tables: Set[str] = set()

    def find(self, plan: Any) -> Set[str]:
        """Return the tables; all captured ones where an operation does not say what it works on."""
        for migration, is_backwards in plan:
            for operation in _operations(migration.operations):
                self._add(migration.app_label, operation, is_backwards)
        return self.tables

    def _add(self, app_label: str, operation: Operation, is_backwards: bool) -> None:
        name = _model_name(operation)
        if isinstance(operation, CreateModel) and not is_backwards:
            self.created.add(f"{app_label}.{operation.name_lower}")
            return
        if isinstance(operation, HARMLESS) and not isinstance(operation, CreateModel):
            return
        if isinstance(operation, HARMLESS_WITHOUT_REMAKE) and not self.backend.remakes_tables:
            return
        if f"{app_label}.{name}" in self.created:
            return
        model = self._find_model(app_label, name)
        if model is None:
            # SQL of its own, or a model that an earlier operation renamed.
            self.tables |= self.captured
        else:
            self._add_model(model)

    def _find_model(self, app_label: str, name: str) -> Any:
        try:
            return self.apps.get_model(app_label, name) if name else None
        except LookupError:
            return None

    def _add_model(self, model: Any) -> None:
        """Add a model's tables and, where changes of keys make them anew, those of models that refer to it."""
        related = [found.related_model for found in model._meta.related_objects] if self.backend.remakes_tables else []
        for found in [model, *related]:
            self.tables.add(found._meta.db_table)
            self.tables.update(field.remote_field.through._meta.db_table for field in found._meta.many_to_many)


def _operations(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield what is done in the database."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _operations(operation.database_operations)
        else:
            yield operation


def _model_name(operation: Any) -> str:
    """Return the lower-case name of the model that an operation works on, an empty string where it names none."""
    for attribute in ("model_name", "old_name", "name"):
        value = getattr(operation, attribute, None)
        is_of_field = attribute != "model_name" and hasattr(operation, "model_name")
        if isinstance(value, str) and not is_of_field:
            return value.lower()
    return ""
