"""The command tells how the feed stands, and its exit status means something."""

from __future__ import annotations

import io
import json
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
    assert (status, told["new epoch"], told["reset"]) == (0, False, [])
    assert "testapp_region" in told["installed"]
    mirror.pull()
    assert not mirror.resets
    assert sync_feed("repair", "--new-epoch")[1]["new epoch"] is True
    assert not Checkpoint.objects.exists()
    mirror.pull()
    assert mirror.resets == ["testapp.Region"]


def test_repair_notices_a_database_that_was_moved() -> None:
    with feed.reading("default"):
        pass
    FeedIdentity.objects.update(system="another")
    assert sync_feed("verify")[0] == 1
    assert sync_feed("repair")[1]["new epoch"] is True
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
    assert sync_feed("purge", "--dry-run")[1]["entries"] == count
    assert Change.objects.count() == count
    assert sync_feed("purge", "--days", "30")[1]["entries"] == count
    assert not Change.objects.exists()


def test_words_for_people_name_each_table() -> None:
    out = io.StringIO()
    call_command("sync_feed", stdout=out)
    assert "INSTALLED  testapp_region" in out.getvalue()


@pytest.mark.parametrize(
    "arguments", [("--action", "purge", "--days", "0"), ("--action", "install", "--new-epoch"), ("--action", "guess")]
)
def test_what_makes_no_sense_is_refused(arguments: Any) -> None:
    with pytest.raises(CommandError):
        call_command("sync_feed", *arguments)


def test_a_missing_capture_is_a_warning_of_the_checks() -> None:
    assert not check_databases()
    assert not check_captures(databases=["default"])
    lose_a_trigger()
    (warning,) = check_captures(databases=["default"])
    assert warning.id == "sb_sync.W101"
    assert "testapp_region" in warning.msg
    feed.install("default")
