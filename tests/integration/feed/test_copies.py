"""A database that was truly put back to an older copy, moved by a dump, or flushed: every client ends exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest
from django.core.management import call_command

from sb_sync import feed
from sb_sync.maintenance import verify
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.feed.copies import moved_dump, taken_copy
from tests.integration.pull.puller import Puller
from tests.testapp.models import Customer, Order, Region

pytestmark = pytest.mark.django_db(transaction=True)
LABELS = ["testapp.Region", "testapp.Customer", "testapp.Order"]


class Shop:
    """An organization with a few rows, and clients of it."""

    def __init__(self) -> None:
        feed.install("default")
        self.acme = make_organization("acme")
        grant(self.acme)
        for number in range(4):
            self.sell(f"first {number}")

    def sell(self, name: str) -> Customer:
        """Make a customer with an order, and a region."""
        Region.objects.create(site_id=self.acme.pk, name=name)
        customer = Customer.objects.create(organization=self.acme, name=name)
        Order.objects.create(customer=customer, number=name)
        return customer

    def change(self, name: str) -> None:
        """Change rows, delete some, make some."""
        Region.objects.filter(pk=Region.objects.order_by("-pk")[1].pk).update(name=name)
        Customer.objects.filter(pk=Customer.objects.order_by("name")[0].pk).delete()
        self.sell(name)

    def make_client(self) -> Puller:
        return Puller(make_member(self.acme), "acme")


def finish(client: Puller, **body: Any) -> List[str]:
    """Pull to the end, compare with what there is, and return the labels that began again."""
    answers = client.pull(None if client.cursors else LABELS, **body)
    client.check()
    for label, model, field in zip(LABELS, (Region, Customer, Order), ("name", "name", "number")):
        stored: Dict[str, str] = {str(key): text for key, text in model.objects.values_list("pk", field)}
        assert {key: row[field] for key, row in client.rows.get(label, {}).items()} == stored
    return [label for answer in answers for label, told in answer["metadata"].items() if told.get("reset")]


@pytest.mark.only_on("sqlite", "postgresql", reason="there is no tool here that copies a MariaDB at rest")
def test_after_a_database_was_put_back_only_those_begin_again_who_know_what_was_lost(tmp_path: Path) -> None:
    shop = Shop()
    older, newer, between, first = (shop.make_client() for _ in range(4))
    for client in (older, newer, between):
        finish(client)
    shop.change("before the copy")
    between.step(batch_size=1)
    first.step(LABELS, batch_size=2)
    with taken_copy(tmp_path) as put_back:
        for number in range(3):
            shop.change(f"lost {number}")
            finish(newer)
        put_back()
        assert not Region.objects.filter(name__startswith="lost").exists()
        # The numbers that were lost are given out again, to other rows, transactions and checkpoints.
        for number in range(3):
            shop.change(f"instead {number}")
            finish(shop.make_client())
        assert finish(older) == []
        assert finish(between, batch_size=2) == []
        assert finish(first, batch_size=2) == []
        assert sorted(finish(newer)) == sorted(LABELS)
        shop.change("later")
        for client in (older, newer, between, first):
            assert finish(client) == []


@pytest.mark.only_on("postgresql", reason="the others know no clusters")
@pytest.mark.parametrize("first", ["pull", "migrate"])
def test_after_a_dump_was_restored_into_another_cluster_everybody_begins_again(first: str, tmp_path: Path) -> None:
    shop = Shop()
    clients = [shop.make_client() for _ in range(2)]
    for client in clients:
        finish(client)
    with moved_dump(tmp_path) as move:
        shop.change("before the move")
        clients[1].step(batch_size=1)
        move()
        shop.change("after the move")
        if first == "migrate":
            call_command("migrate", verbosity=0, interactive=False)
        for client in clients:
            assert set(finish(client, batch_size=3)) == set(LABELS)
        assert {found.state for found in feed.find_states("default")} == {feed.State.INSTALLED}
        assert verify("default") == []
        shop.change("later")
        for client in clients:
            assert finish(client) == []


def test_after_a_flush_everybody_begins_again() -> None:
    before = Shop()
    clients = [before.make_client() for _ in range(2)]
    for client in clients:
        finish(client)
    call_command("flush", interactive=False, verbosity=0)
    after = Shop()
    for client in clients:
        client.user = after.make_client().user
        assert set(finish(client)) == set(LABELS)
        assert finish(client) == []
