"""The first rows of several sources that are each in order, brought together by one statement.

A database that is asked for `IN` and an order sorts all that it finds. Each source reads its own index, no further than
is wanted.
"""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from django.db import connections
from django.db.models import QuerySet

__all__ = ["read_merged"]


def read_merged(
    parts: Sequence[QuerySet[Any, Any]], count: int, *, order: Sequence[int], skip: int = 0
) -> List[Tuple[Any, ...]]:
    """Return rows of `values_list` querysets of one database that have the same columns, as the driver gives them.

    Name fields before annotations: Django before 5.2 selects them in that order, however they are named. `order` names
    columns by their place, from 1, with a minus where the largest comes first; each part must be in that
    order. After `skip` rows come at most `count`. An empty list where there are no parts.
    """
    if not parts:
        return []
    using = parts[0].db
    pieces: List[str] = []
    values: List[Any] = []
    for part in parts:
        sql, parameters = part[: skip + count].query.get_compiler(using).as_sql()
        # What Django compiled, with its values bound.
        pieces.append(f"SELECT * FROM ({sql}) part")  # noqa: S608
        values.extend(parameters)
    # By place: what Django calls a column differs from version to version.
    sorting = ", ".join(f"{abs(place)} DESC" if place < 0 else str(place) for place in order)
    together = " UNION ALL ".join(pieces)
    with connections[using].cursor() as cursor:
        statement = f"SELECT * FROM ({together}) merged ORDER BY {sorting} LIMIT {count} OFFSET {skip}"  # noqa: S608
        cursor.execute(statement, tuple(values))
        return list(cursor.fetchall())
