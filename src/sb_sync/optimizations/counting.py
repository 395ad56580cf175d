"""Counting many things at once: one statement for each database, and none is counted further than somebody reads."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

__all__ = ["count_together"]


def count_together(querysets: Mapping[str, QuerySet[Any, Any]], *, most: int) -> Dict[str, int]:
    """Return how many rows each queryset has, by the names given; one more than `most` stands for any larger number.

    Of one that is `distinct()` the different values are counted.
    """
    by_database: Dict[str, Dict[str, QuerySet[Any, Any]]] = {}
    for name, rows in querysets.items():
        by_database.setdefault(rows.db, {})[name] = rows
    found: Dict[str, int] = {}
    for using, asked in by_database.items():
        found.update(_count(using, asked, most + 1))
    return found


def _count(using: str, querysets: Mapping[str, QuerySet[Any, Any]], limit: int) -> Dict[str, int]:
    """Return the numbers of one database's rows, no further than a limit."""
    found = dict.fromkeys(querysets, 0)
    names: List[str] = []
    counts: List[str] = []
    values: List[Any] = []
    for name, rows in querysets.items():
        counted = rows if rows.query.distinct else rows.values("pk")
        try:
            sql, parameters = counted.order_by()[:limit].query.get_compiler(using).as_sql()
        except EmptyResultSet:
            # Django knows without asking that there are none.
            continue
        # What Django compiled, with its values bound.
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) counted)")  # noqa: S608
        values.extend(parameters)
        names.append(name)
    if counts:
        with connections[using].cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(counts)}", tuple(values))
            found.update(zip(names, cursor.fetchone()))
    return found
