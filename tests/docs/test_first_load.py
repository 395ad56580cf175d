"""The client of the how-to does what the page says, also where the line is cut."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Iterator, Optional

import pytest
from django.core.cache import cache

from sb_sync.models import SyncLog
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.docs.pages import snippets
from tests.integration.api.client import Api
from tests.servers.http import serving
from tests.testapp.models import Visit

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "how-to/first-load.md"
COUNT = 2500
NOTE = "Asks for an offer. " * 20
# How much of the second page comes before the line is cut, in bytes.
CUT_AFTER = 50_000


@pytest.fixture
def token() -> Iterator[str]:
    organization = make_organization("acme")
    grant(organization, models=["testapp.Visit"])
    make_member(organization, username="ann", password="pass")
    Visit.objects.bulk_create([Visit(organization=organization, note=NOTE) for _ in range(COUNT)])
    cache.clear()
    yield str(Api().log_in("ann")["token"])
    cache.clear()


def test_the_client_of_the_page_loads_everything(token: str, tmp_path: Path) -> None:
    script, _, answer = snippets(PAGE)
    (tmp_path / script.file).write_text(script.text)
    with serving("gthread") as server:
        assert load(tmp_path, server.port, token).stdout == answer.text
        Visit.objects.order_by("pk")[:1].get().delete()
        assert load(tmp_path, server.port, token).stdout == "2499 rows\n"
    assert list(SyncLog.objects.order_by("pk").values_list("object_count", flat=True)) == [COUNT, 1]


def test_it_goes_on_where_the_line_was_cut(token: str, tmp_path: Path) -> None:
    script = snippets(PAGE)[0]
    (tmp_path / script.file).write_text(script.text)
    with serving("gthread") as server, cutting_once(server.port) as port:
        done = load(tmp_path, port, token)
        assert done.stdout == f"{COUNT} rows\n"
        assert done.stderr.startswith("cut: ")
    with closing(sqlite3.connect(str(tmp_path / "device.sqlite3"))) as store:
        held = {key for (key,) in store.execute("SELECT key FROM rows")}
    assert held == {str(key) for key in Visit.objects.values_list("pk", flat=True)}
    # The second stream gave what the first had not, and not everything again.
    assert SyncLog.objects.filter(object_count=COUNT - 2000, status="SUCCESS").exists()


def load(folder: Path, port: int, token: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "load.py", f"http://127.0.0.1:{port}/api/sync/", token],
        cwd=str(folder),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


@contextmanager
def cutting_once(port: int) -> Iterator[int]:
    """Pass connections on to a port; cut the first one in the middle of its answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_pass_on, args=(listener, port), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=60)


def _pass_on(listener: socket.socket, port: int) -> None:
    """Serve two connections, of one request each."""
    for cut_after in (b'{"_mark"', None):
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            asking = threading.Thread(target=_pump, args=(client, server, None), daemon=True)
            asking.start()
            _pump(server, client, cut_after)
            # To close alone would wait for the thread that still reads.
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            asking.join()


def _pump(source: socket.socket, target: socket.socket, cut_after: Optional[bytes]) -> None:
    """Pass bytes on until they end, or until some have followed on a word."""
    seen = b""
    with suppress(OSError):
        while cut_after is None or len(seen.partition(cut_after)[2]) < CUT_AFTER:
            piece = source.recv(65536)
            if not piece:
                return
            target.sendall(piece)
            seen += piece if cut_after is not None else b""
