"""The change capture: see it, install it, verify it, repair it, purge its log."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Tuple

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connections

from sb_sync.feed import InstallReport, UnsupportedDatabase, install, working_backend_for
from sb_sync.feed.installation import has_log
from sb_sync.maintenance import (
    describe,
    feed_databases,
    forget_beside_the_feed,
    purge,
    repair,
    verify,
)
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.progress import Progress, showing_progress
from sb_sync.management.tables import format_table

Result = Tuple[Dict[str, Any], bool]
# Options that would silently be ignored elsewhere.
OWNED: Mapping[str, str] = {"new_epoch": "repair", "days": "purge", "dry_run": "install or repair or purge"}


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
        parser.add_argument(
            "--dry-run", action="store_true", help="install, repair, purge: only tell what would be done"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        foreign = {name: owner for name, owner in OWNED.items() if action not in owner.split(" or ")}
        check_options(options, required=(), foreign=foreign)
        report: Dict[str, Any] = {}
        all_well = True
        for using in _choose_databases(options):
            with telling_refusals(), showing_progress(self.stderr, options) as progress:
                report[using], is_well = self._run(action, using, options, progress)
            all_well = all_well and is_well
        if options["json"]:
            self.stdout.write(json.dumps({"action": action, "databases": report}, indent=2, default=str))
        else:
            for using, told in report.items():
                self._print(using, told)
        if not all_well:
            raise SystemExit(1)

    def _run(self, action: str, using: str, options: Dict[str, Any], progress: Progress) -> Result:
        """Do the action in one database."""
        actions: Dict[str, Callable[[str, Dict[str, Any], Progress], Result]] = {
            "status": _status,
            "install": _install,
            "verify": _verify,
            "repair": _repair,
            "purge": _purge,
        }
        try:
            if action != "verify":
                _require_log(using)
            return actions[action](using, options, progress)
        except UnsupportedDatabase as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"Database {using!r}: {error}") from error

    def _print(self, using: str, told: Dict[str, Any]) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"Database {using}"))
        tables = told.pop("tables", [])
        if tables:
            self.stdout.write(format_table(["table", "capture"], [[row["table"], row["state"]] for row in tables]))
            self.stdout.write("")
        for name, value in told.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {_show(value)}")
            if isinstance(value, list):
                self.stdout.write("".join(f"  {line}\n" for line in value), ending="")


def _show(value: Any) -> str:
    """Return a value on the line of its name; those of a list stand below it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return str(len(value)) if value else "none"
    return "none" if value is None else f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else f"{value:,}"


def _choose_databases(options: Mapping[str, Any]) -> List[str]:
    """Return the databases to work in. Raises `CommandError` for one that the project does not have."""
    chosen: List[str] = options["database"] or feed_databases()
    unknown = [using for using in chosen if using not in connections]
    if unknown:
        raise CommandError("There is no database {!r}; those are {}.".format(unknown[0], ", ".join(connections)))
    return chosen


def _require_log(using: str) -> None:
    """Refuse a database that cannot be worked with yet, or at all."""
    working_backend_for(using)
    if not has_log(using):
        raise CommandError(f"Database {using!r} has no tables of sb_sync. Run manage.py migrate first.")


def _status(using: str, options: Dict[str, Any], progress: Progress) -> Result:
    found = describe(using)
    tables = [
        {"table": capture.table, "state": "SURPLUS" if capture.surplus else capture.state.value}
        for capture in found.captures
    ]
    told = {
        "tables": tables,
        "changes": found.entries,
        "oldest_change": found.oldest,
        "checkpoints": found.checkpoints,
        "unresolved_changes": found.unresolved,
    }
    return told, True


def _install(using: str, options: Dict[str, Any], progress: Progress) -> Result:
    done = install(using, dry_run=options["dry_run"], progress=progress)
    return _installation(done, dry_run=options["dry_run"])


def _verify(using: str, options: Dict[str, Any], progress: Progress) -> Result:
    problems = verify(using)
    return {"problems": problems}, not problems


def _repair(using: str, options: Dict[str, Any], progress: Progress) -> Result:
    dry_run = options["dry_run"]
    done = repair(using, new_epoch=options["new_epoch"], dry_run=dry_run, progress=progress)
    told, is_well = _installation(done.installation, dry_run=dry_run)
    return {**told, "new_epoch": done.new_epoch}, is_well


def _purge(using: str, options: Dict[str, Any], progress: Progress) -> Result:
    """Delete what is old in the log, and beside it: answers that could be given again, settled conflicts, jobs."""
    dry_run = options["dry_run"]
    done = purge(
        using,
        days=options["days"],
        dry_run=dry_run,
        progress=lambda entries: progress(entries, None, "changes deleted"),
    )
    told: Dict[str, Any] = {"changes": done.entries, "checkpoints": done.checkpoints}
    if done.checkpoints is None:
        del told["checkpoints"]
    return {**told, **forget_beside_the_feed(using, dry_run=dry_run), "dry_run": dry_run}, True


def _installation(done: InstallReport, *, dry_run: bool) -> Result:
    failed: List[str] = [f"{table}: {reason}" for table, reason in done.failed.items()]
    told = {
        "installed": list(done.installed),
        "reset": list(done.reset),
        "removed": list(done.removed),
        "failed": failed,
        "dry_run": dry_run,
    }
    return told, not failed
