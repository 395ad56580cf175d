"""What the users of this organization call their rows."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Set, Tuple, Type

from django.db.models import Model

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.models import ClientRecord
from sb_sync.optimizations.chunks import split
from sb_sync.push.batch import ClientReference, Record, Reference
from sb_sync.wire import schema_of

__all__ = ["ClientIds", "names_in"]

Name = Tuple[str, str]


class ClientIds:
    """The `_client_id`s that one user gave, by label; those of rows made in this push are added as they come."""

    def __init__(self, scope: Scope, using: str) -> None:
        """Start with none known."""
        self._scope = scope
        self._using = using
        self._keys: Dict[Name, Any] = {}
        self._new: List[Name] = []

    def load(self, wanted: Set[str]) -> None:
        """Look up what these names stand for, in all models at once."""
        rows = ClientRecord._base_manager.using(self._using).filter(
            user_id=self._scope.user_id, site_id=self._scope.site_id
        )
        for chunk in split(sorted(wanted), self._using):
            found = rows.filter(client_id__in=chunk).values_list("model_name", "client_id", "object_key")
            for label, client_id, text in found:
                synced = catalog.find(label)
                if synced is not None:
                    self._keys[synced.label, client_id] = schema_of(synced).key_from_text(text)

    def find(self, label: str, client_id: Optional[str]) -> Any:
        """Return the key of the row of a model that has this name, or None."""
        return None if client_id is None else self._keys.get((label, client_id))

    def resolve(self, model: Type[Model], reference: Reference) -> Any:
        """Return the key that a reference to a model names; None where a `_client_id` stands for nothing."""
        if not isinstance(reference, ClientReference):
            return reference
        for label in family(model):
            key = self._keys.get((label, reference.client_id))
            if key is not None:
                return key
        return None

    def add(self, label: str, client_id: str, key: Any) -> None:
        """Note the row that a name now stands for."""
        self._keys[label, client_id] = key
        self._new.append((label, client_id))

    def save(self) -> None:
        """Write the names that are new, with the data they belong to."""
        rows = [
            ClientRecord(
                user_id=self._scope.user_id,
                site_id=self._scope.site_id,
                model_name=label,
                client_id=client_id,
                object_key=self._key_text(label, client_id),
            )
            for label, client_id in self._new
        ]
        if rows:
            ClientRecord._base_manager.using(self._using).bulk_create(rows)

    def _key_text(self, label: str, client_id: str) -> str:
        return schema_of(catalog.synced_models()[label]).key_text(self._keys[label, client_id])


def family(model: Type[Model]) -> List[str]:
    """Return the labels under which a row of a model may have been made: its own and those of its children."""
    labels = [model._meta.label]
    for relation in model._meta.related_objects:
        if relation.parent_link:
            labels.extend(family(relation.related_model))
    return labels


def names_in(records: Iterable[Record]) -> Set[str]:
    """Return every `_client_id` that records have or refer to."""
    names: Set[str] = set()
    for record in records:
        if record.client_id is not None:
            names.add(record.client_id)
        named = [record.key, *record.references.values(), *(item for items in record.lists.values() for item in items)]
        names.update(item.client_id for item in named if isinstance(item, ClientReference))
    return names
