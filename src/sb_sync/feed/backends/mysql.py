"""The feed on MariaDB and MySQL: row triggers, and cursors that know which numbers were still missing."""

from __future__ import annotations

import hashlib
import re
import secrets
from bisect import bisect_left
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from django.db import OperationalError
from django.db.models import Max

from sb_sync.feed.backends.base import (
    Entry,
    FeedBackend,
    Mark,
    Observation,
    Position,
    Purge,
    Trigger,
    Window,
    digest,
)
from sb_sync.feed.backends.mysql_faults import find_faults, find_risks
from sb_sync.feed.backends.mysql_snapshots import (
    Interval,
    OpenTransactions,
    Settlement,
    Snapshot,
    subtract,
    unseen_intervals,
)
from sb_sync.feed.backends.mysql_triggers import EVENTS, TriggerText
from sb_sync.feed.plan import Capture
from sb_sync.feed.times import to_stored
from sb_sync.models import Checkpoint, FeedIdentity
from sb_sync.models.changes import EVERYONE

__all__ = ["MySQLBackend"]

LOCK_TIMEOUT_SECONDS = 3
# Numbers of the server's errors: a lock that was not had in time, a deadlock, a row that changed meanwhile.
TRANSIENT = frozenset({1205, 1213, 1020})
# A value that the column's character set or type cannot hold, a row that is too long, an impossible calculation.
REFUSALS = frozenset({1118, 1264, 1265, 1292, 1364, 1366, 1411, 1690})
# The server renews what it tells of transactions only where nobody asked for a tenth of a second, so we ask seldom.
SECONDS_BETWEEN_QUESTIONS = 1
# Where more are missing, all numbers in between are read: a statement of many intervals takes long to plan.
MOST_INTERVALS = 100
# Transactions that only read have no number, or one beyond these.
LARGEST_TRANSACTION = 2**48
MARK = re.compile(r"/\*(sb_sync:.*?)\*/")


