"""The feed on SQLite: row triggers, and numbers as cursors, as one transaction at a time writes."""

from __future__ import annotations

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
from sb_sync.feed.backends.sqlite_triggers import EVENTS, TriggerText
from sb_sync.feed.plan import Capture
from sb_sync.feed.times import to_stored
from sb_sync.models import Checkpoint, FeedIdentity
from sb_sync.models.changes import EVERYONE

__all__ = ["SQLiteBackend"]

LAST_NUMBER = 2**63 - 1
# So many checkpoints at most are written between the snapshot of an answer and its own.
KEPT_BACK = 1000


class SQLiteBackend(FeedBackend):
    """A snapshot is the number of the last entry that was ever written."""

    supports_concurrent_writers = False
    supports_update_from = False
    runs_in_process = True
    supports_inserts_in_with = False
    supports_truncate = False
    remakes_tables = True

    def is_transient(self, error: OperationalError) -> bool:
        """Tell of none: who writes holds everything, and nobody meets anybody."""
        return False

    def is_blocked(self, error: OperationalError) -> bool:
        """Tell whether another connection held the database; before Python 3.11 the text alone says so."""
        return "locked" in str(error)

    # Reading.

    def guess_count(self, table: str) -> Optional[int]:
        """Return the last row's number: rows are counted by nobody who does not run ANALYZE."""
        return int(self.execute(f"SELECT max(rowid) FROM {self.quote(table)}")[0][0] or 0)

    def observe(self, *, own_writes: bool) -> Observation:
        """Return time and the last number; own entries count by themselves."""
        started_at = datetime.now(timezone.utc)
        rows = self.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [self.log_table])
        return Observation(started_at, str(rows[0][0] if rows else 0), "")

    def read_entries(
        self, places: Sequence[Tuple[str, int]], window: Window, after: Optional[Position], limit: int
    ) -> List[Entry]:
        """Return entries in order, one key each."""
        since = int(window.base) if after is None else max(int(window.base), after.id - 1)
        branch = (
            f"SELECT * FROM (SELECT id, table_name, site, pks FROM {self.quote(self.log_table)}"
            " WHERE table_name = %s AND site = %s AND txid = 0 AND id > %s AND id <= %s ORDER BY id LIMIT %s)"
        )
        parameters: List[Any] = []
        for place in places:
            parameters += [*place, since, int(window.target), limit + 1]
        rows = self.execute(
            " UNION ALL ".join([branch] * len(places)) + " ORDER BY id LIMIT %s", [*parameters, limit + 1]
        )
        return [Entry(0, number, table, site, (key,)) for number, table, site, key in rows]

    def find_changed(self, wanted: Mapping[Window, Sequence[Tuple[str, str, int]]]) -> Set[str]:
        """Return the names that have an entry: one look into the index for each (table, site)."""
        selects: List[str] = []
        parameters: List[Any] = []
        for window, triples in wanted.items():
            for triple in triples:
                parameters += triple
            parameters += [int(window.base), int(window.target)]
            values = ", ".join(["(%s, %s, %s)"] * len(triples))
            selects.append(
                f"SELECT v.column1 FROM (VALUES {values}) v WHERE EXISTS"
                f" (SELECT 1 FROM {self.quote(self.log_table)} c WHERE c.table_name = v.column2 AND c.site = v.column3"
                " AND c.txid = 0 AND c.id > %s AND c.id <= %s)"
            )
        return {name for (name,) in self.execute(" UNION ".join(selects), parameters)} if selects else set()

    # Writing.

    def write_checkpoint(self, nonce: str, snapshot: str) -> Tuple[int, datetime]:
        """Insert a checkpoint; a commit is on disk as the host's `synchronous` pragma says."""
        rows = Checkpoint.objects.using(self.using)
        latest = rows.aggregate(latest=Max("taken_at"))["latest"]
        now = to_stored(datetime.now(timezone.utc))
        row = rows.create(nonce=nonce, snapshot=snapshot, taken_at=now if latest is None else max(now, latest))
        return row.pk, row.taken_at

    def begin_push(self) -> None:
        """Take the write lock, so that nothing is read before it is held."""
        self.execute(f"UPDATE {self.quote(FeedIdentity._meta.db_table)} SET id = id WHERE id = 1")

    def lock_identity(self) -> None:
        """Take the write lock."""
        self.begin_push()

    # Triggers.

    def events(self, capture: Capture) -> str:
        """Return the letters of a capture's events."""
        return "".join(sorted(self._text().bodies(capture)))

    def digests(self, capture: Capture) -> Dict[str, str]:
        """Return digests of the texts."""
        return {event: digest(body) for event, body in self._text().bodies(capture).items()}

    def triggers(self, tables: Optional[Iterable[str]] = None) -> List[Trigger]:
        """Return our triggers; the text of each is kept as it was written, its mark within."""
        sql = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 8) = 'sb_sync_'"
        wanted = None if tables is None else {table.lower() for table in tables}
        found: List[Trigger] = []
        for table, name, text in self.execute(sql):
            if wanted is not None and table.lower() not in wanted:
                continue
            mark, body = _split(text)
            event = "" if mark is None else self._event(mark.table, name)
            is_whole = mark is not None and event != "" and mark.body == digest(event, body)
            found.append(Trigger(table, name, event, mark, is_whole, text))
        return found

    def columns(self, tables: Iterable[str]) -> Set[Tuple[str, str]]:
        """Return the columns of real tables."""
        found: Set[Tuple[str, str]] = set()
        for table in sorted(set(tables)):
            rows = self.execute(
                "SELECT i.name FROM sqlite_master m, pragma_table_info(m.name) i"
                " WHERE m.type = 'table' AND m.name = %s",
                [table],
            )
            found.update((table, name) for (name,) in rows)
        return found

    def hold_table(self, table: str) -> None:
        """Take the write lock of the whole database."""
        self.begin_push()

    def install(self, capture: Capture, *, reset: bool = False) -> None:
        """Put a capture's triggers in place."""
        if reset:
            self.write_resets([capture.table])
        self.remove(self.triggers([capture.table]))
        events, digests = self.events(capture), self.digests(capture)
        for event, body in self._text().bodies(capture).items():
            self._create(event, body, Mark(capture.table, capture.key, events, digests[event], digest(event, body)))

    def neutralise(self, triggers: Iterable[Trigger]) -> None:
        """Replace each trigger by one that only resets."""
        for trigger in list(triggers):
            self.remove([trigger])
            if trigger.mark is None or trigger.event == "":
                continue
            body = self._text().neutral(trigger.event, trigger.table)
            mark = Mark(
                trigger.mark.table, trigger.mark.key, trigger.mark.events, "neutral", digest(trigger.event, body), True
            )
            self._create(trigger.event, body, mark)

    def remove(self, triggers: Iterable[Trigger]) -> None:
        """Drop triggers."""
        for trigger in list(triggers):
            self.execute(f"DROP TRIGGER IF EXISTS {self.quote(trigger.name)}")

    def write_resets(self, tables: Iterable[str]) -> None:
        """Log a reset for each table."""
        for table in tables:
            self.execute(
                f"INSERT INTO {self.quote(self.log_table)} (txid, table_name, site, kind, changed_at, pks)"
                " VALUES (0, %s, %s, 'R', strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now'), '')",
                [table, EVERYONE],
            )

    # Retention.

    def purge(self, before: datetime, limit: int) -> Purge:
        """Delete old entries that every younger checkpoint sees, in order, with the checkpoints that do not."""
        log, checkpoints = self.quote(self.log_table), self.quote(Checkpoint._meta.db_table)
        rows = self.execute(
            f"SELECT id FROM {log} WHERE changed_at < %s AND id <= %s ORDER BY id LIMIT %s",
            [_stored(before), self._oldest_needed(before), limit],
        )
        last = rows[-1][0] if rows else 0
        self.execute(f"DELETE FROM {log} WHERE id <= %s AND changed_at < %s", [last, _stored(before)])
        old = Checkpoint.objects.using(self.using).filter(taken_at__lt=to_stored(before))
        removed = old.count()
        old.delete()
        unseen = f"FROM {checkpoints} WHERE CAST(snapshot AS INTEGER) < %s"
        removed += self.execute(f"SELECT count(*) {unseen}", [last])[0][0]
        self.execute(f"DELETE {unseen}", [last])
        return Purge(len(rows), removed, len(rows) < limit)

    def count_purgeable(self, before: datetime) -> int:
        """Return how many entries a purge would delete by now."""
        return int(
            self.execute(
                f"SELECT count(*) FROM {self.quote(self.log_table)} WHERE changed_at < %s AND id <= %s",
                [_stored(before), self._oldest_needed(before)],
            )[0][0]
        )

    def _oldest_needed(self, before: datetime) -> int:
        """Return the last number that all checkpoints since saw: one may have waited long to be written."""
        young = Checkpoint.objects.using(self.using).filter(taken_at__gte=to_stored(before))
        snapshots = [int(text) for text in young.order_by("taken_at").values_list("snapshot", flat=True)[:KEPT_BACK]]
        return min(snapshots, default=LAST_NUMBER)

    def _text(self) -> TriggerText:
        return TriggerText(self.quote, self.log_table)

    def _event(self, table: str, name: str) -> str:
        """Return the event of a trigger by its name, an empty string where it is no name of ours."""
        return next((event for event in EVENTS if name == self._text().name(table, event)), "")

    def _create(self, event: str, body: str, mark: Mark) -> None:
        # SQLite keeps the text as it is written here, comments too.
        name = self.quote(self._text().name(mark.table, event))
        self.execute(f"CREATE TRIGGER {name} /*{mark.as_text()}*/ {body}")


def _split(text: str) -> Tuple[Optional[Mark], str]:
    """Return a trigger's mark and its body."""
    _, _, rest = text.partition("/*")
    comment, _, body = rest.partition("*/ ")
    return Mark.from_text(comment), body


def _stored(moment: datetime) -> str:
    """Return a time as the triggers write it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
