"""What models are made of, looked up once."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, Mapping, Optional

from django.apps import apps

from sb_sync.cache_counts import count_cache

__all__ = ["FieldMetadata", "ModelMetadataCache"]

_count = count_cache("model fields")
_known: Dict[str, Mapping[str, FieldMetadata]] = {}


@dataclass(frozen=True)
class FieldMetadata:
    """One field: `attname` is what holds a foreign key's value, `type` the class as Django calls it within."""

    name: str
    attname: str
    type: str
    null: bool
    unique: bool
    primary_key: bool
    max_length: Optional[int]
    related_model: Optional[str]


class ModelMetadataCache:
    """Keep the fields of models, in this process: they do not change while it runs."""

    @staticmethod
    def get_model_fields(label: str) -> Mapping[str, FieldMetadata]:
        """Return the fields of a model, named as `app_label.Model` in any case, by name: columns, then many-to-many.

        Raises `LookupError` where there is no such model.

        >>> fields = ModelMetadataCache.get_model_fields("sites.Site")
        >>> list(fields)
        ['id', 'domain', 'name']
        >>> fields["name"].max_length
        50
        """
        name = label.lower()
        found = _known.get(name)
        _count.add(hit=found is not None)
        if found is None:
            try:
                meta = apps.get_model(label)._meta
            except ValueError as error:
                raise LookupError(f"{label!r:.100} is no label such as app.Model.") from error
            described = [_describe(field) for field in (*meta.concrete_fields, *meta.many_to_many)]
            found = _known[name] = MappingProxyType({field.name: field for field in described})
        return found

    @staticmethod
    def clear() -> int:
        """Forget everything; return of how many models that was."""
        count = len(_known)
        _known.clear()
        return count


def _describe(field: Any) -> FieldMetadata:
    target = field.related_model
    return FieldMetadata(
        name=field.name,
        attname=field.attname,
        type=field.get_internal_type(),
        null=field.null,
        unique=field.unique,
        primary_key=field.primary_key,
        max_length=field.max_length,
        related_model=None if target is None else target._meta.label,
    )
