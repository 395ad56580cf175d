"""Real copies of the database under test, and the way to go on with one in its place."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from tests.servers.copied_postgresql import SOURCE
from tests.servers.postgresql import find_binaries
from tests.servers.supervisor import ServerUnavailable, throw_away


@contextmanager
def taken_copy(folder: Path) -> Iterator[Callable[[], None]]:
    """Copy the database as it is now; what is given puts the copy in its place."""
    if connection.vendor == "sqlite":
        copy, name = str(folder / "copy"), str(connection.settings_dict["NAME"])
        connection.close()
        shutil.copyfile(name, copy)
        yield lambda: put_file(copy, name)
    else:
        with mock.patch.dict(os.environ, {SOURCE: connection.settings_dict["HOST"]}), server("copied_postgresql") as go:
            yield go


@contextmanager
def moved_dump(folder: Path) -> Iterator[Callable[[], None]]:
    """Start another server; what is given restores a dump of the database there, and goes on with it."""
    binaries, dump, settings = find_binaries(), str(folder / "dump"), connection.settings_dict
    if binaries is None or not (binaries / "pg_restore").exists():
        pytest.skip("these programs of PostgreSQL have no pg_restore")

    def run(program: str, *arguments: str) -> None:
        address = ["-h", settings["HOST"], "-U", settings["USER"]]
        subprocess.run([str(binaries / program), *address, *arguments], check=True)

    with server("postgresql") as go:

        def move() -> None:
            run("pg_dump", "-Fc", "-f", dump, settings["NAME"])
            go()
            run("createdb", settings["NAME"])
            run("pg_restore", "-d", settings["NAME"], dump)

        yield move


@contextmanager
def server(product: str) -> Iterator[Callable[[], None]]:
    """Run another server; what is given makes it the one that Django works with, until the end of the block."""
    settings = connection.settings_dict
    host = settings["HOST"]

    def go(to: str) -> None:
        connection.close()
        settings["HOST"] = to

    try:
        with throw_away(product) as url:
            try:
                yield lambda: go(parse_qs(urlsplit(url).query)["host"][0])
            finally:
                go(host)
    except ServerUnavailable as error:
        pytest.skip(str(error))


def put_file(copy: str, name: str) -> None:
    connection.close()
    shutil.copyfile(copy, name)
