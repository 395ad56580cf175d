"""The command tells how the feed stands, and its exit status means something."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any, Dict, Tuple

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from sb_sync import feed
from sb_sync.feed.checks import check_captures, check_databases
from sb_sync.models import Change, Checkpoint, FeedIdentity, StoredAnswer, SyncConflict
from sb_sync.testing.factories import make_member, make_organization
from sb_sync.testing.mirror import Mirror
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)


NOTHING_TO_DO: Dict[str, Any] = {"installed": [], "reset": [], "removed": [], "failed": [], "dry_run": True}


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


def sync_feed(action: str, *arguments: str) -> Tuple[int, Dict[str, Any]]:
    """Run the command and return its exit status and what it told of the database."""
    out, status = io.StringIO(), 0
    try:
        call_command("sync_feed", "--action", action, "--json", *arguments, stdout=out)
    except SystemExit as error:
        status = int(error.code or 0)
    return status, json.loads(out.getvalue())["databases"]["default"]


def lose_a_trigger() -> None:
    backend = feed.backend_for("default")
    backend.remove(backend.triggers(["testapp_region"])[:1])


def test_status_tells_of_every_table() -> None:
    lose_a_trigger()
    status, told = sync_feed("status")
    assert status == 0
    states = {line["table"]: line["state"] for line in told["tables"]}
    assert states.pop("testapp_region") == "MISSING"
    assert set(states.values()) == {"INSTALLED"}


def test_verify_fails_until_install_has_mended() -> None:
    assert sync_feed("verify") == (0, {"problems": []})
    lose_a_trigger()
    status, told = sync_feed("verify")
    assert status == 1
    assert "testapp_region" in told["problems"][0]
    status, told = sync_feed("install")
    assert (status, told["installed"], told["reset"]) == (0, ["testapp_region"], ["testapp_region"])
    assert sync_feed("verify")[0] == 0


def test_repair_installs_everything_and_begins_an_epoch_where_asked() -> None:
    mirror = Mirror(make_organization("north").pk, Region)
    status, told = sync_feed("repair")
    assert (status, told["new_epoch"], told["reset"]) == (0, False, [])
    assert "testapp_region" in told["installed"]
    mirror.pull()
    assert not mirror.resets
    assert sync_feed("repair", "--new-epoch")[1]["new_epoch"] is True
    assert not Checkpoint.objects.exists()
    mirror.pull()
    assert mirror.resets == ["testapp.Region"]


def test_repair_notices_a_database_that_was_moved() -> None:
    with feed.reading("default"):
        pass
    FeedIdentity.objects.update(system="another")
    assert sync_feed("verify")[0] == 1
    assert sync_feed("repair")[1]["new_epoch"] is True
    assert sync_feed("verify")[0] == 0


def test_purge_forgets_answers_and_settled_conflicts_too() -> None:
    acme = make_organization("acme")
    long_ago = timezone.now() - timedelta(days=400)
    StoredAnswer.objects.create(user=make_member(acme), site_id=acme.pk, name="k", path="/push/", created_at=long_ago)
    SyncConflict.objects.create(
        site_id=acme.pk, model_name="testapp.Customer", object_key="1", policy="merge", status="settled", client={},
        fields=[], settled_at=long_ago,
    )  # fmt: skip
    told = sync_feed("purge", "--dry-run")[1]
    assert (told["answers"], told["conflicts"]) == (1, 1)
    assert StoredAnswer.objects.exists()
    told = sync_feed("purge")[1]
    assert (told["answers"], told["conflicts"]) == (1, 1)
    assert not StoredAnswer.objects.exists()
    assert not SyncConflict.objects.exists()


def test_purge_counts_before_it_deletes() -> None:
    Region.objects.create(site_id=make_organization("north").pk, name="old")
    Change.objects.update(changed_at="2000-01-01T00:00:00Z")
    count = Change.objects.count()
    told = sync_feed("purge", "--dry-run")[1]
    assert told["changes"] == count
    # How many checkpoints go with them shows when they go.
    assert "checkpoints" not in told
    assert Change.objects.count() == count
    Checkpoint.objects.create(nonce="x", snapshot="0:1:", taken_at="2000-01-01T00:00:00Z")
    told = sync_feed("purge", "--days", "30")[1]
    assert (told["changes"], told["checkpoints"]) == (count, 1)
    assert not Change.objects.exists()


def test_words_for_people_name_each_table() -> None:
    Change.objects.all().delete()
    out = io.StringIO()
    call_command("sync_feed", stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[:2] == [["Database", "default"], ["table", "capture"]]
    assert ["testapp_region", "INSTALLED"] in lines
    assert "oldest change: none" in out.getvalue()


def test_a_dry_run_installs_nothing_and_tells_what_would_be() -> None:
    assert sync_feed("install", "--dry-run") == (0, NOTHING_TO_DO)
    lose_a_trigger()
    status, told = sync_feed("install", "--dry-run")
    assert (status, told["installed"], told["reset"]) == (0, ["testapp_region"], ["testapp_region"])
    status, told = sync_feed("repair", "--dry-run", "--new-epoch")
    assert (told["new_epoch"], told["reset"]) == (True, ["testapp_region"])
    assert {"testapp_region", "testapp_customer"} <= set(told["installed"])
    assert sync_feed("verify")[0] == 1
    feed.install("default")


def test_a_terminal_sees_how_far_an_installation_is() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    call_command("sync_feed", "--action", "repair", stdout=io.StringIO(), stderr=terminal)
    steps = terminal.getvalue().split("\r\x1b[2K")
    assert (steps[0], steps[-1]) == ("", "")
    count = len(feed.find_states("default"))
    assert [step.split()[1] for step in steps[1:-1]] == [f"{number}/{count}" for number in range(count)]
    for stream, options in [(pipe, []), (Terminal(), ["--json"]), (Terminal(), ["--verbosity", "0"])]:
        call_command("sync_feed", "--action", "repair", *options, stdout=io.StringIO(), stderr=stream)
        assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["purge", "--days", "0"], "at least 1"),
        (["purge", "--days", "999999"], "at most 36,500"),
        (["status", "--days", "0"], "belongs to --action purge"),
        (["install", "--new-epoch"], "belongs to --action repair"),
        (["status", "--days", "5"], "belongs to --action purge"),
        (["verify", "--dry-run"], "belongs to --action install or repair or purge"),
        (["status", "--database", "nowhere"], "There is no database 'nowhere'; those are default."),
        (["guess"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: Any, told: str) -> None:
    with pytest.raises(CommandError, match=re.escape(told)):
        call_command("sync_feed", "--action", *arguments)


def test_a_missing_capture_is_a_warning_of_the_checks() -> None:
    assert not check_databases()
    assert not check_captures(databases=["default"])
    lose_a_trigger()
    (warning,) = check_captures(databases=["default"])
    assert warning.id == "sb_sync.W101"
    assert "testapp_region" in warning.msg
    feed.install("default")
