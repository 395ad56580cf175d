"""What only the database knows of models: whether their tables are there, and can be read."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Dict, Iterable, List, Mapping, Type

from django.db import DatabaseError, connections, router, transaction
from django.db.models import Model

from sb_sync.discovery.rules import Verdict

__all__ = ["examine"]


def examine(models: Iterable[Type[Model]], values: Mapping[str, Any]) -> Dict[Type[Model], Verdict]:
    """Return why models are out, of those whose table is missing or cannot be read; one statement a model.

    Raises `DatabaseError` where a database is away, of which nothing can be said.
    """
    if not (values["VALIDATE_MODEL_ACCESS"] or values["SAFE_DISCOVERY_MODE"]):
        return {}
    found: Dict[Type[Model], Verdict] = {}
    tables: Dict[str, List[str]] = {}
    for model in models:
        using = router.db_for_write(model)
        if _can_be_read(model, using):
            continue
        if using not in tables:
            tables[using] = connections[using].introspection.table_names(include_views=True)
        is_missing = model._meta.db_table not in tables[using]
        if is_missing and values["SAFE_DISCOVERY_MODE"]:
            found[model] = Verdict("SAFE_DISCOVERY_MODE", "its table is missing; SAFE_DISCOVERY_MODE")
        elif values["VALIDATE_MODEL_ACCESS"]:
            found[model] = Verdict("VALIDATE_MODEL_ACCESS", "its table cannot be read; VALIDATE_MODEL_ACCESS")
    return found


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
