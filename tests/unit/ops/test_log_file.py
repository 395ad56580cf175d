"""The log file: a new one each day, written and put aside by several processes at once."""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import resource
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from sb_sync.ops.log_file import DailyFileHandler
from sb_sync.ops.log_lines import LineFormatter

OPENED: List[DailyFileHandler] = []
DAY = timedelta(days=1)
#: A midnight that was: what is written after it carries a time of that day.
MIDNIGHT = datetime(2024, 3, 5).astimezone()
WRITERS, LINES = 4, 400
# More than any buffer takes at once.
LONG = 50_000


@pytest.fixture(autouse=True)
def _closed_files() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def open_log(folder: Path, kind: Any = DailyFileHandler) -> DailyFileHandler:
    handler: DailyFileHandler = kind(str(folder))
    handler.setFormatter(LineFormatter())
    OPENED.append(handler)
    return handler


def write(handler: DailyFileHandler, text: str, moment: datetime) -> None:
    record = logging.makeLogRecord({"name": "sb_sync", "levelname": "INFO", "msg": text})
    record.created = moment.timestamp()
    handler.handle(record)


def name(day: datetime) -> str:
    return f"sb_sync.log.{day:%Y-%m-%d}"


def read(path: Path) -> List[str]:
    return [line.split(" - INFO - ")[1] for line in path.read_text(encoding="utf-8").splitlines()]


def files(folder: Path) -> Dict[str, List[str]]:
    return {path.name: read(path) for path in sorted(folder.glob("sb_sync*"))}


def test_a_new_day_begins_a_new_file(tmp_path: Path) -> None:
    handler = open_log(tmp_path)
    for hours in (-1, 0, 1, 30):
        write(handler, str(hours), MIDNIGHT + timedelta(hours=hours))
    assert files(tmp_path) == {"sb_sync.log": ["30"], name(MIDNIGHT - DAY): ["-1"], name(MIDNIGHT): ["0", "1"]}


def test_a_process_that_starts_later_finds_the_file_old(tmp_path: Path) -> None:
    write(open_log(tmp_path), "yesterday", MIDNIGHT - DAY)
    write(open_log(tmp_path), "today", MIDNIGHT)
    assert files(tmp_path) == {"sb_sync.log": ["today"], name(MIDNIGHT - DAY): ["yesterday"]}


def test_json_lines_tell_the_day_of_their_file_too(tmp_path: Path, settings: Any) -> None:
    settings.SB_SYNC = {"LOG_FORMAT": "json"}
    write(open_log(tmp_path), "yesterday", MIDNIGHT - DAY)
    write(open_log(tmp_path), "today", MIDNIGHT)
    assert sorted(path.name for path in tmp_path.glob("sb_sync*")) == ["sb_sync.log", name(MIDNIGHT - DAY)]


def test_a_line_that_comes_late_after_midnight_keeps_the_file_from_no_end(tmp_path: Path) -> None:
    first, second = open_log(tmp_path), open_log(tmp_path)
    write(first, "before", MIDNIGHT - timedelta(seconds=1))
    # Written now, after that midnight: the time of the file's last change says nothing.
    os.utime(tmp_path / "sb_sync.log", (MIDNIGHT.timestamp() + 5,) * 2)
    write(second, "after", MIDNIGHT + timedelta(seconds=6))
    assert files(tmp_path) == {"sb_sync.log": ["after"], name(MIDNIGHT - DAY): ["before"]}


def test_a_line_of_yesterday_that_comes_late_begins_no_file_of_its_own(tmp_path: Path) -> None:
    first, second = open_log(tmp_path), open_log(tmp_path)
    write(first, "before", MIDNIGHT - timedelta(seconds=1))
    (tmp_path / "sb_sync.log").rename(tmp_path / name(MIDNIGHT - DAY))
    write(second, "late", MIDNIGHT - timedelta(milliseconds=1))
    for handler in (first, second, open_log(tmp_path)):
        write(handler, "after", MIDNIGHT)
    assert files(tmp_path) == {"sb_sync.log": ["late", "after", "after", "after"], name(MIDNIGHT - DAY): ["before"]}
    write(first, "next", MIDNIGHT + DAY)
    assert files(tmp_path)[name(MIDNIGHT)] == ["late", "after", "after", "after"]


def test_a_day_that_comes_twice_overwrites_nothing(tmp_path: Path) -> None:
    handler = open_log(tmp_path)
    for days in (0, 1, 2, 0, 1, 2, 3, 4, 0, 5):
        write(handler, f"day {days}", MIDNIGHT + days * DAY)
    told = files(tmp_path)
    assert {file: lines[0] for file, lines in told.items() if file != "sb_sync.log"} == {
        name(MIDNIGHT + day * DAY): f"day {day}" for day in range(5)
    }
    assert sorted(line for lines in told.values() for line in lines) == sorted(
        f"day {days}" for days in (0, 1, 2, 0, 1, 2, 3, 4, 0, 5)
    )


def test_files_are_kept_for_thirty_days(tmp_path: Path) -> None:
    for age in (30, 31, 32):
        (tmp_path / name(MIDNIGHT - age * DAY)).write_text("old")
    (tmp_path / "sb_sync.log.backup").write_text("not ours")
    handler = open_log(tmp_path)
    write(handler, "yesterday", MIDNIGHT - DAY)
    write(handler, "today", MIDNIGHT)
    left = sorted(path.name for path in tmp_path.glob("sb_sync*"))
    assert left == ["sb_sync.log", name(MIDNIGHT - 30 * DAY), name(MIDNIGHT - DAY), "sb_sync.log.backup"]
    assert not handler.fault


