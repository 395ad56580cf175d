"""What a database must be able to do to carry the feed: the port that every backend fills."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from django.db import OperationalError, connections

from sb_sync.events import Statement
from sb_sync.feed.plan import Capture
from sb_sync.models import Change
from sb_sync.models.changes import EVERYONE

__all__ = [
    "FORMAT",
    "LARGEST_ENTRY",
    "Column",
    "Entry",
    "FeedBackend",
    "Identity",
    "InstallationBlocked",
    "Mark",
    "Observation",
    "Position",
    "Purge",
    "Trigger",
    "Window",
    "digest",
]

#: Raised when triggers of an older package must be replaced though their text is the same.
FORMAT = 1
#: Most keys of one entry of the log.
LARGEST_ENTRY = 1000


class InstallationBlocked(Exception):
    """A table is in use: its triggers could not be replaced within the time allowed."""


@dataclass(frozen=True, order=True)
class Position:
    """A place in the log: the entry's transaction and number, and how many of its keys have been read.

    Among the entries of related tables, `dependent` is the last key given of the rows that depend on the `ordinal` keys
    from this entry on; empty where none was. It is None among those of the model's own.
    """

    txid: int
    id: int
    ordinal: int
    dependent: Optional[str] = None


@dataclass(frozen=True)
class Entry:
    """One entry of the log, as read; its keys as the database writes them as text."""

    txid: int
    id: int
    table: str
    site: int
    keys: Tuple[str, ...]


@dataclass(frozen=True)
class Window:
    """What happened between two snapshots: all that `target` sees and `base` did not."""

    base: str
    target: str


@dataclass(frozen=True)
class Mark:
    """What a trigger says of itself in the database.

    `events` are all that its table's capture has; `digest` tells definitions apart, `body` whether it was altered by
    other hands. A neutral trigger stands in during migrations. `origin` names the very table that it was made for,
    where the database can tell it from one of the same name that was made later; empty in marks of older packages.
    """

    table: str
    key: str
    events: str
    digest: str
    body: str
    neutral: bool = False
    format: int = FORMAT
    origin: str = ""

    def as_text(self) -> str:
        """Return the mark as text that can stand in a comment of any database."""
        return "sb_sync:" + json.dumps(asdict(self), sort_keys=True).replace("/", "\\/")

    @classmethod
    def from_text(cls, text: Optional[str]) -> Optional[Mark]:
        """Read a mark, None where the text is none."""
        if not text or not text.startswith("sb_sync:"):
            return None
        try:
            return cls(**json.loads(text[len("sb_sync:") :]))
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Trigger:
    """A trigger of ours that stands on a table; `is_whole`: as we made it, on the table we made it for, enabled."""

    table: str
    name: str
    event: str
    mark: Optional[Mark]
    is_whole: bool
    text: str


@dataclass(frozen=True)
class Identity:
    """The key of the cursors that a database hands out, and the system that its transaction numbers belong to."""

    key_id: str
    secret: bytes
    system: str


@dataclass(frozen=True)
class Observation:
    """What the first statement of a reading sees: `started_at` lies before the snapshot.

    The feed's `identity` and the `triggers` of the tables that were named, where the same statement could tell; None
    where it could not.
    """

    started_at: datetime
    snapshot: str
    system: str
    identity: Optional[Identity] = None
    triggers: Optional[Sequence[Trigger]] = None


@dataclass(frozen=True)
class Purge:
    """What one step of a purge took; `is_done` tells that nothing is left to take."""

    entries: int
    checkpoints: int
    is_done: bool


@dataclass(frozen=True)
class Column:
    """One column of rows that are written together: its type in the database, and a value for each row."""

    name: str
    kind: str
    values: Sequence[Any]


def digest(*parts: str) -> str:
    """Return a short name for a definition."""
    return hashlib.sha256("\x00".join((str(FORMAT), *parts)).encode()).hexdigest()[:24]


class FeedBackend(ABC):
    """The feed in one database. Subclasses hold everything that depends on the database's product."""

    #: Whether several transactions may write at once, so that order of numbers is not order of commits.
    supports_concurrent_writers: ClassVar[bool]
    #: Whether an update can be joined to a list of values, which spares round trips.
    supports_update_from: ClassVar[bool]
    #: Whether rows are written by whole columns, in a statement of as many values as there are columns.
    supports_columns: ClassVar[bool] = False
    #: Whether it runs inside this process, so that a statement for each row costs no round trip.
    runs_in_process: ClassVar[bool] = False
    #: The keys that `update_columns` writes, for its condition to look at no others.
    new_keys: ClassVar[str] = ""
    #: Whether the parts of a WITH may insert rows.
    supports_inserts_in_with: ClassVar[bool]
    #: Whether who writes a row keeps others from changing the parents it finds its organization through.
    locks_parents: ClassVar[bool] = False
    #: Whether TRUNCATE is seen.
    supports_truncate: ClassVar[bool]
    #: Whether a change of a table's columns may make it anew, and with it tables that refer to it.
    remakes_tables: ClassVar[bool]

    def __init__(self, using: str) -> None:
        """Take the alias of the database."""
        self.using = using
        self.connection: Any = connections[using]

    @property
    def log_table(self) -> str:
        """Return the name of the log's table."""
        return Change._meta.db_table

    def quote(self, name: str) -> str:
        """Return a name quoted for this database."""
        return str(self.connection.ops.quote_name(name))

    def execute(self, sql: str, parameters: Optional[Sequence[Any]] = None) -> List[Tuple[Any, ...]]:
        """Run a statement and return its rows; without parameters nothing in it is a placeholder."""
        with self.connection.cursor() as cursor:
            if parameters is None:
                cursor.execute(sql)
            else:
                cursor.execute(sql, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    def execute_together(self, statements: Sequence[Statement]) -> List[Tuple[Any, ...]]:
        """Run statements that insert and do not see each other, as one where that is known; return the last's rows."""
        if not self.supports_inserts_in_with or len(statements) < 2:
            rows: List[Tuple[Any, ...]] = []
            for each in statements:
                rows = self.execute(each.sql, each.parameters)
            return rows
        *others, last = statements
        named = ", ".join(f"part{number} AS ({each.sql})" for number, each in enumerate(others))
        return self.execute(f"WITH {named} {last.sql}", [value for each in statements for value in each.parameters])

    def execute_soon(self, statements: Sequence[Statement]) -> None:
        """Do the same outside a transaction; the commit need not wait for the disk, where it can be told so."""
        self.execute_together(statements)

    def write_upsert(
        self, table: str, columns: Sequence[str], rows: str, unique: Sequence[str], assignments: Mapping[str, str]
    ) -> str:
        """Return the INSERT of rows that changes, by assignments made in their order, those that stand already.

        They are told by what is unique; in the assignments `existing` is such a row, `excluded` the one that would have
        been inserted.
        """
        names = ", ".join(map(self.quote, columns))
        changes = ", ".join(f"{self.quote(name)} = {value}" for name, value in assignments.items())
        collision = "ON CONFLICT ({}) DO UPDATE SET {}".format(", ".join(map(self.quote, unique)), changes)
        return f"INSERT INTO {self.quote(table)} AS existing ({names}) VALUES {rows} {collision}"

    def write_update(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str]], visible: str) -> str:
        """Return the UPDATE of a table by rows of values, the first of each the key, where `visible` selects it.

        Each value is a placeholder with the type of its column.
        """
        own, new, names = self.quote(table), self.quote("new"), [self.quote(column) for column in columns]
        values = ", ".join("({})".format(", ".join(row)) for row in rows)
        sets = ", ".join(f"{name} = {new}.{name}" for name in names[1:])
        return (
            f"UPDATE {own} SET {sets} FROM (VALUES {values}) AS {new} ({', '.join(names)})"
            f" WHERE {own}.{names[0]} = {new}.{names[0]} AND {own}.{names[0]} IN ({visible})"
        )

    def write_cast(self, place: str, kind: str) -> str:
        """Return a placeholder in a list of values, given its type."""
        # Not `::`, which binds closer than the sign of a number.
        return f"CAST({place} AS {kind})"

    def insert_columns(self, table: str, columns: Sequence[Column], returning: Optional[str] = None) -> List[Any]:
        """Insert rows, where that is supported, and return what one more column of them holds, in their order."""
        raise NotImplementedError

    def update_columns(self, table: str, columns: Sequence[Column], condition: Tuple[str, Sequence[Any]]) -> None:
        """Change rows, where that is supported, told by the first column: those for which SQL with its values holds."""
        raise NotImplementedError

    # Faults of the database itself.

    def find_faults(self) -> List[Tuple[str, str]]:
        """Return (what is wrong, mend) for all that keeps this database from carrying the feed."""
        return []

    def is_too_old(self) -> bool:
        """Tell whether the server lacks what the feed is made of."""
        return False

    def find_risks(self) -> List[Tuple[str, str]]:
        """Return (what is risky, mend) for what leaves the feed working, and its operator to decide."""
        return []

    @abstractmethod
    def is_transient(self, error: OperationalError) -> bool:
        """Tell whether transactions met, so that the same one may succeed when it is tried again at once."""

    @abstractmethod
    def is_blocked(self, error: OperationalError) -> bool:
        """Tell whether others hold what a statement needed, so that the same transaction may succeed later."""

    def is_refusal(self, error: OperationalError) -> bool:
        """Tell whether an error means a value that cannot be stored, though its class says otherwise."""
        return False

    def system(self) -> str:
        """Return the name of the system in which the log's transaction numbers mean something."""
        return ""

    # Reading.

    def guess_count(self, table: str) -> Optional[int]:
        """Return how many rows a table has at most, where the database chooses indexes without knowing; else None."""
        return None

    def begin_reading(self, tables: Iterable[str]) -> Observation:
        """Make the transaction that was just begun read from one snapshot, and return what it sees first.

        Tells of the triggers on these tables too, where that takes no statement of its own.
        """
        self.fix_snapshot()
        return self.observe(own_writes=False)

    def fix_snapshot(self) -> None:
        """Make the transaction that was just begun read from one snapshot, where its first read does not do that."""
        return

    @abstractmethod
    def observe(self, *, own_writes: bool) -> Observation:
        """Return time, snapshot and the system's name, as the first statement of a reading.

        With `own_writes` the transaction may have written, and the snapshot counts what it wrote so far.
        """

    @abstractmethod
    def read_entries(
        self, places: Sequence[Tuple[str, int]], window: Window, after: Optional[Position], limit: int
    ) -> List[Entry]:
        """Return entries of each (table, site) in order, at least `limit` keys unless the window holds no more."""

    def read_first_entries(
        self, places: Sequence[Tuple[str, int]], guards: Iterable[str], window: Window, limit: int
    ) -> Optional[List[Entry]]:
        """Return the entries that a window begins with, None where it holds a reset of one of the guards."""
        if self.find_changed({window: [("", table, EVERYONE) for table in guards]}):
            return None
        return self.read_entries(places, window, None, limit)

    @abstractmethod
    def find_changed(self, wanted: Mapping[Window, Sequence[Tuple[str, str, int]]]) -> Set[str]:
        """Return the names, out of (name, table, site), that have an entry in their window, in one statement."""

    # Writing.

    @abstractmethod
    def write_checkpoint(self, nonce: str, snapshot: str) -> Tuple[int, datetime]:
        """Insert a checkpoint at the database's time, never before an earlier one, and return its key and time.

        The commit of the present transaction then waits until it cannot be lost.
        """

    def write_checkpoint_with(self, statements: Sequence[Statement], nonce: str, snapshot: str) -> Tuple[int, datetime]:
        """Write a checkpoint and run other statements, which insert: as one where the database knows that."""
        self.execute_together(statements)
        return self.write_checkpoint(nonce, snapshot)

    @abstractmethod
    def begin_push(self) -> None:
        """Take what the transaction must hold before it reads."""

    @abstractmethod
    def lock_identity(self) -> None:
        """Keep others from changing the feed's identity until the transaction ends."""

    # Triggers.

    @abstractmethod
    def events(self, capture: Capture) -> str:
        """Return the letters of the events that a capture has triggers for."""

    @abstractmethod
    def digests(self, capture: Capture) -> Dict[str, str]:
        """Return the digest of each event's trigger as it should stand."""

    @abstractmethod
    def triggers(self, tables: Optional[Iterable[str]] = None) -> List[Trigger]:
        """Return our triggers that stand on these tables, or on any."""

    @abstractmethod
    def columns(self, tables: Iterable[str]) -> Set[Tuple[str, str]]:
        """Return which (table, column) exist among these tables; views have no columns here."""

    @abstractmethod
    def hold_table(self, table: str) -> None:
        """Wait until no transaction writes the table, and keep writers from it until the present one ends.

        This and whatever follows in the transaction waits a bounded time only, and then fails in a way that
        `is_blocked` knows.
        """

    @abstractmethod
    def install(self, capture: Capture, *, reset: bool = False) -> None:
        """Put a capture's triggers in place of whatever of ours stands on its table.

        With `reset` writes may have gone by before, and one is logged, so that none goes by in between.
        """

    @abstractmethod
    def neutralise(self, triggers: Iterable[Trigger]) -> None:
        """Replace triggers by ones that name nothing but the log, and log a reset when the table is written."""

    @abstractmethod
    def remove(self, triggers: Iterable[Trigger]) -> None:
        """Take triggers away."""

    def adopt_tables(self) -> None:
        """Take the tables as they stand for those that the triggers were made for.

        Only while no client holds anything. Nothing to do where the database cannot tell a table made anew.
        """
        return

    @abstractmethod
    def write_resets(self, tables: Iterable[str]) -> None:
        """Log that tables changed in ways that the log does not hold."""

    # Retention.

    @abstractmethod
    def purge(self, before: datetime, limit: int) -> Purge:
        """Delete up to `limit` old entries with the checkpoints that did not see them; within a transaction."""

    @abstractmethod
    def count_purgeable(self, before: datetime) -> int:
        """Return how many entries a purge would delete by now."""
