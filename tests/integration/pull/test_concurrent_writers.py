"""Writers and a reader at the same time: nothing is missed and nothing comes that was rolled back."""

from __future__ import annotations

import random
import threading
from typing import Any, List

import pytest
from django.db import connection, connections, transaction

from tests.integration.pull.puller import make_puller, tombstones
from tests.testapp.models import Customer, Order

WRITERS = 3
TURNS = 12


class RolledBack(Exception):
    """What a writer did was not meant."""


def write(organization: Any, number: int, failures: List[BaseException]) -> None:
    """Make, change and delete rows in transactions of several statements, some of which are rolled back."""
    dice = random.Random(number)
    try:
        for turn in range(TURNS):
            name = f"{number}-{turn}"
            try:
                with transaction.atomic():
                    customer = Customer.objects.create(organization=organization, name=name)
                    Order.objects.create(customer=customer, number=name)
                    if dice.random() < 0.5:
                        Customer.objects.filter(name=f"{number}-{turn - 1}").update(age=turn)
                    if dice.random() < 0.3:
                        Customer.objects.filter(name=f"{number}-{turn - 2}").delete()
                    if dice.random() < 0.2:
                        raise RolledBack
            except RolledBack:
                continue
    except BaseException as error:
        failures.append(error)
    finally:
        connections.close_all()


@pytest.mark.parametrize("batch_size", [3, 1000])
def test_a_reader_among_writers_ends_exact(batch_size: int) -> None:
    acme, puller = make_puller()
    failures: List[BaseException] = []
    threads = [threading.Thread(target=write, args=(acme, number, failures)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        puller.step(batch_size=batch_size)
    for thread in threads:
        thread.join()
    assert failures == []
    puller.pull(batch_size=batch_size)
    puller.check()
    ages = {str(key): age for key, age in Customer.objects.values_list("pk", "age")}
    assert {key: row["age"] for key, row in puller.rows["testapp.Customer"].items()} == ages


def test_what_is_committed_late_comes_late() -> None:
    acme, puller = make_puller()
    early = Customer.objects.create(organization=acme, name="early")
    puller.pull()
    if connection.vendor != "postgresql":
        # One writer at a time: nothing can be numbered first and committed last.
        connection.close()
    began, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        try:
            with transaction.atomic():
                Customer.objects.filter(pk=early.pk).delete()
                Customer.objects.create(organization=acme, name="late")
                began.set()
                may_commit.wait(30)
        finally:
            began.set()
            connections.close_all()

    thread = threading.Thread(target=write_slowly)
    thread.start()
    assert began.wait(30)
    try:
        if connection.vendor == "postgresql":
            Customer.objects.create(organization=acme, name="between")
            answers = puller.pull()
            assert [record["name"] for answer in answers for record in answer["data"]] == ["between"]
    finally:
        may_commit.set()
        thread.join()
    answers = puller.pull()
    assert tombstones(answers) == {str(early.pk): "deleted"}
    puller.check()
