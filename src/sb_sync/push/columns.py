"""Values column by column, as the database takes them: for fields of Django's own classes, whose ways are known."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, Callable, List, Mapping, Optional, Sequence, Type
from uuid import UUID

from django.db import models

from sb_sync.feed.backends.base import Column
from sb_sync.wire.codecs.choice import root_field

__all__ = ["are_known", "is_known", "make_column", "prepare"]

#: Classes of fields that are written by columns, with the type whose values no database but SQLite wants otherwise.
KNOWN: Mapping[Type[Any], Optional[Type[Any]]] = {
    models.AutoField: int,
    models.BigAutoField: int,
    models.SmallAutoField: int,
    models.IntegerField: int,
    models.BigIntegerField: int,
    models.SmallIntegerField: int,
    models.PositiveIntegerField: int,
    models.PositiveBigIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.FloatField: float,
    models.DecimalField: Decimal,
    models.BooleanField: bool,
    models.CharField: str,
    models.EmailField: str,
    models.SlugField: str,
    models.URLField: str,
    models.FilePathField: str,
    models.TextField: str,
    models.UUIDField: UUID,
    models.DateField: date,
    models.DateTimeField: None,
    models.TimeField: None,
    models.DurationField: None,
    models.BinaryField: None,
    models.JSONField: None,
}
#: Types that every database takes as they are.
PLAIN = (int, str)

# A bound of a type: a value cast to it would be cut in silence, where the column itself refuses it.
BOUND = re.compile(r"\([^)]*\)")
TEXT = re.compile(r"^(varchar|character varying)\b")


def is_known(field: Any) -> bool:
    """Tell whether a field is of Django's own, and has no way of its own to write values into SQL."""
    is_reference = type(field) in (models.ForeignKey, models.OneToOneField)
    return (is_reference or type(field) in KNOWN) and type(root_field(field)) in KNOWN


def are_known(fields: Sequence[Any]) -> bool:
    """Tell whether all of these fields are."""
    return all(map(is_known, fields))


def make_column(field: Any, values: Sequence[Any], connection: Any) -> Column:
    """Return a column of an array's type."""
    kind = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
    return Column(
        field.column, TEXT.sub("text", BOUND.sub("", kind)), prepare(field, values, connection, is_typed=True)
    )


def prepare(field: Any, values: Sequence[Any], connection: Any, *, is_typed: bool = False) -> List[Any]:
    """Return the values of a known field as its `get_db_prep_save` would; `is_typed`: the database has all types.

    Where all are of the type that is wanted, they are that already.
    """
    wanted = KNOWN[type(root_field(field))]
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {wanted} and (is_typed or wanted in PLAIN):
        return list(values)
    adapt = _find_adapter(root_field(field), connection) if kinds == {wanted} else None
    if adapt is not None:
        return [None if value is None else adapt(value) for value in values]
    if len(set(map(id, values))) == 1:
        return [_bare(field.get_db_prep_save(values[0], connection))] * len(values)
    return [_bare(field.get_db_prep_save(value, connection)) for value in values]


def _find_adapter(field: Any, connection: Any) -> Optional[Callable[[Any], Any]]:
    """Return the last step of the field's own way, which is all that it does to values of the type that is wanted."""
    wanted = KNOWN[type(field)]
    if wanted is UUID and not connection.features.has_native_uuid_field:
        return attrgetter("hex")
    if wanted is Decimal:
        return lambda value: connection.ops.adapt_decimalfield_value(value, field.max_digits, field.decimal_places)
    return connection.ops.adapt_datefield_value if wanted is date else None


def _bare(value: Any) -> Any:
    """Return a text as nothing more than that: a choice, or one that is marked as safe, has a class of its own."""
    return str.__str__(value) if isinstance(value, str) else value
