"""Background pushes: see them, and work on them where no Celery worker does."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List

from django.core.management.base import CommandError, CommandParser

from sb_sync import catalog
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.tables import format_table
from sb_sync.models import SyncJob
from sb_sync.push import jobs

#: Seconds between two looks.
INTERVAL = 5
MAX_LISTED = 100


class Command(SyncCommand):
    """A shell round the queue."""

    help = "See background pushes, or work on them: for projects without Celery workers, or beside these."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--action",
            choices=["list", "work"],
            default="list",
            help="list: show the newest (default) · work: work on all that wait, and on those whose worker is gone",
        )
        parser.add_argument("--state", choices=SyncJob.State.values, help="list: only those in this state")
        parser.add_argument("--keep-going", action="store_true", help="work: wait for more when there is none")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        is_work = options["action"] == "work"
        check_options(options, required=(), foreign={"state": "list"} if is_work else {"keep_going": "work"})
        if options["json"] and options["keep_going"]:
            raise CommandError("--keep-going never ends, so that there is no document for --json.")
        with telling_refusals():
            if not is_work:
                self._list(options)
                return
            ended = self._work_on_all()
            while options["keep_going"]:
                time.sleep(INTERVAL)
                catalog.refresh()
                self._work_on_all()
        self.stdout.write(json.dumps({"ended": ended}) if options["json"] else f"{len(ended)} ended.")

    def _work_on_all(self) -> List[str]:
        """Work on one job after the other until none is left, and return those that ended."""
        ended: List[str] = []
        found = jobs.find_due()
        while found:
            for job_id in found:
                attempt = jobs.work(job_id)
                while attempt is jobs.Attempt.UNFINISHED:
                    attempt = jobs.work(job_id)
                if attempt is jobs.Attempt.ENDED:
                    ended.append(str(job_id))
            found = jobs.find_due()
        return ended

    def _list(self, options: Dict[str, Any]) -> None:
        rows = SyncJob.objects.select_related("user", "site").defer("body", "answer", "rules").order_by("-created_at")
        if options["state"]:
            rows = rows.filter(state=options["state"])
        told = [_describe(job) for job in rows[:MAX_LISTED]]
        if options["json"]:
            self.stdout.write(json.dumps({"jobs": told}, indent=2, default=str))
            return
        names = ["id", "state", "progress", "records", "organization", "user", "created_at"]
        self.stdout.write(format_table(names, [[str(job[name]) for name in names] for job in told]))


def _describe(job: SyncJob) -> Dict[str, Any]:
    return {
        "id": str(job.id),
        "state": job.state,
        "progress": job.progress,
        "records": job.record_count,
        "organization": job.site.domain,
        "user": job.user.get_username(),
        "attempts": job.attempts,
        "code": job.code,
        "created_at": job.created_at.isoformat(timespec="seconds"),
        "finished_at": None if job.finished_at is None else job.finished_at.isoformat(timespec="seconds"),
    }
