"""The text of the triggers on PostgreSQL: one function per table and event.

Statement triggers with transition tables see every way of writing at the cost of one entry per statement and
organization. A row trigger BEFORE DELETE stands only where other tables find their organization through a table.
"""

from __future__ import annotations

from typing import Callable, Dict, Iterable, List, Tuple

from sb_sync.feed.backends.base import LARGEST_ENTRY
from sb_sync.feed.plan import Capture, Descendant, Follower, Path, Route
from sb_sync.models.changes import EVERYONE, NOBODY, SHARED, UNRESOLVED
from sb_sync.tenancy import Hop

__all__ = ["EVENTS", "TriggerText", "header", "trigger_type"]

# Event letter -> (name of the trigger, its timing clause, `pg_trigger.tgtype`).
EVENTS: Dict[str, Tuple[str, str, int]] = {
    "I": ("sb_sync_insert", "AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT", 4),
    "U": (
        "sb_sync_update",
        "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT",
        16,
    ),
    "D": ("sb_sync_delete", "AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT", 8),
    "T": ("sb_sync_truncate", "AFTER TRUNCATE ON {table} FOR EACH STATEMENT", 32),
    "B": ("sb_sync_before_delete", "BEFORE DELETE ON {table} FOR EACH ROW", 11),
}


def header(event: str, table: str, function: str) -> str:
    """Return the statement that creates an event's trigger."""
    name, clause, _ = EVENTS[event]
    return f"CREATE TRIGGER {name} {clause.format(table=table)} EXECUTE FUNCTION {function}()"


def trigger_type(event: str) -> int:
    """Return what the catalog of the database says of an event's trigger."""
    return EVENTS[event][2]


