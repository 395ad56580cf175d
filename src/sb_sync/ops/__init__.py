"""Observers of what the pipelines announce: the journal, the log file, the metrics.

Nothing here decides anything about a request; a pipeline never calls this package.
"""

from __future__ import annotations

from sb_sync.events import pull_finished, push_finished
from sb_sync.ops import journal, logs

__all__ = ["connect"]


def connect() -> None:
    """Observe the pipelines, and open the log file for them."""
    logs.install()
    for signal, receivers in (
        (push_finished, (journal.record_push, logs.report_push)),
        (pull_finished, (journal.record_pull, logs.report_pull)),
    ):
        for receiver in receivers:
            signal.connect(receiver, dispatch_uid=f"{receiver.__module__}.{receiver.__name__}")
