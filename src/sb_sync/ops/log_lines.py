"""What a line of the log file looks like: one per event, without what steers a terminal, without secrets."""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Dict

from django.db import DatabaseError

from sb_sync.config import setting
from sb_sync.ops.tracebacks import format_error

__all__ = ["LINE", "TIME", "LineFormatter", "escape"]

LINE = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
TIME = "%Y-%m-%d %H:%M:%S"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def escape(text: str) -> str:
    """Return a text on one line, without what steers a terminal and what no file takes."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class LineFormatter(logging.Formatter):
    """Write one line per event, or one JSON object where the project asks for that."""

    def __init__(self) -> None:
        """Fix the form: programs read it, and the log file tells its day by it."""
        super().__init__(LINE, TIME)

    def format(self, record: logging.LogRecord) -> str:
        """Return the text. What comes from outside cannot begin a line of its own; only a traceback has several."""
        # What another handler's formatter left on the record is not looked at: it may hold what this one leaves out.
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        trace = format_error(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
        if _wants_json():
            return json.dumps(_as_object(record, trace))
        return "\n    ".join(escape(line) for line in (self.formatMessage(record), *trace.splitlines()))


def _as_object(record: logging.LogRecord, trace: str) -> Dict[str, Any]:
    # The time comes first: the file tells its day by the beginning of its first line.
    line = {
        "time": record.asctime,
        "logger": record.name,
        "level": record.levelname,
        "message": record.message,
        "request_id": getattr(record, "request_id", None),
    }
    return {**line, "exception": trace} if trace else line


def _wants_json() -> bool:
    """Return the setting; a database that is away must not cost the line that tells of it."""
    try:
        return bool(setting("LOG_FORMAT") == "json")
    except DatabaseError:
        return False
