"""The change capture: see it, install it, verify it, repair it, purge its log."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Tuple

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from sb_sync.feed import InstallReport, UnsupportedDatabase, install, working_backend_for
from sb_sync.feed.installation import has_log
from sb_sync.maintenance import describe, feed_databases, forget_answers, forget_conflicts, purge, repair, verify
from sb_sync.management.base import SyncCommand

Result = Tuple[Dict[str, Any], bool]


class Command(SyncCommand):
    """A shell round one function for each action."""

    help = "Look after the triggers that capture changes, and after the log that they write."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--action",
            choices=["status", "install", "verify", "repair", "purge"],
            default="status",
            help="status: how each table is captured (default) · install: install what is missing or outdated · verify:"
            " exit with 1 unless all is well · repair: install everything anew · purge: delete what is old",
        )
        parser.add_argument("--database", action="append", help="only this database; may be given several times")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
        parser.add_argument("--new-epoch", action="store_true", help="repair: make every client begin again")
        parser.add_argument("--days", type=int, help="purge: keep this many days (default: FEED_RETENTION_DAYS)")
        parser.add_argument("--dry-run", action="store_true", help="purge: only count")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        if options["new_epoch"] and action != "repair":
            raise CommandError("--new-epoch belongs to --action repair.")
        if options["days"] is not None and options["days"] < 1:
            raise CommandError("--days must be at least 1.")
        report: Dict[str, Any] = {}
        all_well = True
        for using in options["database"] or feed_databases():
            report[using], is_well = self._run(action, using, options)
            all_well = all_well and is_well
        if options["json"]:
            self.stdout.write(json.dumps({"action": action, "databases": report}, indent=2, default=str))
        else:
            for using, told in report.items():
                self._print(using, told)
        if not all_well:
            raise SystemExit(1)

    def _run(self, action: str, using: str, options: Dict[str, Any]) -> Result:
        """Do the action in one database."""
        actions: Dict[str, Callable[[str, Dict[str, Any]], Result]] = {
            "status": _status,
            "install": _install,
            "verify": _verify,
            "repair": _repair,
            "purge": _purge,
        }
        try:
            if action != "verify":
                _require_log(using)
            return actions[action](using, options)
        except UnsupportedDatabase as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"Database {using!r}: {error}") from error

    def _print(self, using: str, told: Dict[str, Any]) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"Database {using}"))
        for name, value in told.items():
            if isinstance(value, list):
                self.stdout.write(f"  {name}: {'none' if not value else ''}".rstrip())
                for line in value:
                    self.stdout.write("    " + (_row(line) if isinstance(line, dict) else str(line)))
            else:
                self.stdout.write(f"  {name}: {value}")


def _require_log(using: str) -> None:
    """Refuse a database that cannot be worked with yet, or at all."""
    working_backend_for(using)
    if not has_log(using):
        raise CommandError(f"Database {using!r} has no tables of sb_sync. Run manage.py migrate first.")


def _status(using: str, options: Dict[str, Any]) -> Result:
    found = describe(using)
    tables = [
        {"table": capture.table, "state": "SURPLUS" if capture.surplus else capture.state.value}
        for capture in found.captures
    ]
    told = {
        "tables": tables,
        "entries": found.entries,
        "oldest entry": found.oldest,
        "checkpoints": found.checkpoints,
        "unresolved entries": found.unresolved,
    }
    return told, True


def _install(using: str, options: Dict[str, Any]) -> Result:
    return _installation(install(using))


def _verify(using: str, options: Dict[str, Any]) -> Result:
    problems = verify(using)
    return {"problems": problems}, not problems


def _repair(using: str, options: Dict[str, Any]) -> Result:
    done = repair(using, new_epoch=options["new_epoch"])
    told, is_well = _installation(done.installation)
    return {**told, "new epoch": done.new_epoch}, is_well


def _purge(using: str, options: Dict[str, Any]) -> Result:
    """Delete what is old in the log, and beside it: answers that could be given again, settled conflicts."""
    dry_run = options["dry_run"]
    done = purge(using, days=options["days"], dry_run=dry_run)
    told = {
        "entries": done.entries,
        "checkpoints": done.checkpoints,
        "answers": forget_answers(using, dry_run=dry_run),
        "conflicts": forget_conflicts(using, dry_run=dry_run),
        "dry run": dry_run,
    }
    return told, True


def _installation(done: InstallReport) -> Result:
    failed: List[str] = [f"{table}: {reason}" for table, reason in done.failed.items()]
    told = {
        "installed": list(done.installed),
        "reset": list(done.reset),
        "removed": list(done.removed),
        "failed": failed,
    }
    return told, not failed


def _row(line: Dict[str, Any]) -> str:
    return "{state:<10} {table}".format(**line)
