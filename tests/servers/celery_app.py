"""The test project's Celery app, as a project would have one."""

from __future__ import annotations

from celery import Celery

from sb_sync.tasks import BEAT_SCHEDULE

app = Celery("tests", set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = BEAT_SCHEDULE
