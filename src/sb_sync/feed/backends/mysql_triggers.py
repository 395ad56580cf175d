"""The text of the triggers on MariaDB and MySQL: row triggers, one key per entry.

Every entry is written by an INSERT … VALUES: an INSERT … SELECT would keep all other writers of the log waiting until
the host's statement ends. What decides about an organization is read by locking reads, so that a writer of a row and
one who moves its parent wait for each other, and the later one sees what the earlier one did.
"""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple

from sb_sync.feed.backends.row_sets import RowSets, literal
from sb_sync.feed.plan import Capture, Descendant, Follower, Path, Route
from sb_sync.models.changes import EVERYONE, UNRESOLVED

__all__ = ["EVENTS", "TriggerText"]

SHARED_LOCK = " LOCK IN SHARE MODE"


class Event(NamedTuple):
    """When a trigger runs."""

    timing: str
    operation: str


EVENTS: Dict[str, Event] = {
    "I": Event("AFTER", "INSERT"),
    "U": Event("AFTER", "UPDATE"),
    "D": Event("AFTER", "DELETE"),
    "B": Event("BEFORE", "DELETE"),
}
DECLARATIONS = ["DECLARE site_before BIGINT", "DECLARE site_after BIGINT", "DECLARE is_awaited INT"]


class TriggerText:
    """Write the bodies of a capture's triggers; `quote` quotes a name."""

    def __init__(self, quote: Callable[[str], str], log_table: str) -> None:
        """Take how names are written."""
        self.quote = quote
        self.log = quote(log_table)
        self.rows = RowSets(quote, SHARED_LOCK)

    def bodies(self, capture: Capture) -> Dict[str, str]:
        """Return the body of each event's trigger."""
        made = {"I": self._insert(capture), "U": self._update(capture), "D": self._delete(capture)}
        if capture.routes:
            made["B"] = self._before_delete(capture)
        return {event: _block([*DECLARATIONS, *statements]) for event, statements in made.items()}

    def neutral(self, event: str, table: str) -> str:
        """Return a body that names no table but the log, and resets the written one."""
        return _block([] if event == "B" else [self._log(table, "R", "''", str(EVERYONE))])

    # One list of statements per event.

    def _insert(self, capture: Capture) -> List[str]:
        statements = [
            f"SET site_after = {self.rows.site('NEW', capture.path)}",
            self._log(capture.table, "I", self._key("NEW", capture.key), "site_after"),
        ]
        for route in capture.routes:
            tables = ", ".join(sorted({literal(below.table) for below in route.descendants}))
            # Rows that were written before their parent wait for it. A SELECT of its own locks nothing, unlike an IF.
            waits = f"SELECT 1 FROM {self.log} WHERE table_name IN ({tables}) AND site = {UNRESOLVED} AND txid = 0"
            statements.append(f"SELECT EXISTS ({waits}) INTO is_awaited")
            found = [f"SET site_after = {self.rows.site('NEW', route.path)}"]
            found += [self._log_below(below, "U", "NEW", "site_after") for below in route.descendants]
            statements.append(_when("is_awaited", found))
        return statements + self._follow(capture, ["NEW"])

    def _update(self, capture: Capture) -> List[str]:
        old_key, new_key = (self._key(row, capture.key) for row in ("OLD", "NEW"))
        # Keys are compared as bytes: two that only differ in case are two for every client.
        is_other = f"NOT (CAST({old_key} AS BINARY) <=> CAST({new_key} AS BINARY)) OR site_before <> site_after"
        statements = [
            *self._set_sites(capture.path),
            self._log(capture.table, "U", new_key, "site_after"),
            _when(
                f"({is_other}) AND site_before <> {UNRESOLVED}",
                [self._log(capture.table, "U", old_key, "site_before")],
            ),
        ]
        for route in capture.routes:
            statements += self._set_sites(route.path)
            statements.append(_when(self._is_moved(route), self._move(route)))
        return statements + self._follow(capture, ["OLD", "NEW"])

    def _delete(self, capture: Capture) -> List[str]:
        return [
            f"SET site_before = {self.rows.site('OLD', capture.path)}",
            # An unresolved row that is gone was named by its parent's deletion.
            _when(
                f"site_before <> {UNRESOLVED}",
                [self._log(capture.table, "D", self._key("OLD", capture.key), "site_before")],
            ),
            *self._follow(capture, ["OLD"]),
        ]

    def _before_delete(self, capture: Capture) -> List[str]:
        statements: List[str] = []
        for route in capture.routes:
            found = [self._log_below(below, "D", "OLD", "site_before") for below in route.descendants]
            statements.append(f"SET site_before = {self.rows.site('OLD', route.path)}")
            statements.append(_when(f"site_before <> {UNRESOLVED}", found))
        return statements

    def _move(self, route: Route) -> List[str]:
        left = [self._log_below(below, "U", "OLD", "site_before") for below in route.descendants]
        entered = [self._log_below(below, "U", "NEW", "site_after") for below in route.descendants]
        return [_when(f"site_before <> {UNRESOLVED}", left), *entered]

    def _is_moved(self, route: Route) -> str:
        anchor = self.quote(route.anchor)
        return f"NOT (OLD.{anchor} <=> NEW.{anchor}) OR site_before <> site_after"

    def _follow(self, capture: Capture, rows: List[str]) -> List[str]:
        return [self._log_following(follower, row) for follower in capture.followers for row in rows]

    # Statements.

    def _set_sites(self, path: Path) -> List[str]:
        """Set the organizations before and after an update; the way is gone again only where it begins elsewhere."""
        before, after = (self.rows.site(row, path) for row in ("OLD", "NEW"))
        if not path.hops:
            return [f"SET site_before = {before}, site_after = {after}"]
        first = self.quote(path.hops[0].column)
        is_same = f"OLD.{first} <=> NEW.{first}"
        return [
            f"SET site_before = {before}",
            f"SET site_after = CASE WHEN {is_same} THEN site_before ELSE {after} END",
        ]

    def _log(self, table: str, kind: str, key: str, site: str) -> str:
        return (
            f"INSERT INTO {self.log} (txid, table_name, site, kind, changed_at, pks)"
            f" VALUES (0, {literal(table)}, {site}, '{kind}', UTC_TIMESTAMP(6), {key})"
        )

    def _log_below(self, below: Descendant, kind: str, row: str, site: str) -> str:
        """Log the rows of a table below a row."""
        tables, condition = self.rows.joined(below.hops, row)
        keys = f"SELECT DISTINCT {self._key('d0', below.key)}, {site} FROM {tables} WHERE {condition}{SHARED_LOCK}"
        return self._log_each(below.table, kind, keys)

    def _log_following(self, follower: Follower, row: str) -> str:
        """Log the rows that count as changed with a row."""
        tables, condition = self.rows.joined(follower.hops, row)
        site = self.rows.site("d0", follower.path)
        keys = f"SELECT DISTINCT {self._key('d0', follower.key)}, {site} FROM {tables} WHERE {condition}{SHARED_LOCK}"
        return self._log_each(follower.table, "U", keys)

    def _log_each(self, table: str, kind: str, keys: str) -> str:
        """Log each (key, organization) of a query."""
        log = self._log(table, kind, "found_key", "found_site")
        fetch = "FETCH found INTO found_key, found_site"
        return _block(
            [
                "DECLARE is_done INT DEFAULT 0",
                "DECLARE found_key LONGTEXT",
                "DECLARE found_site BIGINT",
                f"DECLARE found CURSOR FOR {keys}",
                "DECLARE CONTINUE HANDLER FOR NOT FOUND SET is_done = 1",
                "OPEN found",
                fetch,
                f"WHILE NOT is_done DO\n{log};\n{fetch};\nEND WHILE",
                "CLOSE found",
            ]
        )

    def _key(self, row: str, column: str) -> str:
        return f"CAST({row}.{self.quote(column)} AS CHAR)"


def _block(statements: List[str]) -> str:
    return "BEGIN\n" + "".join(f"{statement};\n" for statement in statements) + "END"


def _when(condition: str, statements: List[str]) -> str:
    return f"IF {condition} THEN\n" + "".join(f"{statement};\n" for statement in statements) + "END IF"
