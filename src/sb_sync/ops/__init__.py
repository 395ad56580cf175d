"""Observers of what the pipelines announce, and what can be told of a server out of it.

journal: the tables · logs: the log file · rollup: measurements counted once each · metrics, series: figures of them ·
suggestions, analysis: what follows · health: checks that hold up nobody · probes: what is checked · exposition: for
Prometheus.
Nothing here decides anything about a request; a pipeline never calls this package.
"""

from __future__ import annotations

from sb_sync.events import pull_finished, push_finished, request_refused
from sb_sync.ops import journal, logs
from sb_sync.ops.logs import find_log_folder
from sb_sync.ops.masking import is_masked

__all__ = ["connect", "find_log_folder", "is_masked"]


def connect() -> None:
    """Observe the pipelines, and open the log file for them."""
    logs.install()
    for signal, receivers in (
        (push_finished, (journal.record_push, logs.report_push)),
        (pull_finished, (journal.record_pull, logs.report_pull)),
        (request_refused, (logs.report_refusal,)),
    ):
        for receiver in receivers:
            signal.connect(receiver, dispatch_uid=f"{receiver.__module__}.{receiver.__name__}")
