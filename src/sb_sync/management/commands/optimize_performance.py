"""See how fast synchronisation is, and keep it so."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Callable, Dict, Mapping

from django.core.management.base import CommandParser

from sb_sync import maintenance
from sb_sync.config import setting
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.performance import format_analysis, format_health, format_statements
from sb_sync.management.progress import Progress, showing_progress
from sb_sync.ops.analysis import analyze
from sb_sync.ops.health import UNHEALTHY, worst
from sb_sync.ops.metrics import DAYS
from sb_sync.ops.probes import make_monitor
from sb_sync.ops.rollup import roll_up

ACTIONS: Mapping[str, str] = {
    "analyze": "show the figures of the last days, and what they suggest (default)",
    "optimize": "roll measurements up, look after the tables of sb_sync, and do for this process what the tasks"
    " cache_warmup and memory_optimization do for a worker's; --force makes tables anew, locked meanwhile",
    "cleanup": "roll measurements up, and forget those that are older than LOG_RETENTION_DAYS",
    "monitor": "show how everything is just now; exit with 1 where something is unhealthy",
}
OWNED: Mapping[str, str] = {"days": "analyze", "force": "optimize"}


class Command(SyncCommand):
    """A shell round one function for each action; the tasks of the night are others."""

    help = "See how fast synchronisation is, and keep it so."

    def add_arguments(self, parser: CommandParser) -> None:
        told = " · ".join(f"{name}: {meaning}" for name, meaning in ACTIONS.items())
        parser.add_argument("--action", choices=list(ACTIONS), default="analyze", help=told)
        parser.add_argument("--days", type=int, help=f"analyze: look back this many days (default: {DAYS})")
        parser.add_argument("--force", action="store_true", help="optimize: also what locks tables")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        foreign = {name: owner for name, owner in OWNED.items() if owner != action}
        check_options(options, required=(), foreign=foreign)
        actions: Dict[str, Callable[[Dict[str, Any], Progress], Any]] = {
            "analyze": self._analyze,
            "optimize": self._optimize,
            "cleanup": self._clean_up,
            "monitor": self._monitor,
        }
        with telling_refusals(), showing_progress(self.stderr, options) as progress:
            text, told = actions[action](options, progress)
        self.stdout.write(json.dumps({"action": action, **told}, indent=2) if options["json"] else text)
        if action == "monitor" and told["status"] == UNHEALTHY:
            raise SystemExit(1)

    def _analyze(self, options: Dict[str, Any], progress: Progress) -> Any:
        found = analyze(days=DAYS if options["days"] is None else options["days"])
        return format_analysis(found), found

    def _optimize(self, options: Dict[str, Any], progress: Progress) -> Any:
        count = roll_up(progress=lambda done: progress(done, None, "measurements rolled up"))
        reports = [
            each
            for using in maintenance.all_databases()
            for each in maintenance.optimize_tables(using, force=options["force"], progress=progress)
        ]
        warmth, memory = maintenance.warm_up(), maintenance.free_memory()
        text = (
            f"{format_statements(reports)}\n\n{count:,} measurements rolled up.\n"
            f"This process looked up {warmth.models} models and {warmth.tables} captured tables in"
            f" {warmth.seconds:.2f} s, and went from {memory.before:.0f} to {memory.after:.0f} MiB."
        )
        statements = [asdict(each) for each in reports]
        return text, {"rolled_up": count, "statements": statements, "warmth": asdict(warmth), "memory": asdict(memory)}

    def _clean_up(self, options: Dict[str, Any], progress: Progress) -> Any:
        done = maintenance.clean_up_measurements(progress=lambda count, what: progress(count, None, what))
        told = {"rolled_up": done.rolled_up, **done.deleted}
        text = (
            f"{told['rolled_up']:,} measurements rolled up; deleted {told['measurements']:,} that are older than"
            f" {setting('LOG_RETENTION_DAYS')} days, and {told['rolled_up_measurements']:,} rolled up ones."
        )
        return text, told

    def _monitor(self, options: Dict[str, Any], progress: Progress) -> Any:
        found = make_monitor().look()
        status = worst([finding.status for finding in found.values()])
        told = {"status": status, "checks": {name: asdict(finding) for name, finding in found.items()}}
        return format_health(status, found), told
