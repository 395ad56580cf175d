"""Cursors that serve, and those that no longer do."""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta
from typing import Any, Dict

import pytest
from django.db.models import F

from sb_sync import catalog, feed
from sb_sync.errors import InvalidCursor
from sb_sync.models import Checkpoint, FeedIdentity, Organization
from sb_sync.registry import ModelSync
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.pull.puller import Puller, make_puller, records
from tests.testapp.models import Customer, Region, Tag


def start(slug: str = "acme") -> Puller:
    """Return a puller that holds the one customer of an organization."""
    acme, puller = make_puller(slug)
    Customer.objects.create(organization=acme, name=slug)
    puller.pull(["testapp.Customer"])
    return puller


def acme_itself() -> Organization:
    return Organization.objects.get(slug="acme")


def ask(puller: Puller, cursor: Any) -> Dict[str, Any]:
    return puller.ask({"models": {"testapp.Customer": cursor}}).body


def is_reset(answer: Dict[str, Any]) -> bool:
    """Tell whether an answer begins again, with all that there is."""
    told = answer["metadata"]["testapp.Customer"]
    if told.get("reset"):
        assert told["count"] == Customer.objects.filter(name="acme").count()
    return bool(told.get("reset"))


def test_a_cursor_serves_as_often_as_it_is_sent() -> None:
    puller = start()
    cursor = puller.cursors["testapp.Customer"]
    Customer.objects.update(age=1)
    for _ in range(2):
        answer = ask(puller, cursor)
        assert not is_reset(answer)
        assert [record["age"] for record in answer["data"]] == [1]


def test_a_first_pull_is_no_reset() -> None:
    assert "reset" not in ask(start(), None)["metadata"]["testapp.Customer"]


def test_a_cursor_that_was_cut_or_forged_is_refused() -> None:
    puller = start()
    cursor = puller.cursors["testapp.Customer"]
    middle = len(cursor) // 2
    other = "A" if cursor[middle] != "A" else "B"
    for bad in (cursor[:-1], cursor[1:], cursor + "A", cursor[:middle] + other + cursor[middle + 1 :], cursor * 2):
        with pytest.raises(InvalidCursor):
            ask(puller, bad)


def test_a_cursor_of_another_model_begins_again() -> None:
    puller = start()
    puller.pull({"testapp.Region": None})
    assert is_reset(ask(puller, puller.cursors["testapp.Region"]))


def test_a_cursor_of_another_user_begins_again() -> None:
    puller = start()
    colleague = Puller(make_member(acme_itself(), username="colleague"))
    assert is_reset(ask(colleague, puller.cursors["testapp.Customer"]))


def test_a_cursor_of_another_organization_begins_again() -> None:
    puller = start()
    other = make_organization("other")
    make_member(other, username=puller.user.username)
    grant(other)
    Customer.objects.create(organization=other, name="theirs")
    answer = Puller(puller.user, "other").ask({"models": dict(puller.cursors)}).body
    assert answer["metadata"]["testapp.Customer"]["reset"]
    assert [record["name"] for record in answer["data"]] == ["theirs"]


def test_a_cursor_of_another_database_begins_again() -> None:
    puller = start()
    FeedIdentity.objects.update(key_id="0123456789abcdef")
    assert is_reset(ask(puller, puller.cursors["testapp.Customer"]))


def test_a_cursor_whose_checkpoint_is_gone_begins_again() -> None:
    puller = start()
    Checkpoint.objects.all().delete()
    answer = ask(puller, puller.cursors["testapp.Customer"])
    assert is_reset(answer)
    assert not is_reset(ask(puller, answer["metadata"]["testapp.Customer"]["cursor"]))


def test_a_checkpoint_that_was_written_again_is_another() -> None:
    puller = start()
    Checkpoint.objects.update(nonce="0" * 32)
    assert is_reset(ask(puller, puller.cursors["testapp.Customer"]))


def test_a_cursor_inside_a_pass_whose_end_is_gone_begins_again() -> None:
    puller = start()
    Customer.objects.bulk_create(Customer(organization=acme_itself(), name="acme") for _ in range(3))
    first = puller.step(batch_size=1)
    assert first["batch_info"]["has_more"]
    Checkpoint.objects.all().delete()
    assert is_reset(ask(puller, puller.cursors["testapp.Customer"]))


def test_other_rules_begin_again_and_other_rights_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    puller = start()
    cursor = puller.cursors["testapp.Customer"]
    grant(acme_itself(), models=["testapp.Customer"], push=False)
    assert not is_reset(ask(puller, cursor))
    synced = catalog.synced_models()["testapp.Customer"]
    declared = type("Declared", (ModelSync,), {"exclude": ["email"]})()
    other = {**catalog.synced_models(), "testapp.Customer": dataclasses.replace(synced, sync=declared)}
    folded = {label.lower(): found for label, found in other.items()}
    changed = dataclasses.replace(catalog._load(), models=other, folded=folded, on_wire=folded)
    monkeypatch.setattr(catalog, "_load", lambda: changed)
    answer = ask(puller, cursor)
    assert is_reset(answer)
    assert "email" not in answer["data"][0]


def test_a_reset_stands_on_the_first_answer_only() -> None:
    puller = start()
    Customer.objects.bulk_create(Customer(organization=acme_itself(), name="acme") for _ in range(3))
    puller.pull()
    Checkpoint.objects.all().delete()
    answers = puller.pull(batch_size=1)
    assert ["reset" in answer["metadata"]["testapp.Customer"] for answer in answers] == [True] + [False] * (
        len(answers) - 1
    )
    puller.check()


def test_a_model_that_is_reset_while_there_is_no_room_says_so_once() -> None:
    acme, puller = make_puller()
    region = Region.objects.create(site_id=acme.pk, name="Coast")
    Customer.objects.create(organization=acme, name="John", region=region)
    puller.pull(["testapp.Region", "testapp.Customer"])
    Checkpoint.objects.all().delete()
    answers = puller.pull(batch_size=1)
    for label in ("testapp.Region", "testapp.Customer"):
        assert ["reset" in answer["metadata"][label] for answer in answers].count(True) == 1
    puller.check()


def test_a_table_that_was_written_uncaptured_begins_again() -> None:
    puller = start()
    backend = feed.backend_for("default")
    backend.remove(backend.triggers(["testapp_customer"]))
    Customer.objects.update(age=9)
    feed.install("default")
    answer = puller.step()
    assert answer["metadata"]["testapp.Customer"]["reset"]
    assert [record["age"] for record in answer["data"]] == [9]
    assert records(puller.pull()) == []


@pytest.mark.only_on("sqlite", reason="columns and indexes of the others bound their keys")
def test_no_device_is_stuck_at_a_long_key() -> None:
    acme, puller = make_puller()
    dice = random.Random(1)
    for _ in range(3):
        Tag.objects.create(slug="".join(chr(dice.randrange(33, 0xD7FF)) for _ in range(6000)), organization=acme)
    answers = puller.pull(["testapp.Tag"], batch_size=1)
    assert max(len(answer["metadata"]["testapp.Tag"]["cursor"]) for answer in answers) > 8192
    puller.check()
    assert len(puller.rows["testapp.Tag"]) == 3


def test_an_old_cursor_is_renewed_though_nothing_happened() -> None:
    puller = start()
    before = puller.cursors["testapp.Customer"]
    Checkpoint.objects.update(taken_at=F("taken_at") - timedelta(days=2))
    puller.step()
    assert puller.cursors["testapp.Customer"] != before
    Checkpoint.objects.order_by("id")[:1].get().delete()
    assert not is_reset(puller.step())
