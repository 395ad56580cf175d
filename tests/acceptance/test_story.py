"""Play the story of the demo on the session's database, with its real server and its devices."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from contextlib import contextmanager
from typing import Any, Dict, Iterator

import pytest
from django.db import connection

from tests.wheel import ROOT

PATIENCE_SECONDS = 400
# Play the first chapter with devices that lose the last record of every answer.
FORGETFUL = """
import runpy
from demo.story import device
apply = device.Device._apply
def forget(self, body, pulled):
    apply(self, {**body, "data": body["data"][:-1]}, pulled)
device.Device._apply = forget
import django
set_up = django.setup
def set_up_for_one_chapter():
    set_up()
    from demo.story import play
    play.CHAPTERS = play.CHAPTERS[:1]
django.setup = set_up_for_one_chapter
runpy.run_module("demo", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> Iterator[Dict[str, str]]:
    """Give the variables under which the demo works on the kind of database that the session tests."""
    variables = dict(os.environ)
    variables.pop("DJANGO_SETTINGS_MODULE", None)
    if request.config.getoption("--db") != "postgresql":
        yield variables
        return
    url = os.environ["SB_SYNC_TEST_POSTGRES"]
    with _own_database(url) as own:
        yield dict(variables, DEMO_DATABASE_URL=own)


def test_the_story_holds_in_every_number(environment: Dict[str, str]) -> None:
    done = _play(environment)
    assert done.returncode == 0, done.stdout
    assert "every check holds" in done.stdout
    assert not re.search(r"\bOFF\b", done.stdout)


def test_a_device_that_loses_a_record_makes_the_story_fail(environment: Dict[str, str]) -> None:
    done = _play(environment, "-c", FORGETFUL)
    assert done.returncode == 1, done.stdout
    assert re.search(r"\bOFF\b", done.stdout)


@contextmanager
def _own_database(url: str) -> Iterator[str]:
    """Make a database on the session's server for the time of the block, and give its URL."""
    psycopg: Any = connection.Database
    name = "story_" + uuid.uuid4().hex[:8]
    server = psycopg.connect(url)
    server.autocommit = True
    server.cursor().execute(f"CREATE DATABASE {name}")
    try:
        yield re.sub(r"/[^/?]+(\?|$)", rf"/{name}\1", url, count=1)
    finally:
        server.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.close()


def _play(environment: Dict[str, str], *how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *(how or ("-m", "demo")), "--once"],
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
