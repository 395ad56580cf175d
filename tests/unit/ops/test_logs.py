"""What the log tells of requests: pushes, pulls and refusals, and what health can read of its state."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from sb_sync.events import PullFinished, PushFinished, RequestRefused
from sb_sync.ops import logs
from sb_sync.ops.log_file import DailyFileHandler
from sb_sync.protocol import RequestInfo

REQUEST = RequestInfo("r1", "10.0.0.1")
SECRET = "hunter2hunter2"


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Let the log go into a folder of the test's own."""
    settings.SB_SYNC_LOG_DIR = str(tmp_path / "logs")
    before = list(logs.logger.handlers)
    logs.logger.handlers = []
    logs.install()
    yield tmp_path / "logs"
    for handler in logs.logger.handlers:
        handler.close()
    logs.logger.handlers = before


def read(folder: Path) -> List[str]:
    return (folder / "sb_sync.log").read_text(encoding="utf-8").splitlines()


def finished(kind: Any, body: Dict[str, Any], **told: Any) -> Any:
    common: Dict[str, Any] = {
        "user_id": "1",
        "username": "john_manager",
        "site_id": 1,
        "organization": "Acme Corporation",
        "request": REQUEST,
        "request_data": body,
        "models": {},
        "status": "success",
        "seconds": 0.1,
        "queries": 1,
        "memory": 0.0,
    }
    return kind(**{**common, **told})


def refused(**told: Any) -> RequestRefused:
    common = {"username": "", "request": REQUEST, "method": "POST", "path": "/api/sync/push/", "status": 401}
    return RequestRefused(**{**common, "code": "invalid_token", **told})


def test_a_push_is_told_as_documented(folder: Path) -> None:
    logs.report_push(None, finished(PushFinished, {"data": [{"_model": "myapp.Customer", "name": "Jürgen"}]}))
    (line,) = read(folder)
    head, body = line.split(": ", 1)
    assert head.endswith(" - sb_sync - INFO - PUSH request from user john_manager in Acme Corporation")
    assert body == '{"data": [{"_model": "myapp.Customer", "name": "Jürgen"}]}'


def test_a_pull_is_told(folder: Path) -> None:
    logs.report_pull(None, finished(PullFinished, {"models": {}}, batch_size=10))
    assert "PULL request from user john_manager in Acme Corporation" in read(folder)[0]


def test_secrets_in_a_body_are_masked_however_deep_they_lie(folder: Path) -> None:
    body = {"data": [{"password": SECRET, "profile": [{"apiKey": SECRET, "deep": {"user_token": [SECRET]}}]}]}
    logs.report_push(None, finished(PushFinished, body))
    assert SECRET not in read(folder)[0]
    assert read(folder)[0].count("***") == 3


def test_a_body_is_cut_at_the_set_size(folder: Path, settings: Any) -> None:
    settings.SB_SYNC = {"LOG_BODY_BYTES": 100}
    logs.report_push(None, finished(PushFinished, {"data": [{"note": "ü" * 10_000} for _ in range(1000)]}))
    assert len(read(folder)[0]) < 400


def test_no_name_forges_a_line_here_or_in_a_handler_of_the_projects(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "x\n2024-01-01 12:00:00 - sb_sync - INFO - forged\u2028\x1b[2J"
    logs.report_push(None, finished(PushFinished, {forged: forged}, username=forged, organization=forged))
    logs.report_refusal(None, refused(path="/" + forged, method=forged, username=forged))
    assert len(read(folder)) == 2
    assert all(line.isprintable() for line in [*read(folder), *(record.getMessage() for record in caplog.records)])


def test_a_refusal_is_a_warning_with_who_where_and_why(folder: Path) -> None:
    logs.report_refusal(None, refused())
    logs.report_refusal(None, refused(username="john", status=403, code="organization_denied"))
    first, second = read(folder)
    assert first.endswith(" - WARNING - POST /api/sync/push/ refused for user - from 10.0.0.1: 401 invalid_token")
    assert "for user john from 10.0.0.1: 403 organization_denied" in second


def test_json_lines_name_the_request(folder: Path, settings: Any) -> None:
    settings.SB_SYNC = {"LOG_FORMAT": "json"}
    logs.report_push(None, finished(PushFinished, {}))
    logs.report_refusal(None, refused())
    assert [json.loads(line)["request_id"] for line in read(folder)] == ["r1", "r1"]


def test_it_is_installed_once(folder: Path) -> None:
    logs.install()
    assert len(logging.getLogger("sb_sync").handlers) == 1


def test_what_is_wrong_can_be_asked_for(folder: Path) -> None:
    assert logs.problem() is None
    folder.write_text("in the way")
    assert "cannot be written to" in str(logs.problem())
    logs.report_push(None, finished(PushFinished, {}))
    assert "Error" in str(logs.problem())
    folder.unlink()
    logs.report_push(None, finished(PushFinished, {}))
    assert logs.problem() is None


def test_without_a_file_of_ours_there_is_nothing_wrong_with_it() -> None:
    before = list(logs.logger.handlers)
    logs.logger.handlers = [handler for handler in before if not isinstance(handler, DailyFileHandler)]
    try:
        assert logs.problem() is None
    finally:
        logs.logger.handlers = before
