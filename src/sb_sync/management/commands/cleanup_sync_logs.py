"""Forget what is old: sync logs and everything that goes with them."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from sb_sync.maintenance import CleanupReport, clean_up
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import telling_refusals
from sb_sync.management.progress import showing_progress
from sb_sync.management.tables import format_table


class Command(SyncCommand):
    """A shell round one function; the task `cleanup_old_sync_logs` is another."""

    help = (
        "Delete sync logs, measurements, log-ins and settled conflicts that are old, and what else has outlived its"
        " retention: changes of the feed, answers to an Idempotency-Key, background pushes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="keep this many days (default: LOG_RETENTION_DAYS)")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        days, dry_run = options["days"], options["dry_run"]
        with telling_refusals(), showing_progress(self.stderr, options) as progress:
            report = clean_up(days=days, dry_run=dry_run, progress=lambda done, what: progress(done, None, what))
        self._print(report, as_json=options["json"])

    def _print(self, report: CleanupReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"dry_run": report.dry_run, "deleted": report.deleted}, indent=2))
            return
        heading = "would be deleted" if report.dry_run else "deleted"
        rows = [[what.replace("_", " "), f"{count:,}"] for what, count in report.deleted.items()]
        self.stdout.write(format_table(["", heading], rows))
        if report.dry_run:
            self.stdout.write("\nNothing was deleted (--dry-run).")
