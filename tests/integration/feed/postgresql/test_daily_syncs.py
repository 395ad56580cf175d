"""A device that syncs daily never has to begin again, whatever is purged meanwhile."""

from __future__ import annotations

import random
import threading
from typing import Any, List

import pytest
from django.db import DatabaseError, connection, transaction

from sb_sync.maintenance import purge
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.feed.concurrent.sessions import sessions
from tests.integration.pull.puller import Puller, make_puller
from tests.testapp.models import Customer, Order

pytestmark = pytest.mark.django_db(transaction=True)
RETENTION_DAYS = 2
DAYS = 8
# A transaction stays open for longer than the log is kept.
OPEN_DAYS = 4
WRITERS = 4


class Shop:
    """Writers of one organization, and a purge that never rests; a day goes by when it is said."""

    def __init__(self) -> None:
        self.acme, self.device = make_puller()
        self.purged = 0
        self.failures: List[BaseException] = []
        self.is_over = threading.Event()
        self.is_shifting = threading.Lock()
        works = [self.write] * WRITERS + [self.purge]
        self.threads = [threading.Thread(target=self.run, args=(work, number)) for number, work in enumerate(works)]

    def __enter__(self) -> Shop:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
        assert not self.failures, self.failures[0]

    def run(self, work: Any, number: int) -> None:
        try:
            dice = random.Random(number)
            while not self.is_over.is_set():
                work(dice)
        except BaseException as error:
            self.failures.append(error)
        finally:
            connection.close()

    def order(self) -> None:
        customer = Customer.objects.create(organization=self.acme, name="new")
        Order.objects.create(customer=customer, number="1")

    def write(self, dice: random.Random) -> None:
        try:
            with transaction.atomic():
                self.order()
                other = Customer.objects.filter(organization=self.acme).order_by("?")[0]
                if dice.random() < 0.3:
                    other.delete()
                else:
                    Order.objects.filter(customer=other).update(number=str(dice.random())[:20])
        except (DatabaseError, IndexError):
            # Writers may meet in a deadlock, which the database ends by refusing one of them.
            return

    def purge(self, dice: random.Random) -> None:
        with self.is_shifting:
            self.purged += purge("default", days=RETENTION_DAYS, chunk=50).entries


def let_a_day_go_by() -> None:
    """Make everything that is committed a day older."""
    with connection.cursor() as cursor:
        for table, column in (("sb_sync_change", "changed_at"), ("sb_sync_checkpoint", "taken_at")):
            cursor.execute(f"UPDATE {table} SET {column} = {column} - interval '1 day'")


def let_a_day_go_by_for_own() -> None:
    """Make what the open transaction wrote a day older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sb_sync_change SET changed_at = changed_at - interval '1 day' WHERE txid = pg_current_xact_id()"
        )


def is_begun_again(device: Puller) -> bool:
    return any(told.get("reset") for answer in device.pull() for told in answer["metadata"].values())


def test_a_device_that_syncs_daily_never_begins_again_while_the_log_is_purged() -> None:
    shop = Shop()
    elsewhere = make_organization("elsewhere")
    quiet = Puller(make_member(elsewhere), "elsewhere")
    grant(elsewhere)
    Customer.objects.create(organization=elsewhere, name="quiet")
    stranger = Puller(make_member(shop.acme), "acme")
    for device in (shop.device, quiet, stranger):
        device.pull()
    with shop, sessions(1) as (old,):
        for day in range(DAYS):
            if day % OPEN_DAYS == 0:
                old.begin()
                old.do(shop.order)
            with shop.is_shifting:
                let_a_day_go_by()
                old.do(let_a_day_go_by_for_own)
            if day % OPEN_DAYS == OPEN_DAYS - 1:
                old.commit()
                purge("default", days=RETENTION_DAYS)
            for device in (shop.device, quiet):
                assert not is_begun_again(device), day
    assert shop.purged > 0
    for device in (shop.device, quiet):
        assert not is_begun_again(device)
        device.check()
    numbers = dict(Order.objects.filter(customer__organization=shop.acme).values_list("pk", "number"))
    assert {int(key): row["number"] for key, row in shop.device.rows["testapp.Order"].items()} == numbers
    assert is_begun_again(stranger), "nothing was purged that anybody could have missed"
    stranger.check()
