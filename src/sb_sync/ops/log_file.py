"""The log file: a new one each day, shared by any number of processes, and never in the way of a request.

Each line is one append of the system's own, so that lines of several processes neither mix nor overwrite each other,
and nobody waits for a lock. The first process that has a line of a new day renames the file; the others notice that the
path leads to another file and follow. A line that was on its way at that moment ends the old file.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Iterator, Optional

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # asked below

__all__ = ["DAYS_KEPT", "FILE_NAME", "DailyFileHandler"]

FILE_NAME = "sb_sync.log"
LOCK_NAME = ".sb_sync.log.lock"
DAYS_KEPT = 30
DATED = re.compile(re.escape(FILE_NAME) + r"\.(\d{4}-\d{2}-\d{2})")
# How a file begins, as text or as JSON.
BEGINNING = re.compile(rb'(?:\{"time": ")?(\d{4}-\d{2}-\d{2}) ')
BEGINNING_LENGTH = 64
LEAST_FREE_BYTES = 1024 * 1024


class DailyFileHandler(logging.Handler):
    """Append to today's file; the first process that writes on a new day puts the old file aside."""

    #: Why the last line could not be written, or an old file not be put aside; else an empty string.
    fault = ""

    def __init__(self, folder: str) -> None:
        """Take the folder, which is made when the first line is written."""
        super().__init__()
        self.folder = os.path.abspath(folder)
        self.path = os.path.join(self.folder, FILE_NAME)
        self._file: Optional[int] = None
        self._identity: Any = None
        self._ends = 0.0
        self._is_torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line. Whatever hinders it is remembered, never raised: no request fails because of its log."""
        self.fault = ""
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
            self._append(self._open_for(record.created), line)
        except Exception as error:  # noqa: BLE001 - a border: health tells of it
            self.fault = f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Close the file."""
        self.acquire()
        try:
            self._close_file()
        finally:
            self.release()
        super().close()

    def find_problem(self) -> str:
        """Return why lines cannot be written, by this process or as far as it can see; else an empty string."""
        if self.fault:
            return self.fault
        place = self.folder
        while not os.path.exists(place) and os.path.dirname(place) != place:
            place = os.path.dirname(place)
        if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
            return f"{place} cannot be written to."
        if os.path.exists(self.path) and not os.access(self.path, os.W_OK):
            return f"{self.path} cannot be written to."
        return f"The disk of {place} is full." if shutil.disk_usage(place).free < LEAST_FREE_BYTES else ""

    def _append(self, file: int, line: bytes) -> None:
        """Write a line as a whole; the system may take a part only where the disk is full."""
        left = b"\n" + line if self._is_torn else line
        while left:
            written = os.write(file, left)
            left = left[written:]
            self._is_torn = bool(left)

    def _open_for(self, moment: float) -> int:
        """Return the file for a line of a moment."""
        if self._file is None or self._has_moved():
            self._open(moment)
        if moment >= self._ends:
            self._put_aside(_day_of(moment))
            self._open(moment)
        assert self._file is not None
        return self._file

    def _has_moved(self) -> bool:
        """Tell whether the path leads to another file by now, or to none."""
        try:
            return bool(_identify(os.stat(self.path)) != self._identity)
        except OSError:
            return True

    def _open(self, moment: float) -> None:
        self._close_file()
        os.makedirs(self.folder, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        # What clients send is nobody's to read but the server's and its group's.
        self._file = os.open(self.path, flags, 0o660)
        identity = _identify(os.fstat(self._file))
        self._is_torn = self._is_torn and identity == self._identity
        self._identity = identity
        today = _day_of(moment)
        self._ends = _end_of(self._find_day(today) or today)

    def _close_file(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _put_aside(self, today: date) -> None:
        """Rename the file of an earlier day and remove what is too old: one process does, the others go on."""
        try:
            with _only_one(os.path.join(self.folder, LOCK_NAME)) as is_the_one:
                day = self._find_day(today) if is_the_one else None
                if day is not None and day < today:
                    os.rename(self.path, self._dated(day))
                    self._remove_old(today)
        except OSError as error:
            # The line still has its place: at the end of the old file.
            self.fault = f"{type(error).__name__}: {error}"

    def _find_day(self, today: date) -> Optional[date]:
        """Return the day of the file, None of an empty one.

        A day that was put aside is over: a line of it that comes late, or by a clock that was set back, may begin the
        file of the next one, and no file is ever overwritten.
        """
        day = _read_day(self.path)
        while day is not None and day < today and os.path.exists(self._dated(day)):
            day += timedelta(days=1)
        return day

    def _dated(self, day: date) -> str:
        return f"{self.path}.{day.isoformat()}"

    def _remove_old(self, today: date) -> None:
        oldest = (today - timedelta(days=DAYS_KEPT)).isoformat()
        for name in os.listdir(self.folder):
            found = DATED.fullmatch(name)
            if found and found[1] < oldest:
                os.unlink(os.path.join(self.folder, name))


@contextmanager
def _only_one(path: str) -> Iterator[bool]:
    """Tell whether no other process is in the block, where the system can; nobody waits."""
    with open(path, "a", encoding="utf-8") as lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
        yield True


def _read_day(path: str) -> Optional[date]:
    """Return the day that the first line of a file tells; None of an empty one.

    Not the day of its last line: a line that is written a moment after midnight would make it a file of the new day.
    """
    with open(path, "rb") as file:
        beginning = file.read(BEGINNING_LENGTH)
        if not beginning:
            return None
        last = _day_of(os.fstat(file.fileno()).st_mtime)
    found = BEGINNING.match(beginning)
    try:
        return min(last, date(*map(int, found[1].split(b"-")))) if found else last
    except ValueError:
        return last


def _day_of(seconds: float) -> date:
    """Return the day on the clock of the machine, by which people look for a file."""
    return datetime.fromtimestamp(seconds).astimezone().date()


def _end_of(day: date) -> float:
    """Return the moment at which a day ends."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day).astimezone().timestamp()


def _identify(found: os.stat_result) -> Any:
    return found.st_dev, found.st_ino