class TriggerText:
    """Write the bodies of a capture's functions. `quote` quotes a name, `qualify` a table with its schema."""

    def __init__(self, quote: Callable[[str], str], qualify: Callable[[str], str], log_table: str) -> None:
        """Take how names are written."""
        self.quote = quote
        self.qualify = qualify
        self.log = qualify(log_table)

    def bodies(self, capture: Capture) -> Dict[str, str]:
        """Return the body of each event's function."""
        made = {
            "I": self._insert(capture),
            "U": self._update(capture),
            "D": self._delete(capture),
            "T": [self._log_reset(capture.table)],
        }
        texts = {event: _block(statements, "RETURN NULL") for event, statements in made.items()}
        if capture.routes:
            texts["B"] = _block(self._before_delete(capture), "RETURN OLD")
        return texts

    def neutral(self, event: str, table: str) -> str:
        """Return a body that names no table but the log, and resets the written one."""
        return _block([], "RETURN OLD") if event == "B" else _block([self._log_reset(table)], "RETURN NULL")

    # One list of statements per event.

    def _insert(self, capture: Capture) -> List[str]:
        statements = [self._log_rows(capture, "I", ["new_rows"])]
        for route in capture.routes:
            tables = ", ".join(sorted({_literal(below.table) for below in route.descendants}))
            rows = self._places(route, "new_rows")
            statements.append(
                # Rows that were written before their parent wait for it.
                f"IF EXISTS (SELECT 1 FROM {self.log} WHERE table_name IN ({tables}) AND site = {UNRESOLVED}) THEN\n"
                + ";\n".join(self._log_descendants(route, rows, "U"))
                + ";\nEND IF"
            )
        return statements + self._log_followers(capture, ["new_rows"])

    def _update(self, capture: Capture) -> List[str]:
        statements = [self._log_rows(capture, "U", ["old_rows", "new_rows"])]
        for route in capture.routes:
            old, new = (self._places(route, rows) for rows in ("old_rows", "new_rows"))
            moved = f"SELECT * FROM ({old} EXCEPT {new}) gone WHERE site <> {UNRESOLVED} UNION ALL ({new} EXCEPT {old})"
            locked = ", ".join(sorted({self.qualify(table) for table in _tables_below(route)}))
            statements.append(
                f"IF EXISTS ({moved}) THEN\n"
                # Writers of the rows below are waited for, or wait and then see the new organization.
                f"LOCK TABLE {locked} IN SHARE MODE;\n"
                + ";\n".join(self._log_descendants(route, moved, "U"))
                + ";\nEND IF"
            )
        return statements + self._log_followers(capture, ["old_rows", "new_rows"])

    def _delete(self, capture: Capture) -> List[str]:
        return [self._log_rows(capture, "D", ["old_rows"]), *self._log_followers(capture, ["old_rows"])]

    def _before_delete(self, capture: Capture) -> List[str]:
        statements: List[str] = []
        for route in capture.routes:
            first = route.path.hops[0].column if route.path.hops else route.path.column
            columns = {self.quote(column) for column in (route.anchor, first) if column is not None}
            row = "(SELECT {})".format(", ".join(f"OLD.{column} AS {column}" for column in sorted(columns)))
            statements.extend(self._log_descendants(route, self._places(route, row), "D"))
        return statements

    # Statements.

    def _log_rows(self, capture: Capture, kind: str, sources: List[str]) -> str:
        pairs = " UNION ".join(
            f"SELECT r.{self.quote(capture.key)}::text AS key, {self._site('r', capture.path)} AS site FROM {source} r"
            + self._joins("r", capture.path)
            for source in sources
        )
        # An unresolved row that is gone was named by its parent's deletion.
        condition = f" WHERE p.site <> {UNRESOLVED}" if kind == "D" else ""
        return self._log_pairs(capture.table, kind, pairs, condition)

    def _log_descendants(self, route: Route, rows: str, kind: str) -> List[str]:
        condition = f" WHERE p.site <> {UNRESOLVED}" if kind == "D" else ""
        return [self._log_pairs(below.table, kind, self._below(below, rows), condition) for below in route.descendants]

    def _log_followers(self, capture: Capture, sources: List[str]) -> List[str]:
        return [
            self._log_pairs(follower.table, "U", self._following(capture, follower, sources))
            for follower in capture.followers
        ]

    def _log_pairs(self, table: str, kind: str, pairs: str, condition: str = "") -> str:
        return (
            f"INSERT INTO {self.log} (txid, table_name, site, kind, changed_at, pks)\n"
            f"SELECT pg_current_xact_id(), {_literal(table)}, n.site, '{kind}', clock_timestamp(), array_agg(n.key)\n"
            f"FROM (SELECT p.key, p.site, (row_number() OVER (PARTITION BY p.site) - 1) / {LARGEST_ENTRY} AS part\n"
            f"FROM ({pairs}) p{condition}) n GROUP BY n.site, n.part"
        )

    def _log_reset(self, table: str) -> str:
        return (
            f"INSERT INTO {self.log} (txid, table_name, site, kind, changed_at, pks)\n"
            f"VALUES (pg_current_xact_id(), {_literal(table)}, {EVERYONE}, 'R', clock_timestamp(), '{{}}')"
        )

    # Row sets.

    def _places(self, route: Route, source: str) -> str:
        """Return which column value of a row stands for which organization."""
        return (
            f"SELECT r.{self.quote(route.anchor)} AS anchor, {self._site('r', route.path)} AS site FROM {source} r"
            + self._joins("r", route.path)
        )

    def _below(self, below: Descendant, rows: str) -> str:
        """Return (key, site) of the descendants of (anchor, site)."""
        joins, alias = self._joins_down(below.hops)
        return f"SELECT DISTINCT {alias}.{self.quote(below.key)}::text AS key, m.site FROM ({rows}) m{joins}"

    def _following(self, capture: Capture, follower: Follower, sources: List[str]) -> str:
        """Return (key, site) of the followers of written rows."""
        anchor = self.quote(follower.hops[-1].to_column)
        rows = " UNION ".join(f"SELECT s.{anchor} AS anchor FROM {source} s" for source in sources)
        joins, alias = self._joins_down(follower.hops)
        site = self._site(alias, follower.path)
        return (
            f"SELECT DISTINCT {alias}.{self.quote(follower.key)}::text AS key, {site} AS site FROM ({rows}) m{joins}"
            + self._joins(alias, follower.path)
        )

    def _joins_down(self, hops: Tuple[Hop, ...]) -> Tuple[str, str]:
        """Return the joins from `m.anchor`, at the end of hops, to their beginning, and the beginning's alias."""
        text, alias, value = "", "m", "m.anchor"
        for number, hop in reversed(list(enumerate(hops))):
            alias = f"d{number}"
            text += f" JOIN {self.qualify(hop.table)} {alias} ON {alias}.{self.quote(hop.column)} = {value}"
            value = f"{alias}.{self.quote(hops[number - 1].to_column)}"
        return text, alias

    def _joins(self, alias: str, path: Path) -> str:
        """Return the outer joins along a path."""
        text, previous = "", alias
        for number, hop in enumerate(path.hops):
            joined = f"{alias}_{number}"
            text += f" LEFT JOIN {self.qualify(hop.to_table)} {joined}"
            text += f" ON {joined}.{self.quote(hop.to_column)} = {previous}.{self.quote(hop.column)}"
            previous = joined
        return text

    def _site(self, alias: str, path: Path) -> str:
        """Return the organization at a path's end: nobody's where a key is NULL, unresolved where none is found."""
        if path.column is None:
            return str(SHARED)
        text, previous = "CASE", alias
        for number, hop in enumerate(path.hops):
            joined = f"{alias}_{number}"
            text += f" WHEN {previous}.{self.quote(hop.column)} IS NULL THEN {NOBODY}"
            text += f" WHEN {joined}.{self.quote(hop.to_column)} IS NULL THEN {UNRESOLVED}"
            previous = joined
        last = f"COALESCE({previous}.{self.quote(path.column)}, {NOBODY})"
        return f"{text} ELSE {last} END" if path.hops else last


def _tables_below(route: Route) -> Iterable[str]:
    """Yield the tables whose rows decide which descendants there are."""
    for below in route.descendants:
        for hop in below.hops:
            yield hop.table


def _block(statements: List[str], ending: str) -> str:
    return "BEGIN\n" + "".join(f"{statement};\n" for statement in statements) + f"{ending};\nEND"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
