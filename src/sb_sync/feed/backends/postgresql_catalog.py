"""What PostgreSQL's catalog says of our triggers, and whether they are as we made them."""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from sb_sync.feed.backends.base import Mark, Trigger
from sb_sync.feed.backends.postgresql_triggers import EVENTS, trigger_type
from sb_sync.feed.backends.postgresql_windows import Condition

__all__ = ["ORIGIN", "TRIGGER", "Standing", "checksum", "read_trigger", "select_stamp", "select_triggers"]

# The cluster, the log and the table `c` by their numbers: rewriting a table keeps its number, making it anew does not.
ORIGIN = (
    "(SELECT system_identifier::text FROM pg_control_system()) || '/' || to_regclass(%s)::oid::text"
    " || '/' || c.oid::text"
)
TRIGGER = (
    "c.relname::text, t.tgname::text, t.tgenabled::text, t.tgtype, t.tgqual IS NULL, p.prosrc,"
    f" obj_description(p.oid, 'pg_proc'), {ORIGIN}"
)
# What is another once a trigger, its function or that function's comment is: who wrote the row, and where it lies.
# To look each up is planned quicker than to join them.
STAMP = (
    "concat_ws(' ', t.tgrelid, t.oid, t.xmin, t.ctid,"
    " (SELECT concat(p.xmin, p.ctid) FROM pg_proc p WHERE p.oid = t.tgfoid),"
    " (SELECT concat(d.xmin, d.ctid) FROM pg_description d"
    " WHERE d.objoid = t.tgfoid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0))"
)
# Of so many combinations of tables it is remembered how their triggers stand.
MOST_REMEMBERED = 500
NAMES = {name: event for event, (name, _, _) in EVENTS.items()}


def select_triggers(log: str, tables: Optional[Iterable[str]]) -> Condition:
    """Return what follows SELECT `TRIGGER`: our triggers on these tables, or on any; `log` is quoted."""
    found = Condition(
        "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal AND t.tgname LIKE 'sb\\_sync\\_%%' AND pg_table_is_visible(c.oid)",
        (log,),
    )
    return found if tables is None else found & Condition("c.relname = ANY(%s)", (sorted(tables),))


def select_stamp(log: str, tables: Sequence[str]) -> Condition:
    """Return a query of one text that stays the same while nothing about the triggers on tables changes.

    All names are quoted. It reads none of the functions' texts, which are long.
    """
    places = ", ".join(["to_regclass(%s)"] * len(tables))
    return Condition(
        f"SELECT concat(to_regclass(%s)::oid, array_agg({STAMP})) FROM pg_trigger t"
        f" WHERE t.tgrelid = ANY(ARRAY[{places}]::oid[]) AND NOT t.tgisinternal",
        (log, *tables),
    )


class Standing:
    """How triggers stood when last they were read, for readers who know that nothing about them has changed."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._known: Dict[Tuple[str, ...], Tuple[str, List[Trigger]]] = {}

    def recall(self, place: Tuple[str, ...], stamp: str, read: Callable[[], List[Trigger]]) -> List[Trigger]:
        """Return the triggers at a place, read anew where their stamp is another than before."""
        known = self._known.get(place)
        if known is not None and known[0] == stamp:
            return known[1]
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        triggers = read()
        self._known[place] = (stamp, triggers)
        return triggers


def read_trigger(row: Sequence[Any]) -> Trigger:
    """Return a trigger from its row of the catalog."""
    table, name, enabled, kind, is_plain, body, comment, origin = row
    event, mark = NAMES.get(name, ""), Mark.from_text(comment)
    is_whole = (
        mark is not None
        and event != ""
        and enabled == "A"
        and kind == trigger_type(event)
        and is_plain
        and mark.body == checksum(body)
        and mark.origin in ("", origin)
    )
    return Trigger(table, name, event, mark, is_whole, body)


def checksum(body: str) -> str:
    """Return the checksum of a function's body, as it stands between the quotes."""
    return hashlib.sha256(body.strip().encode()).hexdigest()[:24]
