"""Entry points for Celery: each a few lines over a function that knows nothing of it.

Projects take `BEAT_SCHEDULE` from here in their settings, or where they make their Celery app: before any app is
loaded. So what needs models is imported where it is used.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import asdict
from datetime import date
from typing import Any, Dict, List, Mapping, Optional

from celery import shared_task
from celery.schedules import crontab
from celery.signals import worker_ready
from django.conf import settings
from django.db import OperationalError

__all__ = [
    "BEAT_SCHEDULE",
    "bulk_sync_operation",
    "cache_warmup",
    "cleanup_old_sync_logs",
    "generate_sync_report",
    "memory_optimization",
    "optimize_database_tables",
    "performance_analysis",
    "resume_sync_jobs",
    "roll_up_metrics",
    "send",
]

logger = logging.getLogger("sb_sync")

#: Seconds until a worker's process that is still at one chunk, or one transaction, is killed; then others try again.
HARD_LIMIT = 1800
#: Seconds between two looks at what nobody works on.
RESUMPTION = 20

#: A database that is away, or a lock that was not had in time, is tried again: after 1, 2, 4 … seconds, about.
RETRIES: Mapping[str, Any] = {
    "autoretry_for": (OperationalError,),
    "max_retries": 5,
    "retry_backoff": True,
    "retry_backoff_max": 600,
    "retry_jitter": True,
}
#: Seconds for a task of a moment, and for one of the night. All can be stopped anywhere, and go on the next time.
SMALL: Mapping[str, Any] = {**RETRIES, "soft_time_limit": 240, "time_limit": 300}
NIGHTLY: Mapping[str, Any] = {**RETRIES, "soft_time_limit": 7000, "time_limit": 7200}

#: For `beat_schedule`, or `CELERY_BEAT_SCHEDULE` in the project's settings.
BEAT_SCHEDULE: Dict[str, Dict[str, Any]] = {
    "sb_sync.resume_sync_jobs": {
        "task": "sb_sync.tasks.resume_sync_jobs",
        "schedule": RESUMPTION,
        # Whoever comes late finds nothing that the next one would not.
        "options": {"expires": RESUMPTION},
    },
    "sb_sync.roll_up_metrics": {
        "task": "sb_sync.tasks.roll_up_metrics",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "sb_sync.cache_warmup": {"task": "sb_sync.tasks.cache_warmup", "schedule": 1800, "options": {"expires": 1800}},
    "sb_sync.memory_optimization": {
        "task": "sb_sync.tasks.memory_optimization",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "sb_sync.generate_sync_report": {
        "task": "sb_sync.tasks.generate_sync_report",
        "schedule": crontab(hour=0, minute=10),
    },
    "sb_sync.cleanup_old_sync_logs": {
        "task": "sb_sync.tasks.cleanup_old_sync_logs",
        "schedule": crontab(hour=2, minute=30),
    },
    "sb_sync.optimize_database_tables": {
        "task": "sb_sync.tasks.optimize_database_tables",
        "schedule": crontab(hour=3, minute=30, day_of_week="sunday"),
    },
    "sb_sync.performance_analysis": {
        "task": "sb_sync.tasks.performance_analysis",
        "schedule": crontab(hour=6, minute=0),
    },
}


@shared_task(ignore_result=True, time_limit=HARD_LIMIT)
def bulk_sync_operation(job_id: str) -> None:
    """Work on a background push; one that takes long lets others have a turn."""
    from sb_sync.push import jobs

    if jobs.work(uuid.UUID(job_id)) is jobs.Attempt.UNFINISHED:
        send(job_id)


@shared_task(ignore_result=True)
def resume_sync_jobs() -> None:
    """Hand to workers what nobody works on: their worker was killed, or no message reached one."""
    from sb_sync import catalog
    from sb_sync.push import jobs

    catalog.refresh()
    for job_id in jobs.find_due():
        send(str(job_id))


@shared_task(**NIGHTLY)
def cleanup_old_sync_logs(days: Optional[int] = None) -> Dict[str, int]:
    """Forget all that is old, by default logs and measurements older than LOG_RETENTION_DAYS; return how many rows."""
    from sb_sync import catalog, maintenance

    catalog.refresh()
    return dict(maintenance.clean_up(days=days).deleted)


@shared_task(**NIGHTLY)
def generate_sync_report(day: Optional[str] = None) -> Dict[str, Any]:
    """Report a day (such as 2026-01-31, by default yesterday): in the log, and as the task's result."""
    from sb_sync import catalog, maintenance

    catalog.refresh()
    report = maintenance.report_day(None if day is None else date.fromisoformat(day)).as_object()
    logger.info("Report of %s: %s", report["day"], json.dumps(report))
    return report


@shared_task(**NIGHTLY)
def optimize_database_tables(force: bool = False) -> List[Dict[str, Any]]:
    """Look after this package's tables in every database; return the statements with their times."""
    from sb_sync import catalog, maintenance

    catalog.refresh()
    reports = [
        each for using in maintenance.all_databases() for each in maintenance.optimize_tables(using, force=force)
    ]
    return [asdict(each) for each in reports]


@shared_task(**SMALL)
def roll_up_metrics() -> int:
    """Count measurements among the rolled up ones; return how many."""
    from sb_sync import catalog
    from sb_sync.ops.rollup import roll_up

    catalog.refresh()
    return roll_up()


@shared_task(**SMALL)
def performance_analysis(days: int = 7) -> Dict[str, Any]:
    """Return the figures of all organizations of the last days, as `performance/` does; log what they suggest."""
    from sb_sync import catalog
    from sb_sync.ops.analysis import analyze

    catalog.refresh()
    found = analyze(days=days)
    for suggestion in found["optimization_suggestions"]:
        logger.warning("Performance: %s", suggestion["detail"])
    return found


@shared_task(**SMALL)
def cache_warmup() -> Dict[str, Any]:
    """Let the worker's process look up what it would else look up with the next job; return of how much."""
    from sb_sync import maintenance

    return asdict(maintenance.warm_up())


@shared_task(**SMALL)
def memory_optimization() -> Dict[str, Any]:
    """Let the worker's process give back the memory that it does not need; return what it holds, in MiB."""
    from sb_sync import maintenance

    return asdict(maintenance.free_memory())


@worker_ready.connect(dispatch_uid="sb_sync.tasks.resume")
def _resume(**_: Any) -> None:
    """Look at once when a worker starts."""
    resume_sync_jobs.delay()


def send(job_id: str) -> None:
    """Hand a job to the workers; without a broker that takes it, it waits for whoever looks next."""
    from sb_sync.push import jobs

    conf = bulk_sync_operation.app.conf
    if not conf.broker_url:
        # A project may have no app of its own.
        conf.broker_url = getattr(settings, "CELERY_BROKER_URL", None)
    if conf.broker_url:
        try:
            bulk_sync_operation.apply_async((job_id,), retry=False)
            return
        except Exception:
            # Whatever a broker fails with: the job is stored.
            logger.exception("Job %s could not be handed to the broker: it is taken up later.", job_id)
    jobs.make_due(uuid.UUID(job_id))
