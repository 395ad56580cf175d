"""What PostgreSQL's catalog says of our triggers, and whether they are as we made them."""

from __future__ import annotations

import hashlib
from typing import Any, Iterable, Optional, Sequence

from sb_sync.feed.backends.base import Mark, Trigger
from sb_sync.feed.backends.postgresql_triggers import EVENTS, trigger_type
from sb_sync.feed.backends.postgresql_windows import Condition

__all__ = ["ORIGIN", "TRIGGER", "checksum", "read_trigger", "select_triggers"]

# The cluster, the log and the table `c` by their numbers: rewriting a table keeps its number, making it anew does not.
ORIGIN = (
    "(SELECT system_identifier::text FROM pg_control_system()) || '/' || to_regclass(%s)::oid::text"
    " || '/' || c.oid::text"
)
TRIGGER = (
    "c.relname::text, t.tgname::text, t.tgenabled::text, t.tgtype, t.tgqual IS NULL, p.prosrc,"
    f" obj_description(p.oid, 'pg_proc'), {ORIGIN}"
)
NAMES = {name: event for event, (name, _, _) in EVENTS.items()}


def select_triggers(log: str, tables: Optional[Iterable[str]]) -> Condition:
    """Return what follows SELECT `TRIGGER`: our triggers on these tables, or on any; `log` is quoted."""
    found = Condition(
        "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal AND t.tgname LIKE 'sb\\_sync\\_%%' AND pg_table_is_visible(c.oid)",
        (log,),
    )
    return found if tables is None else found & Condition("c.relname = ANY(%s)", (sorted(tables),))


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
