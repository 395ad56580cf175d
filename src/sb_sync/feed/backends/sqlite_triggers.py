"""The text of the triggers on SQLite: row triggers, one key per entry.

Trigger bodies never say INSERT OR REPLACE: the outer statement's conflict clause overrides theirs.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Sequence, Tuple

from sb_sync.feed.backends.row_sets import RowSets, literal
from sb_sync.feed.plan import Capture, Follower, Route
from sb_sync.models.changes import EVERYONE, UNRESOLVED
from sb_sync.tenancy import Hop

__all__ = ["EVENTS", "TriggerText"]

# Event letter -> (end of the trigger's name, its timing clause).
EVENTS: Dict[str, Tuple[str, str]] = {
    "I": ("insert", "AFTER INSERT"),
    "U": ("update", "AFTER UPDATE"),
    "D": ("delete", "AFTER DELETE"),
    "B": ("before_delete", "BEFORE DELETE"),
    "M": ("move", "AFTER UPDATE"),
    "W": ("insert_above", "AFTER INSERT"),
}
NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


class TriggerText:
    """Write the statements that create a capture's triggers; `quote` quotes a name."""

    def __init__(self, quote: Callable[[str], str], log_table: str) -> None:
        """Take how names are written."""
        self.quote = quote
        self.log = quote(log_table)
        self.rows = RowSets(quote)

    def bodies(self, capture: Capture) -> Dict[str, str]:
        """Return what follows the name in each event's CREATE TRIGGER."""
        made = {"I": self._insert(capture), "U": self._update(capture), "D": self._delete(capture)}
        texts = {event: self._wrap(event, capture.table, statements) for event, statements in made.items()}
        if capture.routes:
            texts["B"] = self._wrap("B", capture.table, self._before_delete(capture))
            texts["M"] = self._wrap("M", capture.table, self._move(capture), self._is_moved(capture))
            texts["W"] = self._wrap("W", capture.table, self._insert_above(capture), self._is_waited_for(capture))
        return texts

    def neutral(self, event: str, table: str) -> str:
        """Return the body of a trigger that names no table but the log, and resets the written one."""
        statement = self._log(table, "R", f"SELECT '' AS key, {EVERYONE} AS site")
        return self._wrap(event, table, [statement if event in "IUD" else "SELECT 1"])

    def name(self, table: str, event: str) -> str:
        """Return the name of a trigger."""
        return f"sb_sync_{table}_{EVENTS[event][0]}"

    def _wrap(self, event: str, table: str, statements: List[str], condition: str = "") -> str:
        when = f" WHEN {condition}" if condition else ""
        body = "".join(f"{statement};\n" for statement in statements)
        return f"{EVENTS[event][1]} ON {self.quote(table)} FOR EACH ROW{when} BEGIN\n{body}END"

    # One list of statements per event.

    def _insert(self, capture: Capture) -> List[str]:
        return [self._log(capture.table, "I", self._row("NEW", capture)), *self._follow(capture, ["NEW"])]

    def _insert_above(self, capture: Capture) -> List[str]:
        """Log what was written before its parent came.

        A trigger of its own, which hardly ever runs: within one that always does, each of these statements costs as
        much as the row itself.
        """
        return [
            self._log(
                below.table, "U", f"{self._below(route, below.key, below.hops, 'NEW')} AND {self._waits([below.table])}"
            )
            for route in capture.routes
            for below in route.descendants
        ]

    def _is_waited_for(self, capture: Capture) -> str:
        return self._waits(sorted({below.table for route in capture.routes for below in route.descendants}))

    def _waits(self, tables: Sequence[str]) -> str:
        """Return the condition that rows of one of these tables stand whose organization was not known."""
        names = ", ".join(map(literal, tables))
        return f"EXISTS (SELECT 1 FROM {self.log} WHERE table_name IN ({names}) AND site = {UNRESOLVED})"

    def _update(self, capture: Capture) -> List[str]:
        old, new = self._row("OLD", capture), self._row("NEW", capture)
        key = self.quote(capture.key)
        is_other = (
            f" WHERE OLD.{key} IS NOT NEW.{key}"
            f" OR {self.rows.site('OLD', capture.path)} IS NOT {self.rows.site('NEW', capture.path)}"
        )
        return [
            self._log(capture.table, "U", new),
            self._log(capture.table, "U", f"SELECT key, site FROM ({old}) WHERE site <> {UNRESOLVED}", is_other),
            *self._follow(capture, ["OLD", "NEW"]),
        ]

    def _delete(self, capture: Capture) -> List[str]:
        row = f"SELECT key, site FROM ({self._row('OLD', capture)})"
        # An unresolved row that is gone was named by its parent's deletion.
        return [self._log(capture.table, "D", f"{row} WHERE site <> {UNRESOLVED}"), *self._follow(capture, ["OLD"])]

    def _before_delete(self, capture: Capture) -> List[str]:
        return [
            self._log(below.table, "D", self._known(self._below(route, below.key, below.hops, "OLD")))
            for route in capture.routes
            for below in route.descendants
        ]

    def _move(self, capture: Capture) -> List[str]:
        statements: List[str] = []
        for route in capture.routes:
            moved = self._is_other_place(route)
            for below in route.descendants:
                old = self._known(self._below(route, below.key, below.hops, "OLD") + f" AND ({moved})")
                new = self._below(route, below.key, below.hops, "NEW") + f" AND ({moved})"
                statements += [self._log(below.table, "U", old), self._log(below.table, "U", new)]
        return statements

    def _is_moved(self, capture: Capture) -> str:
        return " OR ".join(self._is_other_place(route) for route in capture.routes)

    def _is_other_place(self, route: Route) -> str:
        anchor = self.quote(route.anchor)
        return (
            f"OLD.{anchor} IS NOT NEW.{anchor}"
            f" OR {self.rows.site('OLD', route.path)} IS NOT {self.rows.site('NEW', route.path)}"
        )

    def _follow(self, capture: Capture, rows: List[str]) -> List[str]:
        return [
            self._log(follower.table, "U", self._following(follower, row))
            for follower in capture.followers
            for row in rows
        ]

    # Statements and row sets.

    def _log(self, table: str, kind: str, pairs: str, condition: str = "") -> str:
        return (
            f"INSERT INTO {self.log} (txid, table_name, site, kind, changed_at, pks)"
            f" SELECT 0, {literal(table)}, p.site, '{kind}', {NOW}, p.key FROM ({pairs}) p{condition}"
        )

    def _row(self, row: str, capture: Capture) -> str:
        key = self.quote(capture.key)
        return f"SELECT CAST({row}.{key} AS TEXT) AS key, {self.rows.site(row, capture.path)} AS site"

    def _known(self, pairs: str) -> str:
        return f"SELECT key, site FROM ({pairs}) WHERE site <> {UNRESOLVED}"

    def _below(self, route: Route, key: str, hops: Tuple[Hop, ...], row: str) -> str:
        """Return (key, site) of the descendants of a row along hops."""
        tables, condition = self.rows.joined(hops, row)
        site = self.rows.site(row, route.path)
        return (
            f"SELECT DISTINCT CAST(d0.{self.quote(key)} AS TEXT) AS key, {site} AS site FROM {tables} WHERE {condition}"
        )

    def _following(self, follower: Follower, row: str) -> str:
        """Return (key, site) of the followers of a row."""
        tables, condition = self.rows.joined(follower.hops, row)
        key, site = f"CAST(d0.{self.quote(follower.key)} AS TEXT)", self.rows.site("d0", follower.path)
        return f"SELECT DISTINCT {key} AS key, {site} AS site FROM {tables} WHERE {condition}"
