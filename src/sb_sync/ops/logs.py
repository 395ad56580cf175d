"""What the log tells: pushes, pulls and refused requests, into a file of its own."""

from __future__ import annotations

import json
import logging
import os
from typing import Any, Iterator, Optional, Union

from django.conf import settings

from sb_sync.events import PullFinished, PushFinished, RequestRefused
from sb_sync.ops.log_file import DailyFileHandler
from sb_sync.ops.log_lines import LineFormatter, escape
from sb_sync.ops.masking import mask_body

__all__ = ["find_log_folder", "install", "problem", "report_pull", "report_push", "report_refusal"]

logger = logging.getLogger("sb_sync")

# Of an address that somebody asked for, which may be anything.
MAX_PATH_LENGTH = 200


def install() -> None:
    """Give the logger its file, once."""
    if any(_file_handlers()):
        return
    handler = DailyFileHandler(find_log_folder())
    handler.setFormatter(LineFormatter())
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


def problem() -> Optional[str]:
    """Return why the log file cannot be written, in a sentence for staff; None where it can."""
    found = (handler.find_problem() for handler in _file_handlers())
    return next((sentence for sentence in found if sentence), None)


def report_push(sender: Any, event: PushFinished, **kwargs: Any) -> None:
    """Log a push."""
    _report("PUSH", event)


def report_pull(sender: Any, event: PullFinished, **kwargs: Any) -> None:
    """Log a pull."""
    _report("PULL", event)


def report_refusal(sender: Any, event: RequestRefused, **kwargs: Any) -> None:
    """Log a request that was refused as a whole, without its body: nobody knows what that may hold."""
    logger.warning(
        "%s %s refused for user %s from %s: %d %s",
        escape(event.method),
        escape(event.path[:MAX_PATH_LENGTH]),
        escape(event.username) or "-",
        event.request.ip or "-",
        event.status,
        event.code,
        extra={"request_id": event.request.request_id},
    )


def find_log_folder() -> str:
    """Return the folder; a relative one lies in the project's base folder, wherever the server was started."""
    folder = str(getattr(settings, "SB_SYNC_LOG_DIR", "logs"))
    return os.path.join(str(getattr(settings, "BASE_DIR", "")), folder)


def _report(operation: str, event: Union[PushFinished, PullFinished]) -> None:
    """Log a request with its body; the project's own handlers get it as clean as ours."""
    body = json.dumps(mask_body(event.request_data), ensure_ascii=False)
    logger.info(
        "%s request from user %s in %s: %s",
        operation,
        escape(event.username),
        escape(event.organization),
        escape(body),
        extra={"request_id": event.request.request_id},
    )


def _file_handlers() -> Iterator[DailyFileHandler]:
    return (handler for handler in logger.handlers if isinstance(handler, DailyFileHandler))
