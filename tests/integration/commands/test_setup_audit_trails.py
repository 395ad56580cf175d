"""setup_audit_trails."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from sb_sync.models import ModelPermission, Organization
from sb_sync.testing.factories import grant, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def untold() -> Organization:
    """An organization whose rights have no history."""
    made = make_organization("acme")
    grant(made)
    ModelPermission.history.all().delete()
    return made


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(action: str, *, fails: bool = False, **options: Any) -> str:
    told = StringIO()
    if not fails:
        call_command("setup_audit_trails", action=action, stdout=told, **options)
        return told.getvalue()
    with pytest.raises(SystemExit) as ended:
        call_command("setup_audit_trails", action=action, stdout=told, **options)
    assert ended.value.code == 1
    return told.getvalue()


def test_gaps_are_told_and_end_with_1_until_histories_are_begun(untold: Organization) -> None:
    count = ModelPermission.objects.count()
    told = run("check", fails=True)
    assert told.count("no history") == count
    assert f"{count} gaps." in told
    assert f"sb_sync.ModelPermission    {count}" in run("setup")
    assert run("check") == "Every history tells how its row came to be as it is.\n"


def test_begun_entries_name_the_command(untold: Organization) -> None:
    run("setup", model="sb_sync.ModelPermission")
    assert set(ModelPermission.history.values_list("history_change_reason", "history_username")) == {
        ("manage.py setup_audit_trails --action setup --model sb_sync.ModelPermission", "")
    }


def test_json_is_one_document(untold: Organization) -> None:
    gaps = json.loads(run("check", fails=True, json=True, model="sb_sync.ModelPermission"))["gaps"]
    key = str(ModelPermission.objects.earliest("pk").pk)
    assert {"model": "sb_sync.ModelPermission", "key": key, "kind": "no history", "fields": []} in gaps
    done = json.loads(run("setup", json=True, model="sb_sync.ModelPermission"))
    assert done == {
        "action": "setup",
        "tables": [{"model": "sb_sync.ModelPermission", "entries": len(gaps)}],
        "dry_run": False,
    }
    assert json.loads(run("check", json=True)) == {"action": "check", "gaps": []}


def test_a_dry_run_writes_nothing(untold: Organization) -> None:
    assert "Nothing was written" in run("setup", dry_run=True)
    assert not ModelPermission.history.exists()


def test_cleanup_keeps_as_many_days_as_are_asked_for(untold: Organization) -> None:
    run("setup")
    for row in ModelPermission.objects.all():
        row.save()
    ModelPermission.history.filter(history_id__gt=0).update(history_date=timezone.now() - timedelta(days=10))
    count = ModelPermission.objects.count()
    assert json.loads(run("cleanup", json=True, days=11, model="sb_sync.ModelPermission"))["tables"][0]["entries"] == 0
    counted = json.loads(run("cleanup", json=True, days=9, dry_run=True, model="sb_sync.ModelPermission"))
    assert (counted["tables"][0]["entries"], ModelPermission.history.count()) == (count, 2 * count)
    assert f"{count}" in run("cleanup", days=9)
    assert ModelPermission.history.count() == count


def test_a_terminal_shows_how_far_it_is(untold: Organization) -> None:
    terminal = Terminal()
    call_command("setup_audit_trails", action="setup", stdout=StringIO(), stderr=terminal)
    assert "sb_sync.ModelPermission" in terminal.getvalue()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"action": "check", "days": 5}, "--days belongs to --action cleanup, not check"),
        ({"action": "setup", "days": 5}, "--days belongs to --action cleanup, not setup"),
        ({"action": "check", "dry_run": True}, "--dry-run belongs to --action setup or cleanup, not check"),
        ({"action": "check", "days": 0}, "--days belongs to --action cleanup, not check"),
        ({"action": "cleanup", "days": 0}, "at least 1"),
        ({"action": "cleanup", "days": 999_999}, "at most 36,500"),
        ({"action": "check", "model": "nothing"}, "'nothing' keeps no history of sb_sync"),
    ],
)
def test_what_makes_no_sense_is_refused(options: Any, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("setup_audit_trails", stdout=StringIO(), **options)
