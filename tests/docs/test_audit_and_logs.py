"""The pages on who changed what and on the log file say what is so."""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Dict

import pytest
from django.contrib.auth import get_user_model

from sb_sync.attribution import attributed_to
from sb_sync.maintenance.audit_trails import DIFFERENT, MISSING, UNTOLD
from sb_sync.models import UserSite
from sb_sync.ops.log_lines import LineFormatter
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.docs.pages import read

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.django_db
def test_the_page_on_histories_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    user = get_user_model().objects.create_user("anna")
    east = make_organization("east")
    make_member(east, username="ann")
    with attributed_to(user, "by the docs"):
        grant(east)
    names: Dict[str, Any] = {"user": user}
    for block in BLOCK.findall(read("how-to/audit.md")):
        exec(block, names)
    told = capsys.readouterr().out
    assert "anna by the docs created East" in told
    assert re.search(r"may pull None -> True", told)
    assert UserSite.history.latest().history_change_reason == "merger of two branches"


def test_the_kinds_of_gaps_stand_in_the_reference() -> None:
    page = read("reference/commands.md")
    assert all(f"`{kind.split()[0]}" in page for kind in (MISSING, DIFFERENT, UNTOLD))


def test_the_example_of_a_line_has_the_form_of_a_line() -> None:
    (example,) = re.findall(r"^```text\n(.*)\n```$", read("reference/logs.md"), re.MULTILINE)
    head, _, message = example.partition(" - INFO - ")
    record = logging.makeLogRecord({"name": "sb_sync", "levelname": "INFO", "msg": message})
    line = LineFormatter().format(record)
    assert re.sub(r"\d", "0", line) == re.sub(r"\d", "0", f"{head} - INFO - {message}")


def test_the_keys_of_a_line_in_json_stand_in_the_reference(settings: Any) -> None:
    settings.SB_SYNC = {"LOG_FORMAT": "json"}
    error = ValueError("x")
    record = logging.makeLogRecord({"name": "sb_sync", "msg": "x", "exc_info": (ValueError, error, None)})
    rows = re.findall(r"^\| (`.*?) \|", read("reference/logs.md").split("| key | value |")[1], re.MULTILINE)
    told = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    assert told == set(json.loads(LineFormatter().format(record)))
