"""What only the database knows of models: whether their tables are there, are tables, and can be read."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Dict, Iterable, Mapping, Optional, Type

from django.db import DatabaseError, connections, router, transaction
from django.db.models import Model
from django.utils.translation import gettext_noop as _

from sb_sync.discovery.rules import Verdict, explain_by

__all__ = ["examine"]

#: What Django calls one, materialized or not.
VIEW = "v"


def examine(models: Iterable[Type[Model]], values: Mapping[str, Any]) -> Dict[Type[Model], Verdict]:
    """Return why models are out, of those whose table is missing, is a view, or cannot be read.

    Takes one statement a model, and one a database. Raises `DatabaseError` where a database is away, of which nothing
    can be said.
    """
    if not (values["VALIDATE_MODEL_ACCESS"] or values["SAFE_DISCOVERY_MODE"]):
        return {}
    found: Dict[Type[Model], Verdict] = {}
    tables: Dict[str, Dict[str, str]] = {}
    for model in models:
        using = router.db_for_write(model)
        if using not in tables:
            tables[using] = _read_kinds(using)
        verdict = _examine(model, using, tables[using], values)
        if verdict is not None:
            found[model] = verdict
    return found


def _examine(model: Type[Model], using: str, kinds: Mapping[str, str], values: Mapping[str, Any]) -> Optional[Verdict]:
    """Return why one model is out; None where nothing is against it."""
    kind = kinds.get(model._meta.db_table)
    is_read = _can_be_read(model, using)
    if values["SAFE_DISCOVERY_MODE"]:
        if kind is None and not is_read:
            return _refuse("SAFE_DISCOVERY_MODE", _("its table is missing"))
        if kind == VIEW:
            return _refuse("SAFE_DISCOVERY_MODE", _("its table is a view, and has no triggers"), is_lasting=True)
    if not is_read and values["VALIDATE_MODEL_ACCESS"]:
        return _refuse("VALIDATE_MODEL_ACCESS", _("its table cannot be read"))
    return None


def _refuse(key: str, fault: str, *, is_lasting: bool = False) -> Verdict:
    return Verdict(key, explain_by(key, fault), is_lasting)


def _read_kinds(using: str) -> Dict[str, str]:
    """Return what each table of a database is, by name."""
    connection = connections[using]
    with connection.cursor() as cursor:
        return {table.name: table.type for table in connection.introspection.get_table_list(cursor)}


def _can_be_read(model: Type[Model], using: str) -> bool:
    """Tell whether a row of the table can be read, all columns of it."""
    columns = [field.attname for field in model._meta.concrete_fields]
    rows = model._base_manager.using(using).order_by().values_list(*columns)
    shelter: Any = transaction.atomic(using=using) if connections[using].in_atomic_block else nullcontext()
    try:
        with shelter:
            list(rows[:1])
    except DatabaseError:
        if not connections[using].is_usable():
            raise
        return False
    return True
