"""Many keys in one statement."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple, Type
from uuid import UUID

from django.db import models
from django.db.models import Expression

__all__ = ["AnyOf"]

# Wide enough for every value that a column of the class holds: a narrower type would cut a text, and find another row.
ELEMENTS: Mapping[Type[Any], str] = {
    models.UUIDField: "uuid",
    **dict.fromkeys((models.AutoField, models.BigAutoField, models.SmallAutoField), "bigint"),
    **dict.fromkeys((models.IntegerField, models.BigIntegerField, models.SmallIntegerField), "bigint"),
    **dict.fromkeys(
        (models.PositiveIntegerField, models.PositiveBigIntegerField, models.PositiveSmallIntegerField), "bigint"
    ),
    **dict.fromkeys((models.CharField, models.SlugField, models.TextField), "text"),
}
# Keys of exactly these types are prepared already.
PREPARED: Mapping[str, Type[Any]] = {"uuid": UUID, "bigint": int, "text": str}


class AnyOf(Expression):
    """What `__in` takes for a list of keys that is not empty: one parameter where the database knows lists.

    To Django, and to the driver, each parameter of a statement costs more than it costs the database to find its row.
    """

    def __init__(self, field: Any, keys: Sequence[Any]) -> None:
        """Take the column that is compared and its values."""
        super().__init__(output_field=field)
        self.keys = keys

    def as_sql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return one parameter for each key."""
        values = self._prepare(connection)
        return "({})".format(", ".join(["%s"] * len(values))), tuple(values)

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return one parameter for all, where the type of the column is known for sure."""
        field: Any = self.output_field
        while type(field) in (models.ForeignKey, models.OneToOneField):
            field = field.target_field
        element = ELEMENTS.get(type(field))
        if element is None:
            return self.as_sql(compiler, connection)
        keys = self.keys if set(map(type, self.keys)) == {PREPARED[element]} else self._prepare(connection)
        # Written as the database reads them: a driver looks at each.
        values = list(keys) if element == "text" else "{{{}}}".format(",".join(map(str, keys)))
        return f"(SELECT unnest(%s::{element}[]))", (values,)

    def _prepare(self, connection: Any) -> List[Any]:
        field: Any = self.output_field
        is_text = type(field) is models.UUIDField and not connection.features.has_native_uuid_field
        if is_text and set(map(type, self.keys)) == {UUID}:
            return [key.hex for key in self.keys]
        # Prepared as for a look-up: MySQL takes no 0 for a key that it makes, and still can be asked for one.
        return [field.get_db_prep_value(field.get_prep_value(key), connection, prepared=True) for key in self.keys]
