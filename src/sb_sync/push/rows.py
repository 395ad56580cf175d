"""The stored rows that a push names, locked until it ends."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from django.db import connections

from sb_sync.access import Scope, scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.any_of import AnyOf
from sb_sync.optimizations.chunks import split
from sb_sync.wire import schema_of

__all__ = ["Rows", "StoredRow", "extra_links", "has_relatives", "root_label"]


class StoredRow(NamedTuple):
    """One row as it stands in the database: values by attribute name, and whether the user may see it."""

    values: Mapping[str, Any]
    is_visible: bool


class Rows:
    """Rows by label and key. A row is read once, then again after something may have changed it."""

    def __init__(self, scope: Scope, using: str) -> None:
        """Start with nothing read."""
        self._scope = scope
        self._using = using
        self._known: Dict[Tuple[str, Any], Optional[StoredRow]] = {}

    def load(self, synced: SyncedModel, keys: Iterable[Any]) -> None:
        """Read and lock rows, in the order of their keys so that two pushes never wait for each other."""
        wanted = [key for key in dict.fromkeys(keys) if (synced.label, key) not in self._known]
        if not wanted:
            return
        attnames = [field.attname for field in synced.model._meta.concrete_fields]
        base, pk = synced.model._base_manager.using(self._using), synced.model._meta.pk
        rows: List[Dict[str, Any]] = []
        for chunk in split(wanted, self._using):
            queryset = base.filter(pk__in=AnyOf(pk, chunk)).order_by("pk")
            if connections[self._using].features.has_select_for_update:
                queryset = queryset.select_for_update()
            rows.extend(dict(zip(attnames, row)) for row in queryset.values_list(*attnames))
        key_name = schema_of(synced).key.attname
        visible = self._find_visible(synced, [row[key_name] for row in rows])
        self._known.update(((synced.label, key), None) for key in wanted)
        for row in rows:
            key = row[key_name]
            self._known[synced.label, key] = StoredRow(row, key in visible)

    def find(self, label: str, key: Any) -> Optional[StoredRow]:
        """Return a row that was loaded, None where there is none."""
        return self._known.get((label, key))

    def forget(self, label: str, keys: Iterable[Any]) -> None:
        """Read these rows again before they are used."""
        for key in keys:
            self._known.pop((label, key), None)

    def forget_all(self) -> None:
        """Read every row again before it is used."""
        self._known.clear()

    def _find_visible(self, synced: SyncedModel, keys: List[Any]) -> Set[Any]:
        """Return those of the keys whose rows the user may see."""
        visible: Set[Any] = set()
        for chunk in split(keys, self._using):
            queryset = scoped_queryset(self._scope, synced).using(self._using)
            visible.update(queryset.filter(pk__in=AnyOf(synced.model._meta.pk, chunk)).values_list("pk", flat=True))
        return visible


def root_label(model: Any) -> str:
    """Return the label of the topmost table in which rows of a model stand: parents and children share rows."""
    current = model._meta.concrete_model
    while True:
        link = current._meta.pk.remote_field
        if link is None or not link.parent_link:
            return str(current._meta.label)
        current = current._meta.pk.related_model


@lru_cache(maxsize=None)
def extra_links(model: Any) -> Mapping[Any, Any]:
    """Return the parents by inheritance that have keys of their own, with the links to them: all but the first line."""
    shared = {model}
    current = model
    while current._meta.pk.remote_field is not None and current._meta.pk.remote_field.parent_link:
        current = current._meta.pk.related_model
        shared.add(current)
    return {parent: link for parent, link in model._meta.parents.items() if link is not None and parent not in shared}


def has_relatives(model: Any) -> bool:
    """Tell whether rows of a model stand in several tables."""
    is_parent = any(relation.parent_link for relation in model._meta.related_objects)
    return is_parent or bool(model._meta.parents)
