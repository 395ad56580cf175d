from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.servers import mariadb, postgresql, redis, supervisor

PRODUCTS = [
    pytest.param(
        "postgresql",
        marks=pytest.mark.skipif(postgresql.find_binaries() is None, reason="no programs of PostgreSQL here"),
    ),
    pytest.param(
        "mariadb", marks=pytest.mark.skipif(mariadb.find_programs() is None, reason="no programs of MariaDB here")
    ),
    pytest.param("redis", marks=pytest.mark.skipif(redis.find_program() is None, reason="no program of Redis here")),
]
PID_FILES = {"postgresql": "data/postmaster.pid", "mariadb": "mariadb.pid", "redis": "redis.pid"}


def folder_of(url: str) -> Path:
    place = Path(unquote(url.partition("?")[2].partition("=")[2] or urlsplit(url).path))
    return place.parent if place.name.endswith(".sock") else place


def pid_of(product: str, folder: Path) -> int:
    return int((folder / PID_FILES[product]).read_text().split()[0])


def wait_until_gone(folder: Path) -> bool:
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not folder.exists()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_server_runs_for_the_time_of_the_block_and_leaves_nothing(product: str) -> None:
    with supervisor.throw_away(product) as url:
        folder = folder_of(url)
        pid = pid_of(product, folder)
        assert is_running(pid)
    assert not folder.exists()
    assert not is_running(pid)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_server_stops_when_its_starter_is_ended_by_a_signal(product: str, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, supervisor.__file__, product],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # A shell's background jobs ignore Ctrl-C, and what they start inherits it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as starter:
        assert starter.stdout is not None
        folder = folder_of(starter.stdout.readline().decode().strip())
        pid = pid_of(product, folder)
        assert is_running(pid)
        starter.send_signal(number)
    assert wait_until_gone(folder)
    assert not is_running(pid)
