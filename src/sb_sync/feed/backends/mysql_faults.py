"""What keeps a MariaDB or MySQL server from carrying the feed, and what makes it a risk."""

from __future__ import annotations

from typing import List, Tuple

from django.db import DatabaseError

from sb_sync.feed.backends.base import FeedBackend
from sb_sync.feed.plan import make_plan

__all__ = ["find_faults", "find_risks"]

OLDEST_MARIADB = (10, 6)
OLDEST_MYSQL = (8, 0, 17)

Findings = List[Tuple[str, str]]


def find_faults(backend: FeedBackend) -> Findings:
    """Return (what is wrong, mend) for all that would lose changes."""
    connection = backend.connection
    oldest = OLDEST_MARIADB if connection.mysql_is_mariadb else OLDEST_MYSQL
    if connection.mysql_version < oldest:
        name = "MariaDB" if connection.mysql_is_mariadb else "MySQL"
        version = ".".join(str(number) for number in oldest)
        return [(f"The feed needs {name} {version} or later.", "Upgrade the server.")]
    return [*_find_wrong_settings(backend), *_find_missing_rights(backend), *_find_wrong_tables(backend)]


def find_risks(backend: FeedBackend) -> Findings:
    """Return (what is risky, mend) for what an operator may have decided."""
    found: Findings = []
    flush, numbering = backend.execute("SELECT @@innodb_flush_log_at_trx_commit, @@innodb_autoinc_lock_mode")[0]
    if flush != 1:
        found.append(
            (
                "A crash of the server may lose what clients were told (innodb_flush_log_at_trx_commit is not 1).",
                "Set innodb_flush_log_at_trx_commit = 1.",
            )
        )
    if numbering == 0:
        found.append(
            (
                "Every statement that writes keeps all others waiting until it ends (innodb_autoinc_lock_mode is 0).",
                "Set innodb_autoinc_lock_mode to 1 or 2.",
            )
        )
    changed = _find_tables_with_actions(backend)
    if changed:
        found.append(
            (
                "By foreign keys of its own the database deletes or changes rows of these tables, which no trigger"
                " sees: {}.".format(", ".join(changed)),
                "Let Django do it: use its own CASCADE and SET_NULL, not the database's.",
            )
        )
    return found


def _find_wrong_settings(backend: FeedBackend) -> Findings:
    found: Findings = []
    increment, is_read_only, is_logged, is_trusted, mode = backend.execute(
        "SELECT @@auto_increment_increment, @@global.read_only, @@log_bin, @@log_bin_trust_function_creators,"
        " @@sql_mode"
    )[0]
    if increment != 1 or _is_cluster(backend):
        found.append(
            (
                "Several servers give out numbers of the log (auto_increment_increment is not 1, or Galera).",
                "Use one primary.",
            )
        )
    if is_read_only:
        found.append(("The feed reads from a replica.", "Route the feed's reads to the primary."))
    if is_logged and not is_trusted and not _has_right(backend, ("SUPER",)):
        found.append(
            (
                "Triggers cannot be made while the binary log is on.",
                "Set log_bin_trust_function_creators = 1.",
            )
        )
    if not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"} & set(str(mode).split(",")):
        found.append(
            (
                "Values that do not fit are cut in silence (sql_mode is not strict).",
                "Add STRICT_TRANS_TABLES to sql_mode.",
            )
        )
    return found


def _find_missing_rights(backend: FeedBackend) -> Findings:
    found: Findings = []
    try:
        backend.execute("SELECT 1 FROM information_schema.innodb_trx LIMIT 1")
    except DatabaseError:
        found.append(
            ("The database's user may not see which transactions are open.", "GRANT PROCESS ON *.* to the user.")
        )
    if not _has_right(backend, ("TRIGGER", "ALL PRIVILEGES")):
        found.append(("The database's user may not make triggers.", "GRANT TRIGGER on the database to the user."))
    return found


def _find_wrong_tables(backend: FeedBackend) -> Findings:
    """Return tables that know no transactions, and a log that cannot hold every key."""
    found: Findings = []
    captured = make_plan(backend.using).captures
    engines = backend.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'"
    )
    wrong = sorted(table for (table,) in engines if table in captured or table == backend.log_table)
    if wrong:
        found.append(
            ("These tables know no transactions: {}.".format(", ".join(wrong)), "ALTER TABLE … ENGINE = InnoDB.")
        )
    charsets = backend.execute(
        "SELECT character_set_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s AND column_name = 'pks'",
        [backend.log_table],
    )
    if charsets and charsets[0][0] != "utf8mb4":
        found.append(
            (
                "The log of changes cannot hold every key: its character set is not utf8mb4.",
                f"ALTER TABLE {backend.log_table} CONVERT TO CHARACTER SET utf8mb4, and the database likewise.",
            )
        )
    return found


def _find_tables_with_actions(backend: FeedBackend) -> List[str]:
    """Return the captured tables whose rows the database itself deletes or changes."""
    rows = backend.execute(
        "SELECT DISTINCT table_name FROM information_schema.referential_constraints"
        " WHERE constraint_schema = DATABASE()"
        " AND (delete_rule IN ('CASCADE', 'SET NULL') OR update_rule IN ('CASCADE', 'SET NULL'))"
    )
    captured = make_plan(backend.using).captures
    return sorted(table for (table,) in rows if table in captured)


def _is_cluster(backend: FeedBackend) -> bool:
    """Tell whether the server is one of several that all take writes."""
    rows = backend.execute("SHOW GLOBAL VARIABLES LIKE 'wsrep_on'")
    return bool(rows) and rows[0][1] == "ON"


def _has_right(backend: FeedBackend, rights: Tuple[str, ...]) -> bool:
    """Tell whether one of these rights is granted; a granted role may hold any."""
    for (grant,) in backend.execute("SHOW GRANTS"):
        granted, is_on, target = str(grant).partition(" ON ")
        if not is_on:
            return True
        if "ALL PRIVILEGES" in granted and (target.startswith("*.*") or "ALL PRIVILEGES" in rights):
            return True
        if any(right in granted.replace("GRANT ", "").split(", ") for right in rights):
            return True
    return False
