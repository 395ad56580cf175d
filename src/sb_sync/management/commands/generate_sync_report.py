"""Report what happened on a day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from sb_sync.maintenance import SyncReport, report_day
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import telling_refusals
from sb_sync.management.tables import format_table


class Command(SyncCommand):
    """A shell round one function; the task `generate_sync_report` is another."""

    help = "Report what was pushed and pulled on a day: by operation, by organization, and what went wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", help="such as 2026-01-31, in the project's time zone (default: yesterday)")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_refusals():
            report = report_day(_read_day(options["day"]))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_object(), indent=2))
        else:
            self._print(report)

    def _print(self, report: SyncReport) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"{report.day:%Y-%m-%d}"))
        self.stdout.write(
            f"{report.requests:,} requests of {report.users:,} users, {report.records:,} records;"
            f" {report.conflicts:,} conflicts, {report.unsettled_conflicts:,} unsettled by now"
        )
        self._print_table(
            ["operation", "status", "requests", "records", "mean, s", "longest, s"],
            [
                [each.operation, each.status, f"{each.requests:,}", f"{each.records:,}", f"{each.average:.3f}",
                 f"{each.longest:.3f}"]
                for each in report.operations
            ],
        )  # fmt: skip
        self._print_table(
            ["organization", "requests", "records", "not all well"],
            [
                [each.slug or "-", f"{each.requests:,}", f"{each.records:,}", f"{each.failed:,}"]
                for each in report.organizations
            ],
        )
        self._print_table(["requests", "what went wrong"], [[f"{count:,}", told] for told, count in report.errors])

    def _print_table(self, headings: Any, rows: Any) -> None:
        if rows:
            self.stdout.write("\n" + format_table(headings, rows))


def _read_day(text: Any) -> Any:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--day must be a day such as 2026-01-31, not {text!r:.40}.") from None