class MySQLBackend(FeedBackend):
    """Numbers are given out in order and become visible in another: a snapshot holds the highest and the missing."""

    supports_concurrent_writers = True
    supports_update_from = True
    supports_inserts_in_with = False
    locks_parents = True
    supports_truncate = False
    remakes_tables = False

    def find_faults(self) -> List[Tuple[str, str]]:
        """Return the faults of the server, of its settings and of our rights on it."""
        return find_faults(self)

    def find_risks(self) -> List[Tuple[str, str]]:
        """Return settings that cost safety or speed, and tables that the database changes without a trigger."""
        return find_risks(self)

    def is_transient(self, error: OperationalError) -> bool:
        """Tell whether an error is a deadlock, or a lock that was not had in time."""
        return bool(error.args) and error.args[0] in TRANSIENT

    def is_refusal(self, error: OperationalError) -> bool:
        """Tell whether an error means a text, a number or a time that its column cannot hold."""
        return bool(error.args) and error.args[0] in REFUSALS

    def is_blocked(self, error: OperationalError) -> bool:
        """Tell whether a table or row could not be had in time."""
        return self.is_transient(error)

    def write_upsert(
        self, table: str, columns: Sequence[str], rows: str, unique: Sequence[str], assignments: Mapping[str, str]
    ) -> str:
        """Return the INSERT; each assignment sees what those before it made of the row that stands."""
        own = self.quote(table)
        names = ", ".join(map(self.quote, columns))
        changes = ", ".join(f"{self.quote(name)} = {_rename(value, own)}" for name, value in assignments.items())
        return f"INSERT INTO {own} ({names}) VALUES {rows} ON DUPLICATE KEY UPDATE {changes}"

    def write_update(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str]], visible: str) -> str:
        """Return the UPDATE; no row of the table itself comes first in the list, and gives it the columns' types."""
        own, names = self.quote(table), [self.quote(column) for column in columns]
        row = "" if self.connection.mysql_is_mariadb else "ROW"
        values = ", ".join("{}({})".format(row, ", ".join(each)) for each in rows)
        listed = f"SELECT {', '.join(names)} FROM {own} WHERE FALSE UNION ALL VALUES {values}"
        sets = ", ".join(f"{own}.{name} = listed.{name}" for name in names[1:])
        # The bound keeps the inner query apart: what an UPDATE changes it may not read.
        seen = f"SELECT * FROM ({visible} LIMIT {2**63}) seen"
        return (
            f"UPDATE {own} JOIN ({listed}) listed ON listed.{names[0]} = {own}.{names[0]} SET {sets}"
            f" WHERE {own}.{names[0]} IN ({seen})"
        )

    def write_cast(self, place: str, kind: str) -> str:
        """Return the placeholder: the list gets its types from the table."""
        return place

    # Reading.

    def fix_snapshot(self) -> None:
        """Read from the one snapshot that the first read will take, and write nothing."""
        self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def observe(self, *, own_writes: bool) -> Observation:
        """Return time and snapshot; own entries count by themselves. The time is read before the snapshot is taken."""
        log = self.quote(self.log_table)
        now, known, last = self.execute(
            f"SELECT UTC_TIMESTAMP(6), ({self._last_checkpoint}), (SELECT MAX(id) FROM {log})"
        )[0]
        before = Snapshot.parse(known)
        high = max(before.high, last or 0)
        asked = before.open_intervals(high)
        missing = self._find_missing(asked) if asked else []
        return Observation(now.replace(tzinfo=timezone.utc), Snapshot(high, tuple(missing)).as_text(), "")

    def read_entries(
        self, places: Sequence[Tuple[str, int]], window: Window, after: Optional[Position], limit: int
    ) -> List[Entry]:
        """Return entries in order, one key each."""
        intervals = unseen_intervals(window, 0 if after is None else after.id)
        if not intervals:
            return []
        numbers, bounds = _among(intervals)
        branch = (
            f"(SELECT id, table_name, site, pks FROM {self.quote(self.log_table)}"
            f" WHERE table_name = %s AND site = %s AND txid = 0 AND {numbers} ORDER BY id LIMIT %s)"
        )
        parameters: List[Any] = []
        for place in places:
            parameters += [*place, *bounds, limit + 1]
        rows = self.execute(
            " UNION ALL ".join([branch] * len(places)) + " ORDER BY id LIMIT %s", [*parameters, limit + 1]
        )
        return [Entry(0, number, table, site, (key,)) for number, table, site, key in rows]

    def find_changed(self, wanted: Mapping[Window, Sequence[Tuple[str, str, int]]]) -> Set[str]:
        """Return the names that have an entry: one look into the index for each (table, site)."""
        selects: List[str] = []
        parameters: List[Any] = []
        for window, triples in wanted.items():
            intervals = unseen_intervals(window)
            if not intervals:
                continue
            numbers, bounds = _among(intervals)
            for triple in triples:
                selects.append(
                    f"SELECT %s FROM DUAL WHERE EXISTS (SELECT 1 FROM {self.quote(self.log_table)}"
                    f" WHERE table_name = %s AND site = %s AND txid = 0 AND {numbers})"
                )
                parameters += [*triple, *bounds]
        return {name for (name,) in self.execute(" UNION ".join(selects), parameters)} if selects else set()

    @property
    def _last_checkpoint(self) -> str:
        return f"SELECT snapshot FROM {self.quote(Checkpoint._meta.db_table)} ORDER BY id DESC LIMIT 1"

    def _find_missing(self, intervals: Sequence[Interval]) -> List[Interval]:
        """Return the numbers among these under which no entry can be seen, as intervals."""
        span = [Interval(intervals[0].first, intervals[-1].last)]
        numbers, bounds = _among(intervals if len(intervals) <= MOST_INTERVALS else span)
        # The plain numbers, as the server's window functions take longer to find the holes than we do.
        rows = self.execute(f"SELECT id FROM {self.quote(self.log_table)} WHERE {numbers} ORDER BY id", bounds)
        return subtract(intervals, [Interval(number, number) for (number,) in rows])

    # Writing.

    def write_checkpoint(self, nonce: str, snapshot: str) -> Tuple[int, datetime]:
        """Insert a checkpoint, with what is known of the numbers that nobody can fill any more.

        The commit is on disk as the server's `innodb_flush_log_at_trx_commit` says.
        """
        rows = Checkpoint.objects.using(self.using)
        latest = rows.aggregate(latest=Max("taken_at"))["latest"]
        time, known = self.execute(f"SELECT UTC_TIMESTAMP(6), ({self._last_checkpoint})")[0]
        now = time.replace(tzinfo=timezone.utc)
        settlement = self._settle(Snapshot.parse(snapshot), Snapshot.parse(known).settlement, int(now.timestamp()))
        stored = to_stored(now)
        row = rows.create(
            nonce=nonce,
            snapshot=f"{snapshot};{settlement.as_text()}",
            taken_at=stored if latest is None else max(stored, latest),
        )
        return row.pk, row.taken_at

    def _settle(self, snapshot: Snapshot, before: Settlement, now: int) -> Settlement:
        """Return what is known once this snapshot was taken; the server is asked only where numbers are missing."""
        if not snapshot.missing:
            return Settlement(snapshot.high, snapshot.high, 0, before.asked_at)
        if abs(now - before.asked_at) < SECONDS_BETWEEN_QUESTIONS:
            return before
        found = self._find_open_transactions()
        return before if found is None else before.advance(snapshot.high, found, now)

    def _find_open_transactions(self) -> Optional[OpenTransactions]:
        """Return the transactions that write, None where the server tells only of an earlier moment.

        It does so while others ask it. That our own row shows this very statement proves the answer fresh; our
        transaction has read before, so that it has a row.
        """
        nonce = secrets.token_hex(8)
        rows = self.execute(
            f"SELECT /* {nonce} */ CAST(trx_id AS UNSIGNED), trx_mysql_thread_id = CONNECTION_ID(), trx_query"
            " FROM information_schema.innodb_trx"
        )
        if not any(is_own and nonce in (query or "") for _, is_own, query in rows):
            return None
        writing = [(number, is_own) for number, is_own, _ in rows if 0 < number < LARGEST_TRANSACTION]
        others = tuple(number for number, is_own in writing if not is_own)
        return OpenTransactions(others, max((number for number, _ in writing), default=0))

    def begin_push(self) -> None:
        """Take nothing: rows are locked as they are read."""

    def lock_identity(self) -> None:
        """Let one at a time change the identity."""
        self.execute(f"SELECT id FROM {self.quote(FeedIdentity._meta.db_table)} WHERE id = 1 FOR UPDATE")

    # Triggers. Each statement that makes or drops one commits, and waits for the transactions that are open on the
    # table. So a new trigger is made before the old one goes.

    def events(self, capture: Capture) -> str:
        """Return the letters of a capture's events."""
        return "".join(sorted(self._text().bodies(capture)))

    def digests(self, capture: Capture) -> Dict[str, str]:
        """Return digests of the texts."""
        return {event: digest(event, body) for event, body in self._text().bodies(capture).items()}

    def triggers(self, tables: Optional[Iterable[str]] = None) -> List[Trigger]:
        """Return our triggers; the mark stands in a comment at the beginning of the body."""
        condition, parameters = "", []
        if tables is not None:
            parameters = sorted(set(tables))
            if not parameters:
                return []
            condition = " AND event_object_table IN ({})".format(", ".join(["%s"] * len(parameters)))
        rows = self.execute(
            "SELECT event_object_table, trigger_name, action_timing, event_manipulation, action_statement"
            " FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
            f" AND trigger_name LIKE 'sb\\_sync\\_%%'{condition}",
            parameters,
        )
        found: List[Trigger] = []
        for table, name, timing, operation, text in rows:
            mark, body = _split(text)
            event = next((letter for letter, each in EVENTS.items() if each == (timing, operation)), "")
            is_whole = mark is not None and event != "" and mark.body == digest(event, body)
            found.append(Trigger(table, name, event, mark, is_whole, text))
        return found

    def columns(self, tables: Iterable[str]) -> Set[Tuple[str, str]]:
        """Return the columns of real tables."""
        names = sorted(set(tables))
        if not names:
            return set()
        rows = self.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
            " ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'"
            " WHERE c.table_schema = DATABASE() AND c.table_name IN ({})".format(", ".join(["%s"] * len(names))),
            names,
        )
        return {(table, column) for table, column in rows}

    def hold_table(self, table: str) -> None:
        """Take nothing: each statement that makes a trigger waits for the writers of the table by itself."""

    def install(self, capture: Capture, *, reset: bool = False) -> None:
        """Put a capture's triggers in place; a reset is logged while neutral ones that stand for no capture watch.

        So a crash in between leaves a table that does not count as captured, or one whose reset is logged.
        """
        if reset:
            for event in EVENTS:
                body = self._text().neutral(event, capture.table)
                self._create(capture.table, event, body, Mark(capture.table, "", event, "watch", "", neutral=True))
            self.write_resets([capture.table])
        events, bodies = self.events(capture), self._text().bodies(capture)
        names: Set[str] = set()
        for event, body in bodies.items():
            mark = Mark(capture.table, capture.key, events, digest(event, body), "")
            names.add(self._create(capture.table, event, body, mark))
        self.remove(trigger for trigger in self.triggers([capture.table]) if trigger.name not in names)

    def neutralise(self, triggers: Iterable[Trigger]) -> None:
        """Replace each trigger by one that only resets."""
        for trigger in list(triggers):
            if trigger.mark is not None and trigger.event != "":
                body = self._text().neutral(trigger.event, trigger.table)
                mark = Mark(trigger.mark.table, trigger.mark.key, trigger.mark.events, "neutral", "", neutral=True)
                if self._create(trigger.table, trigger.event, body, mark) == trigger.name:
                    continue
            self.remove([trigger])

    def remove(self, triggers: Iterable[Trigger]) -> None:
        """Drop triggers."""
        for trigger in list(triggers):
            self._define(f"DROP TRIGGER IF EXISTS {self.quote(trigger.name)}")

    def write_resets(self, tables: Iterable[str]) -> None:
        """Log a reset for each table."""
        # A transaction has a number before it is given one of the log's: the server tells of it from then on.
        self.lock_identity()
        for table in tables:
            self.execute(
                f"INSERT INTO {self.quote(self.log_table)} (txid, table_name, site, kind, changed_at, pks)"
                " VALUES (0, %s, %s, 'R', UTC_TIMESTAMP(6), '')",
                [table, EVERYONE],
            )

    # Retention.

    def purge(self, before: datetime, limit: int) -> Purge:
        """Delete old entries, in order, with the checkpoints that did not see one of them."""
        log = self.quote(self.log_table)
        rows = self.execute(
            f"SELECT id FROM {log} WHERE changed_at < %s ORDER BY id LIMIT %s", [_stored(before), limit]
        )
        gone = [number for (number,) in rows]
        checkpoints = Checkpoint.objects.using(self.using)
        unseeing = {number for number, text in checkpoints.values_list("id", "snapshot") if _misses(text, gone)}
        unseeing.update(checkpoints.filter(taken_at__lt=to_stored(before)).values_list("id", flat=True))
        if gone:
            # One by one: what deletes several may scan, and wait for entries in between that are not committed.
            with self.connection.cursor() as cursor:
                cursor.executemany(f"DELETE FROM {log} WHERE id = %s", [(number,) for number in gone])
        checkpoints.filter(pk__in=unseeing).delete()
        return Purge(len(gone), len(unseeing), len(gone) < limit)

    def count_purgeable(self, before: datetime) -> int:
        """Return how many entries are old enough."""
        log = self.quote(self.log_table)
        return int(self.execute(f"SELECT count(*) FROM {log} WHERE changed_at < %s", [_stored(before)])[0][0])

    def _text(self) -> TriggerText:
        return TriggerText(self.quote, self.log_table)

    def _create(self, table: str, event: str, body: str, mark: Mark) -> str:
        """Create a trigger unless it stands; return its name, which another definition would not have."""
        mark = Mark(mark.table, mark.key, mark.events, mark.digest, digest(event, body), mark.neutral)
        text = f"BEGIN /*{mark.as_text()}*/{body[len('BEGIN') :]}"
        name = "sb_sync_{}_{}".format(event, hashlib.sha256(f"{table}\x00{text}".encode()).hexdigest()[:24])
        if any(trigger.name == name and trigger.is_whole for trigger in self.triggers([table])):
            return name
        # One of this name was spoilt, or went along with a table that has been renamed.
        self._define(f"DROP TRIGGER IF EXISTS {self.quote(name)}")
        timing, operation = EVENTS[event]
        self._define(
            f"CREATE TRIGGER {self.quote(name)} {timing} {operation} ON {self.quote(table)} FOR EACH ROW {text}"
        )
        return name

    def _define(self, statement: str) -> None:
        """Run a statement that needs a table for itself; it waits a bounded time only."""
        self.execute(f"SET @sb_sync_wait = @@lock_wait_timeout, SESSION lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}")
        try:
            self.execute(statement)
        finally:
            self.execute("SET SESSION lock_wait_timeout = @sb_sync_wait")


