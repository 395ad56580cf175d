"""Two pushes at once, and one that dies in the middle."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from typing import Any, Callable, Dict, List

from django.conf import settings
from django.db import connection, connections

from tests.integration.push.world import World
from tests.testapp.models import Customer, Order, Region, Team

ROUNDS = 200


def at_once(*works: Callable[[], Any]) -> List[Any]:
    """Run functions in threads that begin together; return what each returned."""
    barrier = threading.Barrier(len(works))
    answers: Dict[int, Any] = {}

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            answers[place] = work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(works), "a thread died"
    return [answers[place] for place in range(len(works))]


def test_two_organizations_that_make_one_key_at_once(world: World) -> None:
    """200 times: one wins, the other is told that the key is taken, and no row is changed by the other."""

    def make(user: Any, keys: List[str], name: str) -> Callable[[], Any]:
        def work() -> List[Dict[str, Any]]:
            return [world.one(user=user, model="testapp.Customer", id=key, name=name) for key in keys]

        return work

    keys = [str(uuid.uuid4()) for _ in range(ROUNDS)]
    ours, theirs = at_once(make(world.user, keys, "ours"), make(world.stranger, keys, "theirs"))
    owners = {str(row.pk): (row.organization_id, row.name) for row in Customer.objects.all()}
    for key, our, their in zip(keys, ours, theirs):
        assert {our["status"], their["status"]} == {"created", "error"}, (our, their)
        lost = our if our["status"] == "error" else their
        assert (lost["code"], list(lost["errors"])) == ("duplicate", ["id"])
        winner = (world.acme.pk, "ours") if our["status"] == "created" else (world.rival.pk, "theirs")
        assert owners[key] == winner


def test_the_same_push_twice_at_once_makes_one_row(world: World) -> None:
    for number in range(20):
        record = {"model": "testapp.Region", "_client_id": f"r{number}", "name": "R"}
        push = functools.partial(world.one, **record)
        one, two = at_once(push, push)
        assert {one["status"], two["status"]} == {"created", "unchanged"}
        assert one["id"] == two["id"]
    assert Region.objects.count() == 20


def test_batches_of_the_same_rows_in_other_orders_do_not_hang(world: World) -> None:
    teams = [Team.objects.create(organization=world.acme, name=f"t{number}") for number in range(20)]

    def make(rows: List[Any], mark: str) -> Callable[[], Any]:
        records = [{"_model": "testapp.Team", "id": row.pk, "name": f"{mark}{row.pk}"} for row in rows]
        return lambda: {result["status"] for _ in range(5) for result in world.results(*records)}

    for statuses in at_once(make(teams, "a"), make(teams[::-1], "b")):
        assert statuses <= {"updated", "unchanged"}


def test_a_parent_that_goes_while_its_child_is_pushed_refuses_the_child(world: World) -> None:
    for _ in range(15):
        customer = Customer.objects.create(organization=world.acme, name="C")
        key = str(customer.pk)
        child, parent = at_once(
            lambda key=key: world.one(model="testapp.Order", customer=key, number="1"),
            lambda key=key: world.one(model="testapp.Customer", id=key, _deleted=True),
        )
        assert child.get("code", child["status"]) in ("created", "not_found"), child
        assert parent.get("code", parent["status"]) in ("deleted", "protected"), parent
        Order.objects.filter(customer_id=key).delete()


DYING = """
import os, sys, django
django.setup()
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from sb_sync.access import resolve_scope
from sb_sync.protocol import RequestInfo
from sb_sync.push import run
from tests.testapp.models import Region

def stop(instance, **kwargs):
    if instance.name == "last":
        print("ready", flush=True)
        sys.stdin.read()

post_save.connect(stop, sender=Region)
scope = resolve_scope(get_user_model().objects.get(username="ann"), None)
names = ["first"] * 50 + ["last"]
run(scope, {"data": [{"_model": "testapp.Region", "name": name, "_client_id": str(place)}
                     for place, name in enumerate(names)]}, request=RequestInfo("r"))
"""


def test_a_server_killed_in_the_middle_leaves_nothing_of_the_batch(world: World) -> None:
    environment = {**os.environ, "SB_SYNC_TEST_DATABASE": str(settings.DATABASES["default"]["NAME"])}
    script = (
        "import os\nfrom django.conf import settings\n"
        "settings.DATABASES['default']['NAME'] = os.environ['SB_SYNC_TEST_DATABASE']\n" + DYING
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 10
    while connection.vendor == "postgresql" and time.monotonic() < deadline:
        # The server notices a client that is gone when it next talks to it.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                break
    assert not Region.objects.exists()
    again = world.results(*[{"_model": "testapp.Region", "name": "x", "_client_id": str(place)} for place in range(50)])
    assert {result["status"] for result in again} == {"created"}
