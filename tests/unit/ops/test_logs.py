"""The log file."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import re
import time
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from sb_sync.ops.logs import LINE, TIME, DailyFileHandler, LineFormatter

DAY = 24 * 3600


OPENED: List[DailyFileHandler] = []


@pytest.fixture(autouse=True)
def _closed_files() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def make_logger(folder: Path) -> logging.Logger:
    handler = DailyFileHandler(str(folder))
    handler.setFormatter(LineFormatter(LINE, TIME))
    made = logging.Logger("sb_sync")  # noqa: LOG001 - one of its own, so that nothing of it stays
    made.addHandler(handler)
    OPENED.append(handler)
    return made


def read_lines(folder: Path) -> List[str]:
    return (folder / "sb_sync.log").read_text(encoding="utf-8").splitlines()


def test_a_line_has_the_documented_form(tmp_path: Path) -> None:
    make_logger(tmp_path / "new").info("PUSH request from user %s in %s: %s", "john", "Acme", '{"data": []}')
    (line,) = read_lines(tmp_path / "new")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - sb_sync - INFO - PUSH request from user john in Acme: {\"data\": \[\]}", line
    )


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\u2028", "\x85", "\x1b[2J", "\x9b2J", "\ud800"])
def test_nothing_from_outside_begins_a_line_of_its_own(tmp_path: Path, end: str) -> None:
    make_logger(tmp_path).info("user %s", "x" + end + "2024-01-01 12:00:00 - sb_sync - INFO - forged")
    assert not [line for line in read_lines(tmp_path) if line.startswith("2024")]
    assert "\x1b" not in "".join(read_lines(tmp_path))


def test_json_lines_by_setting(tmp_path: Path, settings: Any) -> None:
    settings.SB_SYNC = {"LOG_FORMAT": "json"}
    make_logger(tmp_path).info("pulled\nmuch", extra={"request_id": "r1"})
    (line,) = read_lines(tmp_path)
    assert json.loads(line)["message"] == "pulled\nmuch"
    assert json.loads(line)["request_id"] == "r1"


def test_a_new_day_begins_a_new_file(tmp_path: Path) -> None:
    made = make_logger(tmp_path)
    made.info("yesterday")
    yesterday = time.time() - DAY
    os.utime(tmp_path / "sb_sync.log", (yesterday, yesterday))
    made.info("today")
    dated = "sb_sync.log." + time.strftime("%Y-%m-%d", time.localtime(yesterday))
    assert sorted(path.name for path in tmp_path.glob("sb_sync*")) == ["sb_sync.log", dated]
    assert "yesterday" in (tmp_path / dated).read_text()
    assert len(read_lines(tmp_path)) == 1


def test_files_are_kept_for_thirty_days(tmp_path: Path) -> None:
    for age in (29, 31):
        name = "sb_sync.log." + time.strftime("%Y-%m-%d", time.localtime(time.time() - age * DAY))
        (tmp_path / name).write_text("old")
    made = make_logger(tmp_path)
    made.info("yesterday")
    os.utime(tmp_path / "sb_sync.log", (time.time() - DAY, time.time() - DAY))
    made.info("today")
    assert len(list(tmp_path.glob("sb_sync*"))) == 3


def _write_much(folder: str, name: str) -> None:
    made = make_logger(Path(folder))
    for number in range(500):
        made.info("%s %d", name, number)


def test_several_processes_lose_no_line_when_the_day_ends(tmp_path: Path) -> None:
    make_logger(tmp_path).info("first")
    os.utime(tmp_path / "sb_sync.log", (time.time() - DAY, time.time() - DAY))
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_write_much, args=(str(tmp_path), str(number))) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert len(text.splitlines()) == 1501


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    made = make_logger(tmp_path / "file" / "logs")
    made.info("lost")
    handler: Any = made.handlers[0]
    assert handler.fault
    (tmp_path / "file").unlink()
    made.info("found")
    assert not handler.fault


def test_a_traceback_is_kept_below_its_line(tmp_path: Path) -> None:
    made = make_logger(tmp_path)
    try:
        raise ValueError("x\n2024-01-01 12:00:00 - sb_sync - INFO - forged")
    except ValueError:
        made.exception("failed\n2024-01-01 12:00:00 - sb_sync - INFO - forged")
    first, *trace = read_lines(tmp_path)
    assert "failed\\x0a2024" in first
    assert trace
    assert all(line.startswith("    ") for line in trace)
