"""Pieces of SQL that row triggers are made of: the organization of a row, and the rows below it."""

from __future__ import annotations

from typing import Callable, List, Tuple

from sb_sync.feed.plan import Path
from sb_sync.models.changes import NOBODY, SHARED, UNRESOLVED
from sb_sync.tenancy import Hop

__all__ = ["RowSets", "literal"]


class RowSets:
    """Write pieces of a row trigger. `quote` quotes a name, `lock` ends every look-up of a row that decides."""

    def __init__(self, quote: Callable[[str], str], lock: str = "") -> None:
        """Take how names are written."""
        self.quote = quote
        self.lock = lock

    def joined(self, hops: Tuple[Hop, ...], row: str) -> Tuple[str, str]:
        """Return the tables of hops, `d0` the first, and the condition that joins their end to a row."""
        tables: List[str] = []
        conditions: List[str] = []
        for number, hop in enumerate(hops):
            is_last = number == len(hops) - 1
            target = row if is_last else f"d{number + 1}"
            tables.append(f"{self.quote(hop.table)} d{number}")
            conditions.append(f"d{number}.{self.quote(hop.column)} = {target}.{self.quote(hop.to_column)}")
        return ", ".join(tables), " AND ".join(conditions)

    def site(self, alias: str, path: Path, depth: int = 0) -> str:
        """Return the organization at a path's end: nobody's where a key is NULL, unresolved where none is found."""
        if path.column is None:
            return str(SHARED)
        if not path.hops:
            return f"COALESCE({alias}.{self.quote(path.column)}, {NOBODY})"
        hop, joined = path.hops[0], f"s{depth}"
        rest = self.site(joined, Path(path.hops[1:], path.column), depth + 1)
        column = f"{alias}.{self.quote(hop.column)}"
        found = f"SELECT {rest} FROM {self.quote(hop.to_table)} {joined}"
        found += f" WHERE {joined}.{self.quote(hop.to_column)} = {column}{self.lock}"
        return f"CASE WHEN {column} IS NULL THEN {NOBODY} ELSE COALESCE(({found}), {UNRESOLVED}) END"


def literal(text: str) -> str:
    """Return a text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"
