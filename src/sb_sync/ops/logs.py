"""The log file: a new one each day, shared by any number of processes, and never in the way of a request."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from logging.handlers import WatchedFileHandler
from typing import Any, Iterator, Union

from django.conf import settings

from sb_sync.config import setting
from sb_sync.events import PullFinished, PushFinished
from sb_sync.ops.masking import mask_body

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # asked below

__all__ = ["DailyFileHandler", "LineFormatter", "install", "report_pull", "report_push"]

logger = logging.getLogger("sb_sync")

FILE_NAME = "sb_sync.log"
DAYS_KEPT = 30
DATED = re.compile(re.escape(FILE_NAME) + r"\.(\d{4}-\d{2}-\d{2})")
LOCK_NAME = ".sb_sync.log.lock"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LINE = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
TIME = "%Y-%m-%d %H:%M:%S"


def install() -> None:
    """Give the logger its file, once."""
    if any(isinstance(handler, DailyFileHandler) for handler in logger.handlers):
        return
    handler = DailyFileHandler(_find_folder())
    handler.setFormatter(LineFormatter(LINE, TIME))
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


def report_push(sender: Any, event: PushFinished, **kwargs: Any) -> None:
    """Log a push."""
    _report("PUSH", event)


def report_pull(sender: Any, event: PullFinished, **kwargs: Any) -> None:
    """Log a pull."""
    _report("PULL", event)


def _report(operation: str, event: Union[PushFinished, PullFinished]) -> None:
    body = json.dumps(mask_body(event.request_data), ensure_ascii=False)
    logger.info(
        "%s request from user %s in %s: %s",
        operation,
        event.username,
        event.organization,
        body,
        extra={"request_id": event.request.request_id},
    )


def _find_folder() -> str:
    """Return the folder; a relative one lies in the project's base folder, wherever the server was started."""
    folder = str(getattr(settings, "SB_SYNC_LOG_DIR", "logs"))
    return os.path.join(str(getattr(settings, "BASE_DIR", "")), folder)


class LineFormatter(logging.Formatter):
    """Write one line per event, or one JSON object where the project asks for that."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text. What comes from outside cannot begin a line of its own; only a traceback has several."""
        if setting("LOG_FORMAT") == "json":
            return self._as_json(record)
        first, *trace = super().format(record).replace(record.getMessage(), _escape(record.getMessage()), 1).split("\n")
        return "\n    ".join(_escape(line) for line in (first, *trace))

    def _as_json(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, self.datefmt),
            "logger": record.name,
            "level": record.levelname,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", None),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _escape(text: str) -> str:
    """Return a text on one line, without what steers a terminal and what no file takes."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class DailyFileHandler(WatchedFileHandler):
    """Append to today's file; the first process that writes on a new day puts the old file aside."""

    #: Why the last line could not be written, or an empty string.
    fault = ""

    def __init__(self, folder: str) -> None:
        """Take the folder, which is made when the first line is written."""
        self.folder = os.path.abspath(folder)
        super().__init__(os.path.join(self.folder, FILE_NAME), encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; a disk that refuses is remembered, not raised."""
        self.fault = ""
        try:
            os.makedirs(self.folder, exist_ok=True)
            if self._is_of_yesterday():
                self._put_aside()
            super().emit(record)
        except OSError as error:
            self.fault = str(error)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Remember a failure: a request never fails because of its log."""
        self.fault = "a line could not be written"

    def _is_of_yesterday(self) -> bool:
        try:
            return _day_of(os.stat(self.baseFilename).st_mtime) < _day_of(time.time())
        except FileNotFoundError:
            return False

    def _put_aside(self) -> None:
        """Rename the file of an earlier day; of several processes only the first finds it old."""
        try:
            with _only_one(os.path.join(self.folder, LOCK_NAME)):
                if self._is_of_yesterday():
                    written = _day_of(os.stat(self.baseFilename).st_mtime)
                    os.replace(self.baseFilename, f"{self.baseFilename}.{written.isoformat()}")
                    self._remove_old()
        except OSError as error:
            # The line still has its place: at the end of the old file.
            self.fault = str(error)

    def _remove_old(self) -> None:
        oldest = (_day_of(time.time()) - timedelta(days=DAYS_KEPT)).isoformat()
        for name in os.listdir(self.folder):
            found = DATED.fullmatch(name)
            if found and found[1] < oldest:
                os.unlink(os.path.join(self.folder, name))


@contextmanager
def _only_one(path: str) -> Iterator[None]:
    """Keep other processes out of the block, where the system can."""
    with open(path, "a", encoding="utf-8") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _day_of(seconds: float) -> date:
    """Return the day on the clock of the machine, by which people look for a file."""
    return datetime.fromtimestamp(seconds).astimezone().date()
