"""The lists of fields that versions were made of, remembered by tag from one deployment to the next."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Tuple

from django.apps import AppConfig
from django.db import connections, router
from django.db.models.signals import post_migrate

from sb_sync import catalog
from sb_sync.models import FieldList
from sb_sync.optimizations.chunks import split
from sb_sync.wire.schema import schema_of

__all__ = ["connect", "find_field_lists", "remember_field_lists"]

Names = Tuple[str, ...]

# What this process knows to stand in each database: lists are never changed.
_known: Dict[Tuple[str, str], Names] = {}
# The catalog whose lists were last written to each database.
_remembered: Dict[str, Any] = {}


def connect(app: AppConfig) -> None:
    """Remember the lists at the end of each migrate, once for all apps."""
    post_migrate.connect(_remember_after_migrate, sender=app, dispatch_uid="sb_sync.wire.remember")


def remember_field_lists(using: str) -> None:
    """See to it that the present lists stand in a database, before versions with their tags are given away.

    Takes one statement in the life of a process, and one more where a deployment without a migration changed a list.
    """
    models = catalog.synced_models()
    if _remembered.get(using) is models:
        return
    rows = FieldList.objects.using(using)
    stored = {tag: tuple(names) for tag, names in rows.values_list("tag", "fields")}
    _known.update(((using, tag), names) for tag, names in stored.items())
    schemas = [schema_of(synced) for synced in models.values() if synced.database == using]
    missing = [
        FieldList(tag=schema.tag, model_name=schema.label, fields=list(schema.version_names))
        for schema in schemas
        if schema.tag not in stored
    ]
    if missing:
        # Another process may be at the same.
        rows.bulk_create(missing, ignore_conflicts=True)
    _remembered[using] = models


def find_field_lists(tags: Iterable[str], using: str) -> Mapping[str, Names]:
    """Return the names of the fields behind tags; one that nothing is known of is left out."""
    wanted = set(tags)
    unknown = [tag for tag in wanted if (using, tag) not in _known]
    for chunk in split(unknown, using):
        # Perhaps another process, of a newer deployment, gave it away.
        rows = FieldList.objects.using(using).filter(tag__in=chunk)
        _known.update(((using, tag), tuple(names)) for tag, names in rows.values_list("tag", "fields"))
    return {tag: _known[using, tag] for tag in wanted if (using, tag) in _known}


def _remember_after_migrate(*, using: str, **_: Any) -> None:
    table = FieldList._meta.db_table
    if router.allow_migrate_model(using, FieldList) and table in connections[using].introspection.table_names():
        # What stood there may be gone: a flush ends with this signal, too.
        _remembered.pop(using, None)
        remember_field_lists(using)
