"""The histories of who may do what: begun, checked, shortened."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence

from django.core.management.base import CommandParser

from sb_sync.maintenance import audit_trails
from sb_sync.maintenance.audit_trails import Gap, TrailReport
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.progress import showing_progress
from sb_sync.management.tables import format_table

MAX_SHOWN = 1000
# Options that would silently be ignored elsewhere.
OWNED: Mapping[str, str] = {"days": "cleanup", "dry_run": "setup or cleanup"}


class Command(SyncCommand):
    """A shell round one function for each action."""

    help = "Look after the histories of organizations, memberships, rights, row filters and settings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--action",
            required=True,
            choices=["setup", "check", "cleanup"],
            help="setup: begin a history for each row that has none · check: exit with 1 unless every history tells how"
            " its row came to be as it is · cleanup: delete what is old, never the newest entry of a row",
        )
        parser.add_argument("--model", help="only this table, such as sb_sync.ModelPermission")
        parser.add_argument("--days", type=int, help="cleanup: keep this many days (default: LOG_RETENTION_DAYS)")
        parser.add_argument("--dry-run", action="store_true", help="setup, cleanup: only count")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        foreign = {name: owner for name, owner in OWNED.items() if action not in owner.split(" or ")}
        check_options(options, required=[], foreign=foreign)
        with telling_refusals():
            models = audit_trails.choose_audited(options["model"])
            if action == "check":
                self._tell_gaps(list(audit_trails.check_trails(models)), options)
                return
            with showing_progress(self.stderr, options) as progress:
                shared = {"dry_run": options["dry_run"], "progress": progress}
                if action == "setup":
                    reports = audit_trails.begin_trails(models, **shared)
                else:
                    reports = audit_trails.shorten_trails(models, days=options["days"], **shared)
        self._tell(reports, options)

    def _tell(self, reports: Sequence[TrailReport], options: Dict[str, Any]) -> None:
        """Tell how many entries were written or deleted."""
        if options["json"]:
            tables = [{"model": each.model, "entries": each.entries} for each in reports]
            self._print_json({"action": options["action"], "tables": tables, "dry_run": options["dry_run"]})
        elif options["verbosity"]:
            heading = "entries begun" if options["action"] == "setup" else "entries deleted"
            self.stdout.write(format_table(["table", heading], [[each.model, str(each.entries)] for each in reports]))
            if options["dry_run"]:
                self.stdout.write("Nothing was written (--dry-run).")

    def _tell_gaps(self, gaps: List[Gap], options: Dict[str, Any]) -> None:
        """Tell every gap; end with 1 where there is one."""
        if options["json"]:
            told = [{"model": gap.model, "key": gap.key, "kind": gap.kind, "fields": list(gap.fields)} for gap in gaps]
            self._print_json({"action": options["action"], "gaps": told})
        elif gaps:
            rows = [[gap.model, gap.key, gap.kind, ", ".join(gap.fields)] for gap in gaps[:MAX_SHOWN]]
            self.stdout.write(format_table(["table", "key", "gap", "fields"], rows))
            self.stdout.write(f"{len(gaps)} gaps.")
        elif options["verbosity"]:
            self.stdout.write("Every history tells how its row came to be as it is.")
        if gaps:
            raise SystemExit(1)

    def _print_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