def _rename(expression: str, table: str) -> str:
    """Return an expression of an upsert in the words of this database."""
    return re.sub(r"\bexisting\.(\w+)", rf"{table}.\1", re.sub(r"\bexcluded\.(\w+)", r"VALUES(\1)", expression))


def _among(intervals: Sequence[Interval]) -> Tuple[str, List[int]]:
    """Return the condition that an entry's number is in one of the intervals, with its values."""
    condition = " OR ".join(["id BETWEEN %s AND %s"] * len(intervals))
    return f"({condition})", [number for interval in intervals for number in interval]


def _split(text: str) -> Tuple[Optional[Mark], str]:
    """Return a trigger's mark, and its body without it."""
    found = MARK.search(text)
    if found is None:
        return None, text
    return Mark.from_text(found[1]), text.replace(f" {found[0]}", "", 1)


def _misses(snapshot: str, gone: Sequence[int]) -> bool:
    """Tell whether a snapshot does not see one of these numbers, which are sorted."""
    seen = Snapshot.parse(snapshot)
    if gone and gone[-1] > seen.high:
        return True
    return any(
        bisect_left(gone, first) < len(gone) and gone[bisect_left(gone, first)] <= last for first, last in seen.missing
    )


def _stored(moment: datetime) -> datetime:
    """Return a time as the triggers write it."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
