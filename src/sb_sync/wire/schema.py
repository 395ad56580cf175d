"""Which fields of a model travel, under which names, and which of them a client writes."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple, Type

from django.db.models import FileField, ForeignKey, Model

from sb_sync import compat
from sb_sync.catalog import AUTOMATIC, SyncedModel
from sb_sync.protocol import KEY, ORGANIZATION
from sb_sync.wire.codecs import codec_for
from sb_sync.wire.fields import LIST, ModelSchema, WireField

__all__ = ["schema_of"]

# Raised when a codec writes the same value in another way: versions and cursors made before then end.
CODECS_VERSION = "1"


@lru_cache(maxsize=None)
def schema_of(synced: SyncedModel) -> ModelSchema:
    """Return what travels of a model."""
    key = _make_key(synced)
    columns = list(_make_columns(synced))
    organization = _make_organization(synced)
    if organization is not None:
        columns.append(organization)
    lists = [_make_list(synced, field) for field in synced.model._meta.many_to_many if synced.travels(field)]
    return ModelSchema(
        label=synced.label,
        public_label=synced.public_label,
        model=synced.model,
        key=key,
        fields=tuple(columns),
        many_to_many=tuple(lists),
        organization=organization,
        by_name=_index_by_name(synced, key, [*columns, *lists], organization),
        tag=_digest(synced.label, [field for field in (*columns, *lists) if not field.read_only], 5),
        fingerprint=_digest(synced.label, [key, *columns, *lists], 12),
    )


def _make_key(synced: SyncedModel) -> WireField:
    """Describe the primary key."""
    field: Any = synced.model._meta.pk
    codec = codec_for(field)
    return WireField(
        name=KEY,
        field=field,
        attname=field.attname,
        read_only=synced.key_kind == AUTOMATIC,
        type=codec.word,
        codec=codec,
        references=_referenced(field),
    )


def _make_columns(synced: SyncedModel) -> Iterator[WireField]:
    """Describe the columns without the key and the key to the organization."""
    options = synced.model._meta
    generic = _generic_columns(synced.model)
    for field in options.concrete_fields:
        # The keys of parents by inheritance repeat what the key or the link to them says.
        is_repeated = field.primary_key
        if is_repeated or field is _tenant_field(synced) or not synced.travels(field):
            continue
        codec = codec_for(field)
        yield WireField(
            name=_name_column(synced.model, field),
            field=field,
            attname=field.attname,
            read_only=field.name in generic or _is_declared_read_only(synced, field) or _is_server_made(field),
            type=codec.word,
            codec=codec,
            references=_referenced(field),
        )


def _name_column(model: Type[Model], field: Any) -> str:
    """Return the name of a column; `id` is the key's, so that another column of that name travels as `row_id`."""
    if field.attname != KEY:
        return str(field.attname)
    taken = {name for other in model._meta.concrete_fields for name in (other.name, other.attname)}
    name = "row_id"
    while name in taken:
        name += "_"
    return name


def _make_organization(synced: SyncedModel) -> Optional[WireField]:
    """Describe the model's own key to the organization: seen by clients, set by the server."""
    field = _tenant_field(synced)
    if field is None or {field.name, field.attname}.intersection(synced.sync.exclude):
        return None
    codec = codec_for(field)
    return WireField(
        name=_name_organization(synced.model, field),
        field=field,
        attname=field.attname,
        read_only=True,
        type=codec.word,
        codec=codec,
        references=_referenced(field),
    )


def _name_organization(model: Type[Model], tenant: Any) -> str:
    """Return `organization`, or the key's own name where the model has another field called so."""
    others = [*model._meta.concrete_fields, *model._meta.many_to_many]
    is_taken = any(ORGANIZATION in (other.name, other.attname) for other in others if other is not tenant)
    return tenant.attname if is_taken else ORGANIZATION


def _make_list(synced: SyncedModel, field: Any) -> WireField:
    """Describe a many-to-many field; one with a through model of its own is written through that model."""
    through = field.remote_field.through
    return WireField(
        name=field.name,
        field=field,
        attname=field.name,
        read_only=not through._meta.auto_created or _is_declared_read_only(synced, field),
        type=LIST,
        codec=codec_for(through._meta.get_field(field.m2m_reverse_field_name())),
        references=field.related_model._meta.concrete_model,
    )


def _tenant_field(synced: SyncedModel) -> Any:
    """Return the model's own key to the organization, or None."""
    return None if synced.tenant is None else synced.tenant.field


def _is_declared_read_only(synced: SyncedModel, field: Any) -> bool:
    """Tell whether the project made a field read-only."""
    return field.name in synced.sync.read_only or field.attname in synced.sync.read_only


def _is_server_made(field: Any) -> bool:
    """Tell whether the value is never a client's: times of writing, computed columns, files, links to parents.

    `editable=False` only hides a field from forms; a client fills it as any program would.
    """
    return (
        getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or compat.is_generated(field)
        or isinstance(field, FileField)
        or (field.remote_field is not None and field.remote_field.parent_link)
    )


def _generic_columns(model: Type[Model]) -> Set[str]:
    """Return the names of the columns that generic foreign keys use: nothing checks where they lead."""
    pairs = [field for field in model._meta.private_fields if hasattr(field, "ct_field") and hasattr(field, "fk_field")]
    return {name for field in pairs for name in (field.ct_field, field.fk_field)}


def _referenced(field: Any) -> Optional[Type[Model]]:
    """Return the model that a foreign key names."""
    if not isinstance(field, ForeignKey):
        return None
    target: Any = field.related_model
    return target._meta.concrete_model  # type: ignore[no-any-return]  # the options are untyped here


def _index_by_name(
    synced: SyncedModel, key: WireField, fields: Sequence[WireField], organization: Optional[WireField]
) -> Dict[str, WireField]:
    """Map every name that a push may use to its field: the names on the wire win over Django's own."""
    everything = [*fields, key]
    names: Dict[str, WireField] = {}
    for field in everything:
        names.update({field.field.name: field, field.attname: field})
    names.update({field.name: field for field in everything})
    if organization is not None and organization.field is key.field:
        names.update(dict.fromkeys((key.field.name, key.attname), key))
    return names


def _digest(label: str, fields: Iterable[WireField], size: int) -> str:
    """Return a short name for a list of fields."""
    described: List[Tuple[str, str, bool]] = [(field.name, field.type, field.read_only) for field in fields]
    text = repr((CODECS_VERSION, label, described))
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
