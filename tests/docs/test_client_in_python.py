"""The client of the page ends with what the server has, on a line that cuts requests and answers by chance."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
from django.core.cache import cache
from django.core.management import call_command

from sb_sync.config import SyncConfig
from sb_sync.models import ModelPermission
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.docs.pages import snippets
from tests.servers.http import serving
from tests.testapp.models import Customer, Order

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.only_on("sqlite", reason="a client knows no database of the server's"),
]

PAGE = "how-to/client-in-python.md"
MODELS = ["testapp.Customer", "testapp.Order"]
ROUNDS = 12


@pytest.fixture
def acme() -> Iterator[Any]:
    organization = make_organization("acme")
    grant(organization, models=MODELS, delete=True)
    for name in ("anna", "ben"):
        make_member(organization, username=name, password="two devices")
    bakery = Customer.objects.create(organization=organization, name="Quay Bakery")
    Order.objects.create(customer=bakery, number="A-1")
    cache.clear()
    yield organization
    cache.clear()


@pytest.fixture
def port(acme: Any) -> Iterator[int]:
    with serving("gthread") as server:
        yield server.port


@pytest.fixture
def device_class(tmp_path: Path) -> Iterator[Any]:
    """Return the page's class, with pauses too short to be waited for; what its devices opened is closed at the end."""
    names: Dict[str, Any] = {}
    exec(snippets(PAGE)[0].text, names)
    stores: List[Any] = []

    class ClosedDevice(names["Device"]):  # type: ignore[misc]
        longest_pause = 0.01

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            stores.append(self.store)

    yield ClosedDevice
    for store in stores:
        store.close()


def test_the_app_of_the_page_prints_what_it_shows(port: int, tmp_path: Path) -> None:
    for snippet in snippets(PAGE)[:2]:
        (tmp_path / snippet.file).write_text(snippet.text.replace("crm.", "testapp."))
    command = [sys.executable, "app.py", f"http://127.0.0.1:{port}/api/sync/"]
    done = subprocess.run(command, cwd=str(tmp_path), capture_output=True, text=True, timeout=120)
    assert done.stdout == snippets(PAGE)[3].text, done.stderr