class Counting(DailyFileHandler):
    """Writes down each time that it puts a file aside."""

    def _remove_old(self, today: Any) -> None:
        with open(os.path.join(self.folder, "removals"), "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        super()._remove_old(today)


def _write_across_midnight(folder: str, writer: int, gate: Any) -> None:
    """Write lines whose time passes midnight in the middle; among them such as no buffer takes at once."""
    handler = open_log(Path(folder), Counting)
    gate.wait()
    for number in range(LINES):
        long = "x" * LONG if number % 4 == 0 else "x"
        write(handler, f"{writer} {number} {long}", MIDNIGHT + timedelta(milliseconds=number - LINES // 2))
        if handler.fault:
            raise SystemExit(handler.fault)


def test_several_processes_that_pass_midnight_lose_double_and_tear_nothing(tmp_path: Path) -> None:
    for age in (31, 32):
        (tmp_path / name(MIDNIGHT - age * DAY)).write_text("old")
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(WRITERS)
    workers = [
        context.Process(target=_write_across_midnight, args=(str(tmp_path), each, gate)) for each in range(WRITERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * WRITERS
    found = files(tmp_path)
    assert sorted(found) == ["sb_sync.log", name(MIDNIGHT - DAY)]
    lines = [line for part in found.values() for line in part]
    wanted = {f"{each} {number}" for each in range(WRITERS) for number in range(LINES)}
    assert len(lines) == len(wanted)
    assert {line.rsplit(" ", 1)[0] for line in lines} == wanted
    assert {line.rsplit(" ", 1)[1] for line in lines} == {"x", "x" * LONG}
    assert len((tmp_path / "removals").read_text().splitlines()) == 1


def test_the_order_of_each_process_stays(tmp_path: Path) -> None:
    first, second = open_log(tmp_path), open_log(tmp_path)
    for number in range(50):
        for handler, writer in ((first, "a"), (second, "b")):
            write(handler, f"{writer} {number}", MIDNIGHT + timedelta(seconds=number - 25))
    found = files(tmp_path)
    lines = [*found[name(MIDNIGHT - DAY)], *found["sb_sync.log"]]
    assert [line for line in lines if line.startswith("a")] == [f"a {number}" for number in range(50)]
    assert [line for line in lines if line.startswith("b")] == [f"b {number}" for number in range(50)]


def test_nobody_waits_for_a_process_that_hangs_while_it_puts_the_file_aside(tmp_path: Path) -> None:
    handler = open_log(tmp_path)
    write(handler, "yesterday", MIDNIGHT - DAY)
    import fcntl

    with open(tmp_path / ".sb_sync.log.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write(handler, "meanwhile", MIDNIGHT)
        assert files(tmp_path) == {"sb_sync.log": ["yesterday", "meanwhile"]}
    write(handler, "after", MIDNIGHT)
    assert files(tmp_path) == {"sb_sync.log": ["after"], name(MIDNIGHT - DAY): ["yesterday", "meanwhile"]}


def test_a_folder_that_cannot_be_made_stops_nobody_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    handler = open_log(tmp_path / "file" / "logs")
    assert "cannot be written to" in handler.find_problem()
    write(handler, "lost", MIDNIGHT)
    assert "NotADirectoryError" in handler.find_problem()
    (tmp_path / "file").unlink()
    write(handler, "found", MIDNIGHT)
    assert handler.find_problem() == ""


def test_a_folder_that_is_deleted_while_it_is_written_to_comes_again(tmp_path: Path) -> None:
    handler = open_log(tmp_path / "logs")
    write(handler, "first", MIDNIGHT)
    (tmp_path / "logs" / "sb_sync.log").unlink()
    (tmp_path / "logs").rmdir()
    write(handler, "second", MIDNIGHT)
    assert files(tmp_path / "logs") == {"sb_sync.log": ["second"]}
    assert not handler.fault


def _write_without_rights(folder: str) -> None:
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    handler = open_log(Path(folder))
    assert "cannot be written to" in handler.find_problem()
    write(handler, "lost", MIDNIGHT)
    assert "PermissionError" in handler.find_problem()


def test_a_folder_without_permission_stops_nobody_and_is_told(tmp_path: Path) -> None:
    # Its parents must open to everybody for the one without rights to come that far.
    for parent in (tmp_path, *tmp_path.parents):
        if parent.owner() == tmp_path.owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o111)
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    worker = multiprocessing.get_context("fork").Process(target=_write_without_rights, args=(str(folder),))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    assert not list(folder.iterdir())


def _write_until_full(folder: str) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    handler = open_log(Path(folder))
    write(handler, "first", MIDNIGHT)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    write(handler, "x" * 500, MIDNIGHT)
    assert "OSError" in handler.find_problem()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    write(handler, "last", MIDNIGHT)
    assert handler.fault == ""


def test_a_disk_that_is_full_stops_nobody_and_spoils_no_later_line(tmp_path: Path) -> None:
    worker = multiprocessing.get_context("fork").Process(target=_write_until_full, args=(str(tmp_path),))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    first, cut, last = (tmp_path / "sb_sync.log").read_text().splitlines()
    assert first.endswith(" - first")
    assert re.search(r" - x{10,49}$", cut)
    assert last.endswith(" - last")


def test_what_cannot_be_formatted_stops_nobody_and_is_told(tmp_path: Path) -> None:
    handler = open_log(tmp_path)
    record = logging.makeLogRecord({"name": "sb_sync", "levelname": "INFO", "msg": "%d", "args": ("no number",)})
    handler.handle(record)
    assert "TypeError" in handler.find_problem()
