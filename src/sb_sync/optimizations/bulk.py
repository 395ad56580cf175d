"""Writing many rows at once, for the project's own code."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple, Type, TypedDict

from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.db.models import AutoField, Field, Model

from sb_sync import compat
from sb_sync.optimizations.chunks import split

__all__ = ["BulkCounts", "BulkOperations"]

KEY = "pk"
LARGEST = 2**63
#: The values of one row by attribute, as its fields hold them.
Values = Dict[str, Any]


class BulkCounts(TypedDict):
    """How many rows were made, and how many stood already and were written."""

    created: int
    updated: int


class BulkOperations:
    """Write many rows with few statements."""

    @staticmethod
    def bulk_create_or_update(
        model_class: Type[Model], data_list: Sequence[Mapping[str, Any]], batch_size: int = 1000
    ) -> BulkCounts:
        """Create rows, and change those whose primary key is given and stands already: all of them, or none.

        Each mapping holds values by field name; a foreign key by `name` (a row or a key) or `name_id`. Only the fields
        that it names are changed in a row that stands. A row without a key is created; one with a key that does not
        stand is created with it, unless the database chooses the keys of that model: such a key is refused.

        Everything is checked before anything is written. Raises `ValidationError` with a sentence for each fault: a
        field that there is not, a value that the field refuses, a key that comes twice in the list. What the database
        refuses (a unique value that is taken, a row that a foreign key does not find) is raised as it comes, and
        nothing stays written. As all bulk writing it calls no `save()` and sends no signals. It knows no rights: it is
        for the project's own code.

        >>> from django.contrib.sites.models import Site
        >>> BulkOperations.bulk_create_or_update(Site, [{"domain": "north", "name": "North"}])
        {'created': 1, 'updated': 0}
        >>> north = Site.objects.get(domain="north")
        >>> BulkOperations.bulk_create_or_update(Site, [{"id": north.pk, "name": "North Ltd"}])
        {'created': 0, 'updated': 1}
        """
        if batch_size < 1:
            raise ValueError("batch_size must be at least 1.")
        rows = _read_all(model_class, data_list)
        using = router.db_for_write(model_class)
        with transaction.atomic(using=using):
            standing = _lock(model_class, [row[KEY] for row in rows if KEY in row], using)
            created = [row for row in rows if row.get(KEY) not in standing]
            updated = [row for row in rows if row.get(KEY) in standing]
            _refuse_keys(model_class, rows, standing)
            manager = model_class._base_manager.using(using)
            manager.bulk_create([model_class(**row) for row in created], batch_size=batch_size)
            _update(model_class, manager, updated, batch_size)
        return {"created": len(created), "updated": len(updated)}


def _read_all(model: Type[Model], data_list: Sequence[Mapping[str, Any]]) -> List[Values]:
    """Return the values of every row. Raises `ValidationError` with all that is wrong with any."""
    fields = _writable_fields(model)
    rows: List[Values] = []
    faults: List[str] = []
    seen: Dict[Any, int] = {}
    for number, data in enumerate(data_list):
        row = _read(number, data, fields, faults)
        if KEY in row and row[KEY] in seen:
            faults.append(f"row {number}: its key is that of row {seen[row[KEY]]} too")
        seen.setdefault(row.get(KEY), number)
        rows.append(row)
    if faults:
        raise ValidationError(faults)
    return rows


def _read(number: int, data: Mapping[str, Any], fields: Mapping[str, Any], faults: List[str]) -> Values:
    row: Values = {}
    for name, value in data.items():
        field = fields.get(name)
        if field is None:
            faults.append(f"row {number}: there is no field {name!r:.100} that can be written")
            continue
        attribute = KEY if field.primary_key else field.attname
        if attribute in row:
            faults.append(f"row {number}: {field.name} is given twice")
        elif not (field.primary_key and value is None):
            try:
                row[attribute] = _clean(field, value)
            except ValidationError as error:
                faults += [f"row {number}, {name}: {message}" for message in error.messages]
    return row


def _clean(field: Any, value: Any) -> Any:
    """Return a value as the field holds it; whether a foreign key finds its row is for the database to say."""
    if field.remote_field is None:
        return _bounded(field.clean(value, None))
    key = getattr(value, field.target_field.attname) if isinstance(value, field.related_model) else value
    if key is None and not field.null:
        raise ValidationError(field.error_messages["null"])
    return None if key is None else _bounded(field.target_field.to_python(key))


def _bounded(value: Any) -> Any:
    """Refuse an integer that no column holds; not every version of Django does on SQLite."""
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise ValidationError("This number is larger than any that a database holds.")
    return value


def _writable_fields(model: Type[Model]) -> Dict[str, Field[Any, Any]]:
    """Return the fields under every name that a mapping may use."""
    found: Dict[str, Field[Any, Any]] = {}
    for field in model._meta.concrete_fields:
        if not compat.is_generated(field):
            found.update({field.name: field, field.attname: field})
            if field.primary_key:
                found[KEY] = field
    return found


def _lock(model: Type[Model], keys: Sequence[Any], using: str) -> Set[Any]:
    """Return which of these keys stand; their rows are held until the transaction ends, in one order for everybody."""
    rows = model._base_manager.using(using).select_for_update().order_by(KEY)
    return {key for part in split(keys, using) for key in rows.filter(pk__in=part).values_list(KEY, flat=True)}


def _refuse_keys(model: Type[Model], rows: Sequence[Values], standing: Set[Any]) -> None:
    """Refuse new rows with keys that the database chooses: its counter would meet them later."""
    key: Any = model._meta.pk
    while key.remote_field is not None and key.remote_field.parent_link:
        key = key.related_model._meta.pk
    if isinstance(key, AutoField):
        unknown = [number for number, row in enumerate(rows) if KEY in row and row[KEY] not in standing]
        if unknown:
            told = "row {}: no row has its key, and the database chooses the keys of new ones"
            raise ValidationError([told.format(number) for number in unknown])


def _update(model: Type[Model], manager: Any, rows: Sequence[Values], batch_size: int) -> None:
    """Change rows, those that name the same fields together."""
    stamps = [field for field in model._meta.concrete_fields if getattr(field, "auto_now", False)]
    alike: Dict[Tuple[str, ...], List[Model]] = {}
    for row in rows:
        instance = model(**row)
        named = {name for name in row if name != KEY}
        for field in stamps:
            if named and field.attname not in named:
                field.pre_save(instance, add=False)
        names = named | {field.attname for field in stamps} if named else named
        alike.setdefault(tuple(sorted(names)), []).append(instance)
    by_attribute = {field.attname: field.name for field in model._meta.concrete_fields}
    for attributes, instances in alike.items():
        if attributes:
            manager.bulk_update(instances, [by_attribute[name] for name in attributes], batch_size=batch_size)
