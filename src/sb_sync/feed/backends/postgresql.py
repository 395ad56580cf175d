"""The feed on PostgreSQL 13 or later: statement triggers, snapshots as cursors."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from django.db import OperationalError

from sb_sync.events import Statement
from sb_sync.feed.backends.base import (
    Entry,
    Identity,
    Mark,
    Observation,
    Position,
    Purge,
    Trigger,
    Window,
    digest,
)
from sb_sync.feed.backends.postgresql_catalog import (
    ORIGIN,
    TRIGGER,
    Standing,
    checksum,
    read_trigger,
    select_stamp,
    select_triggers,
)
from sb_sync.feed.backends.postgresql_columns import ColumnWriter
from sb_sync.feed.backends.postgresql_triggers import EVENTS, TriggerText, header
from sb_sync.feed.backends.postgresql_windows import LOG_ORDER, Condition, unseen_parts
from sb_sync.feed.plan import Capture
from sb_sync.models.changes import EVERYONE, Checkpoint, FeedIdentity

__all__ = ["PostgreSQLBackend"]

OLDEST_SUPPORTED = 130000
LOCK_TIMEOUT = "3s"
# SQLSTATE of a serialization failure and of a deadlock; of a lock that was not had in time.
TRANSIENT = frozenset({"40001", "40P01"})
LOCK_NOT_AVAILABLE = "55P03"
# The snapshot of a checkpoint `c`, without what is told of its own transaction.
SNAPSHOT = "array_to_string((string_to_array(c.snapshot, ':'))[1:3], ':')::pg_snapshot"
# From the snapshot of an answer to the time of its checkpoint no more goes by.
LONGEST_READING = "1 hour"
_standing = Standing()
FIX_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class PostgreSQLBackend(ColumnWriter):
    """Snapshots are texts of `pg_current_snapshot()`, so that no cursor waits for the oldest writer."""

    supports_concurrent_writers = True
    supports_update_from = True
    supports_inserts_in_with = True
    supports_truncate = True
    remakes_tables = False

    def find_faults(self) -> List[Tuple[str, str]]:
        """Return the faults of the server."""
        if self.is_too_old():
            return [("The feed needs PostgreSQL 13 or later.", "Upgrade the server.")]
        if self.execute("SELECT pg_is_in_recovery()")[0][0]:
            return [("The feed reads from a hot standby.", "Route the feed's reads to the primary.")]
        return []

    def is_too_old(self) -> bool:
        """Tell whether the server is older than PostgreSQL 13; its version came with the connection."""
        self.connection.ensure_connection()
        return int(self.connection.pg_version) < OLDEST_SUPPORTED

    def is_transient(self, error: OperationalError) -> bool:
        """Tell whether an error is a deadlock, or a failure to serialize."""
        return _state(error) in TRANSIENT

    def is_blocked(self, error: OperationalError) -> bool:
        """Tell whether a lock could not be had in time: to drop a trigger, readers must be waited for too."""
        return _state(error) == LOCK_NOT_AVAILABLE or self.is_transient(error)

    def system(self) -> str:
        """Return the identifier of the cluster."""
        return str(self.execute("SELECT system_identifier::text FROM pg_control_system()")[0][0])

    # Reading.

    def begin_reading(self, tables: Iterable[str]) -> Observation:
        """Fix the snapshot and read all that a reading begins with, in one round trip.

        The triggers themselves are read by another one, where they are not those of the last time.
        """
        place = tuple(sorted(tables))
        stamp = select_stamp(self.quote(self.log_table), [self.quote(table) for table in place])
        identities = self.quote(FeedIdentity._meta.db_table)
        question = (
            "SELECT now(), pg_current_snapshot()::text, system_identifier::text,"
            f" i.key_id, i.secret, i.system, ({stamp.sql})"
            f" FROM pg_control_system() LEFT JOIN {identities} i ON i.id = 1"
        )
        with self.connection.cursor() as cursor:
            if getattr(self.connection.features, "uses_server_side_binding", False):
                # Then a statement with values must stand alone.
                cursor.execute(FIX_SNAPSHOT)
                cursor.execute(question, stamp.parameters)
            else:
                cursor.execute(f"{FIX_SNAPSHOT}; {question}", stamp.parameters)
                if cursor.description is None:
                    # One driver stands at the first result, the other at the last.
                    cursor.nextset()
            started_at, snapshot, system, key_id, secret, home, found = cursor.fetchone()
        identity = None if key_id is None else Identity(key_id, bytes.fromhex(secret), home)
        triggers = _standing.recall((self.using, *place), f"{system} {found}", lambda: self.triggers(place))
        return Observation(started_at, snapshot, system, identity, triggers)

    def observe(self, *, own_writes: bool) -> Observation:
        """Return time, snapshot and the cluster's identifier; the transaction's time lies before its snapshot."""
        own = "NULL, NULL"
        if own_writes:
            own = f"pg_current_xact_id_if_assigned()::text, (SELECT max(id) FROM {self.quote(self.log_table)})"
        started_at, snapshot, transaction, last, system = self.execute(
            f"SELECT now(), pg_current_snapshot()::text, {own}, system_identifier::text FROM pg_control_system()"
        )[0]
        if transaction is not None:
            snapshot = f"{snapshot}:{transaction}:{last or 0}"
        return Observation(started_at, snapshot, system)

    def read_entries(
        self, places: Sequence[Tuple[str, int]], window: Window, after: Optional[Position], limit: int
    ) -> List[Entry]:
        """Return entries in order."""
        entries = self._select(places, window, after, limit)
        return self._read(f"{entries.sql} ORDER BY 1, 2", entries.parameters)

    def read_first_entries(
        self, places: Sequence[Tuple[str, int]], guards: Iterable[str], window: Window, limit: int
    ) -> Optional[List[Entry]]:
        """Return the first entries and look for resets by one statement; a reset is told as one of them."""
        entries, resets = self._select(places, window, None, limit), unseen_parts(window, None)
        log, tables = self.quote(self.log_table), list(guards)
        tests = " OR ".join(
            f"EXISTS (SELECT 1 FROM {log} WHERE table_name = ANY(%s) AND site = {EVERYONE} AND {part.sql})"
            for part in resets
        )
        values = [value for part in resets for value in (tables, *part.parameters)]
        found = self._read(
            f"{entries.sql} UNION ALL SELECT 0, 0, '', {EVERYONE}, '{{}}'::text[] WHERE {tests} ORDER BY 1, 2",
            [*entries.parameters, *values],
        )
        return None if any(entry.site == EVERYONE for entry in found) else found

    def _select(
        self, places: Sequence[Tuple[str, int]], window: Window, after: Optional[Position], limit: int
    ) -> Condition:
        """Return a query of entries: index scans of each table, merged and cut where they hold enough keys."""
        log = self.quote(self.log_table)
        branches: List[str] = []
        parameters: List[Any] = []
        for table, site in places:
            for part in unseen_parts(window, after):
                branches.append(
                    f"(SELECT txid, id, table_name, site, pks FROM {log}"
                    f" WHERE table_name = %s AND site = %s AND {part.sql} ORDER BY {LOG_ORDER} LIMIT %s)"
                )
                parameters += [table, site, *part.parameters, limit + 1]
        before = 0 if after is None else after.ordinal
        return Condition(
            "SELECT txid::text::bigint, id, table_name, site, pks FROM (SELECT *,"
            f" sum(cardinality(pks)) OVER (ORDER BY {LOG_ORDER}) - cardinality(pks) AS before"
            f" FROM (SELECT * FROM ({' UNION ALL '.join(branches)}) merged"
            f" ORDER BY {LOG_ORDER} LIMIT %s) found) counted WHERE before <= %s",
            (*parameters, limit + 1, limit + before),
        )

    def _read(self, sql: str, parameters: Sequence[Any]) -> List[Entry]:
        rows = self.execute(sql, parameters)
        return [Entry(txid, number, table, site, tuple(keys)) for txid, number, table, site, keys in rows]

    def find_changed(self, wanted: Mapping[Window, Sequence[Tuple[str, str, int]]]) -> Set[str]:
        """Return the names that have an entry: one look into the index for each (table, site)."""
        log = self.quote(self.log_table)
        selects: List[str] = []
        parameters: List[Any] = []
        for window, triples in wanted.items():
            parts = unseen_parts(window, None)
            values = ", ".join(["(%s::text, %s::text, %s::bigint)"] * len(triples))
            tests: List[str] = []
            for triple in triples:
                parameters += triple
            for part in parts:
                tests.append(
                    f"EXISTS (SELECT 1 FROM {log} WHERE table_name = v.table_name AND site = v.site AND {part.sql})"
                )
                parameters += part.parameters
            selects.append(
                f"SELECT v.name FROM (VALUES {values}) v (name, table_name, site) WHERE {' OR '.join(tests)}"
            )
        return {name for (name,) in self.execute(" UNION ".join(selects), parameters)} if selects else set()

    # Writing.

    def write_checkpoint(self, nonce: str, snapshot: str) -> Tuple[int, datetime]:
        """Insert a checkpoint."""
        return self.write_checkpoint_with((), nonce, snapshot)

    def write_checkpoint_with(self, statements: Sequence[Statement], nonce: str, snapshot: str) -> Tuple[int, datetime]:
        """Insert a checkpoint with other rows; the commit waits for the disk, also where the host turned that off."""
        table = self.quote(Checkpoint._meta.db_table)
        insertion = Statement(
            f"INSERT INTO {table} (nonce, snapshot, taken_at) SELECT %s, %s,"
            f" greatest(clock_timestamp(), (SELECT max(taken_at) FROM {table}))"
            " FROM set_config('synchronous_commit', 'on', true) RETURNING id, taken_at",
            (nonce, snapshot),
        )
        return self.execute_together([*statements, insertion])[0]

    def execute_soon(self, statements: Sequence[Statement]) -> None:
        """Let the inserts commit without waiting: a crash may take what was committed less than a second before."""
        self.execute_together([*statements, Statement("SELECT set_config('synchronous_commit', 'off', true)")])

    def begin_push(self) -> None:
        """Take nothing: rows are locked as they are read."""

    def lock_identity(self) -> None:
        """Let one at a time change the identity."""
        self.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_number("sb_sync identity")])

    # Triggers.

    def events(self, capture: Capture) -> str:
        """Return the letters of a capture's events."""
        return "".join(sorted(self._plain_text().bodies(capture)))

    def digests(self, capture: Capture) -> Dict[str, str]:
        """Return digests of the texts, without schemas: those are looked up when installing."""
        table = self.quote(capture.table)
        return {
            # Triggers from before marks named the origin are outdated.
            event: digest(header(event, table, ""), body, "origin")
            for event, body in self._plain_text().bodies(capture).items()
        }

    def triggers(self, tables: Optional[Iterable[str]] = None) -> List[Trigger]:
        """Return our triggers with what the catalog says of them and of their functions."""
        rows = select_triggers(self.quote(self.log_table), tables)
        return [read_trigger(row) for row in self.execute(f"SELECT {TRIGGER} {rows.sql}", rows.parameters)]

    def columns(self, tables: Iterable[str]) -> Set[Tuple[str, str]]:
        """Return the columns of real tables."""
        return {
            (table, column)
            for table, column in self.execute(
                "SELECT c.relname::text, a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                " WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')"
                " AND pg_table_is_visible(c.oid) AND c.relname = ANY(%s)",
                [list(tables)],
            )
        }

    def hold_table(self, table: str) -> None:
        """Lock out writers for the rest of the transaction."""
        self.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        self.execute(f"LOCK TABLE {self.quote(table)} IN SHARE ROW EXCLUSIVE MODE")

    def install(self, capture: Capture, *, reset: bool = False) -> None:
        """Put functions and triggers of a capture in place; the table is held."""
        if reset:
            self.write_resets([capture.table])
        standing = self.triggers([capture.table])
        schemas = self._schemas({*capture.named_tables, self.log_table})
        bodies = TriggerText(self.quote, lambda table: self._qualified(schemas[table], table), self.log_table).bodies(
            capture
        )
        digests = self.digests(capture)
        events = self.events(capture)
        schema = schemas[self.log_table]
        origin = self._origin(capture.table)
        self._drop(
            trigger
            for trigger in standing
            if trigger.event not in bodies
            or not trigger.is_whole
            or trigger.mark is None
            or trigger.mark.table != capture.table
        )
        kept = {trigger.event for trigger in self.triggers([capture.table])}
        table = self._qualified(schemas[capture.table], capture.table)
        for event, body in bodies.items():
            function = self._function(schema, capture.table, event)
            mark = Mark(capture.table, capture.key, events, digests[event], checksum(body), origin=origin)
            self._write_function(function, body, mark)
            if event not in kept:
                name = EVENTS[event][0]
                self.execute(header(event, table, function))
                self.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

    def neutralise(self, triggers: Iterable[Trigger]) -> None:
        """Replace the functions; the tables themselves are not touched, so nobody waits."""
        schema = self._schemas([self.log_table])[self.log_table]
        text = TriggerText(self.quote, lambda table: self._qualified(schema, table), self.log_table)
        for trigger in triggers:
            if trigger.mark is None or trigger.event == "":
                continue
            table = trigger.mark.table
            body = text.neutral(trigger.event, table)
            mark = replace(trigger.mark, digest="neutral", body=checksum(body), neutral=True)
            self._write_function(self._function(schema, table, trigger.event), body, mark)

    def remove(self, triggers: Iterable[Trigger]) -> None:
        """Drop triggers and their functions."""
        self._drop(triggers)

    def adopt_tables(self) -> None:
        """Write the present numbers into the marks, which only the functions' owner may."""
        schema = self._schemas([self.log_table])[self.log_table]
        for trigger in self.triggers():
            if trigger.mark is not None and trigger.event:
                mark = replace(trigger.mark, origin=self._origin(trigger.table))
                self._write_mark(self._function(schema, trigger.mark.table, trigger.event), mark)

    def write_resets(self, tables: Iterable[str]) -> None:
        """Log a reset for each table."""
        for table in tables:
            self.execute(
                f"INSERT INTO {self.quote(self.log_table)} (txid, table_name, site, kind, changed_at, pks)"
                " VALUES (pg_current_xact_id(), %s, %s, 'R', clock_timestamp(), '{}')",
                [table, EVERYONE],
            )

    # Retention.

    def purge(self, before: datetime, limit: int) -> Purge:
        """Delete old entries that every present snapshot and every younger checkpoint sees.

        The checkpoints that did not see them go with them: old ones, unless one was written long after its snapshot.
        """
        log, checkpoints = self.quote(self.log_table), self.quote(Checkpoint._meta.db_table)
        old = self._old_entries(before)
        rows = self.execute(
            f"DELETE FROM {log} WHERE id = ANY(ARRAY(SELECT id FROM {log} WHERE {old.sql} ORDER BY id LIMIT %s))"
            " RETURNING txid::text::bigint",
            [*old.parameters, limit],
        )
        unseen = ""
        parameters: List[Any] = [before]
        if rows:
            # Those that began after the last of these transactions saw them all; the others are asked one by one.
            gone = sorted({txid for (txid,) in rows})
            unseen = (
                " OR (pg_snapshot_xmin(s.value) <= %s::text::xid8 AND EXISTS"
                " (SELECT 1 FROM unnest(%s::text[]) gone WHERE NOT pg_visible_in_snapshot(gone::xid8, s.value)))"
            )
            parameters += [str(gone[-1]), [str(txid) for txid in gone]]
        removed = self.execute(
            f"DELETE FROM {checkpoints} WHERE id IN"
            f" (SELECT c.id FROM {checkpoints} c, LATERAL (SELECT {SNAPSHOT}) s (value)"
            f" WHERE c.taken_at < %s{unseen}) RETURNING id",
            parameters,
        )
        return Purge(len(rows), len(removed), len(rows) < limit)

    def count_purgeable(self, before: datetime) -> int:
        """Return how many entries a purge would delete by now."""
        old = self._old_entries(before)
        return int(
            self.execute(f"SELECT count(*) FROM {self.quote(self.log_table)} WHERE {old.sql}", old.parameters)[0][0]
        )

    def _old_entries(self, before: datetime) -> Condition:
        """Return the condition of entries that nobody needs who synced since.

        An entry may be older than a checkpoint that does not see it: its transaction was open in between. Snapshots
        grow with time, so that the oldest of those checkpoints tell for all.
        """
        young = f"FROM {self.quote(Checkpoint._meta.db_table)} c WHERE taken_at >= %s"
        oldest = f"{young} AND taken_at < (SELECT min(taken_at) {young}) + interval '{LONGEST_READING}'"
        return Condition(
            "changed_at < %s AND txid < (SELECT least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            f" min(pg_snapshot_xmin({SNAPSHOT})::text::bigint)) {oldest})::text::xid8",
            (before, before, before),
        )

    # Names and functions.

    def _plain_text(self) -> TriggerText:
        return TriggerText(self.quote, self.quote, self.log_table)

    def _qualified(self, schema: str, name: str) -> str:
        return f"{self.quote(schema)}.{self.quote(name)}"

    def _function(self, schema: str, table: str, event: str) -> str:
        """Return the qualified name of a function; tables have long names, so theirs is a digest."""
        short = hashlib.sha256(table.encode()).hexdigest()[:16]
        return self._qualified(schema, f"sb_sync_{short}_{event.lower()}")

    def _schemas(self, tables: Iterable[str]) -> Dict[str, str]:
        """Return the schema in which each table is found by its bare name."""
        return dict(
            self.execute(
                "SELECT c.relname::text, n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE pg_table_is_visible(c.oid) AND c.relname = ANY(%s)",
                [sorted(tables)],
            )
        )

    def _origin(self, table: str) -> str:
        """Return what a mark of today says of the table."""
        return str(
            self.execute(
                f"SELECT {ORIGIN} FROM pg_class c WHERE c.oid = to_regclass(%s)",
                [self.quote(self.log_table), self.quote(table)],
            )[0][0]
        )

    def _write_function(self, function: str, body: str, mark: Mark) -> None:
        self.execute(
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            f" SET search_path = pg_catalog, pg_temp AS $sb_sync$\n{body}\n$sb_sync$"
        )
        self._write_mark(function, mark)

    def _write_mark(self, function: str, mark: Mark) -> None:
        comment = mark.as_text().replace("'", "''")
        self.execute(f"COMMENT ON FUNCTION {function}() IS '{comment}'")

    def _drop(self, triggers: Iterable[Trigger]) -> None:
        schema = self._schemas([self.log_table]).get(self.log_table, "")
        for trigger in list(triggers):
            self.execute(f"DROP TRIGGER {self.quote(trigger.name)} ON {self.quote(trigger.table)}")
            if trigger.mark is not None and trigger.event and schema:
                self._drop_unused_function(self._function(schema, trigger.mark.table, trigger.event))

    def _drop_unused_function(self, function: str) -> None:
        """Drop a function unless a table of the old name has come up meanwhile and uses it."""
        is_used = self.execute("SELECT 1 FROM pg_trigger WHERE tgfoid = to_regproc(%s)", [function])
        if not is_used:
            self.execute(f"DROP FUNCTION IF EXISTS {function}()")


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")


def _state(error: BaseException) -> Optional[str]:
    """Return the server's code of an error, whichever driver raised it."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