def test_two_devices_on_a_bad_line_lose_and_double_nothing(
    port: int, acme: Any, device_class: Any, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    with cutting(port, chance) as bad_port:
        players = [Player(device_class, name, bad_port, port, tmp_path, chance) for name in ("anna", "ben")]
        for turn in range(ROUNDS):
            for player in players:
                player.change_something(turn)
            if turn == ROUNDS // 2:
                call_command("sync_feed", action="repair", new_epoch=True, verbosity=0)
            Customer.objects.filter(name="Quay Bakery").update(age=turn)
            for player in players:
                player.sync()
    for player in [*players, *players]:
        player.address = f"http://127.0.0.1:{port}/api/sync/"
        player.sync()
    for player in players:
        for model in (Customer, Order):
            held = set(player.device.rows(f"testapp.{model.__name__}"))
            assert held == {str(key) for key in model._default_manager.values_list("pk", flat=True)}, seed
        assert not player.device.store.execute("SELECT 1 FROM sending UNION SELECT 1 FROM outbox").fetchone(), seed
        assert sorted(player.made) == sorted(
            Order.objects.filter(number__startswith=player.name).values_list("number", flat=True)
        ), seed


def test_changes_made_while_an_answer_is_lost_do_not_conflict(port: int, device_class: Any, tmp_path: Path) -> None:
    device = log_in(device_class, port, tmp_path)
    (key,) = device.rows("testapp.Customer")
    device.change("testapp.Customer", {"email": "first@quay.example"}, id=key)
    send = device._send

    def lose(method: str, path: str, *rest: Any) -> Any:
        answer = send(method, path, *rest)
        if path == "push/":
            raise ConnectionResetError
        return answer

    device._send = lose
    with pytest.raises(ConnectionResetError):
        device.sync()
    device._send = send
    device.change("testapp.Customer", {"email": "second@quay.example", "name": "Quay"}, id=key)
    assert device.rows("testapp.Customer")[key]["email"] == "second@quay.example"
    device.sync()
    customer = Customer.objects.get()
    assert (customer.name, customer.email) == ("Quay", "second@quay.example")
    assert not device.store.execute("SELECT * FROM refused").fetchall()


def test_conflicts_merge_or_are_asked_about(port: int, device_class: Any, tmp_path: Path) -> None:
    device = log_in(device_class, port, tmp_path)
    (key,) = device.rows("testapp.Customer")
    device.change("testapp.Customer", {"email": "mine@quay.example"}, id=key)
    Customer.objects.update(name="Theirs")
    device.on_conflict = lambda record, server: {"email": record["email"]}
    device.sync()
    assert Customer.objects.values_list("name", "email").get() == ("Theirs", "mine@quay.example")
    device.change("testapp.Customer", {"name": "Mine"}, id=key)
    Customer.objects.update(name="Theirs again")
    device.on_conflict = lambda record, server: None
    device.sync()
    assert device.rows("testapp.Customer")[key]["name"] == "Theirs again"
    assert len(device.store.execute("SELECT * FROM refused").fetchall()) == 1


def test_what_is_deleted_goes_and_what_somebody_changed_meanwhile_stays(
    port: int, device_class: Any, tmp_path: Path
) -> None:
    device = log_in(device_class, port, tmp_path)
    (order,) = device.rows("testapp.Order")
    (customer,) = device.rows("testapp.Customer")
    device.change("testapp.Order", {}, id=int(order), delete=True)
    device.change("testapp.Customer", {}, id=customer, delete=True)
    assert device.rows("testapp.Customer") == {}
    Customer.objects.update(name="Still needed")
    device.sync()
    assert not Order.objects.exists()
    assert device.rows("testapp.Order") == {}
    assert device.rows("testapp.Customer")[customer]["name"] == "Still needed"


def test_an_expired_token_is_traded_and_a_right_that_ends_empties_the_store(
    port: int, device_class: Any, tmp_path: Path
) -> None:
    device = log_in(device_class, port, tmp_path)
    device.store.execute("UPDATE settings SET value = 'expired' WHERE name = 'token'")
    ModelPermission.objects.filter(model_name="testapp.Order").delete()
    device.sync()
    assert len(device.rows("testapp.Customer")) == 1
    assert device.rows("testapp.Order") == {}


def test_a_push_that_is_too_large_is_sent_in_parts(port: int, acme: Any, device_class: Any, tmp_path: Path) -> None:
    device = log_in(device_class, port, tmp_path)
    SyncConfig.set_config("SETTINGS", "MAX_PUSH_RECORDS", 2)
    for number in range(5):
        device.change("testapp.Order", {"customer_id": "x", "number": str(number)}, client_id=f"order-{number}")
    (key,) = device.rows("testapp.Customer")
    for number in range(5):
        device.change("testapp.Order", {"customer_id": key}, client_id=f"order-{number}")
    device.sync()
    assert Order.objects.count() == 6


def log_in(device_class: Any, port: int, folder: Path) -> Any:
    device = device_class(f"http://127.0.0.1:{port}/api/sync/", "acme", str(folder / "anna.sqlite3"))
    device.log_in("anna", "two devices")
    device.sync()
    return device


class Player:
    """A user who changes what comes to mind, and whose device dies whenever the line fails."""

    def __init__(
        self, device_class: Any, name: str, port: int, good_port: int, folder: Path, chance: random.Random
    ) -> None:
        self.name, self.chance = name, chance
        self.path = str(folder / f"{name}.sqlite3")
        self.address = f"http://127.0.0.1:{port}/api/sync/"
        self.make = device_class
        self.made: list[str] = []
        self.device = device_class(f"http://127.0.0.1:{good_port}/api/sync/", "acme", self.path)
        self.device.log_in(name, "two devices")

    def change_something(self, turn: int) -> None:
        customers = list(self.device.rows("testapp.Customer"))
        orders = [key for key, row in self.device.rows("testapp.Order").items() if "id" in row]
        if customers and (len(customers) > 1 or self.chance.random() < 0.6):
            number = f"{self.name}-{turn}"
            self.made.append(number)
            self.device.change(
                "testapp.Order", {"customer_id": self.chance.choice(customers), "number": number}, client_id=number
            )
        key = f"00000000-0000-4000-8000-{self.chance.randrange(10**12):012d}"
        self.device.change("testapp.Customer", {"name": f"{self.name} {turn}"}, id=key)
        if orders:
            self.device.change("testapp.Order", {"placed_on": f"2026-01-{turn + 1:02d}"}, id=int(orders[0]))

    def sync(self) -> None:
        """Go on until a round comes to its end, with a new process after each failure."""
        while True:
            self.device.store.close()
            self.device = self.make(self.address, "acme", self.path)
            self.device.patience = 2
            with suppress(OSError, HTTPException, ValueError):
                return self.device.sync()


@contextmanager
def cutting(port: int, chance: random.Random) -> Iterator[int]:
    """Pass connections on to a port; cut some before the request, some before and some in the midst of the answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_pass_on, args=(listener, port, chance.random), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=60)


def _pass_on(listener: socket.socket, port: int, chance: Callable[[], float]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        drawn = chance()
        with closing(client):
            if drawn < 0.1:
                continue
            with socket.create_connection(("127.0.0.1", port)) as server:
                asking = threading.Thread(target=_pump, args=(client, server), daemon=True)
                asking.start()
                with suppress(OSError):
                    _answer(server, client, drawn)
                for end in (client, server):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                asking.join()


def _answer(server: socket.socket, client: socket.socket, drawn: float) -> None:
    """Pass the answer on, or some of it."""
    answer = b""
    while True:
        piece = server.recv(65536)
        if not piece:
            break
        answer += piece
    if drawn < 0.25:
        answer = b""
    elif drawn < 0.4:
        answer = answer[: len(answer) // 2]
    client.sendall(answer)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while True:
            piece = source.recv(65536)
            if not piece:
                return
            target.sendall(piece)
