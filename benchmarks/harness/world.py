"""One database with all that stands on it: a server, a Django process, a client who is logged in."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ContextManager, Dict, Iterator, List, Optional, Sequence

import psycopg

from benchmarks.customers import COLUMNS, LABEL, Customer, copy_text
from benchmarks.harness.client import Client
from benchmarks.harness.databases import Databases
from benchmarks.harness.django import Django, django
from benchmarks.harness.server import Server, serving

__all__ = ["CAPTURED", "LOG", "PLAIN", "Template", "World", "make_template"]

CAPTURED = "sales_customer"
PLAIN = "plain_customer"
LOG = "sb_sync_change"
WARMING_REQUESTS = 8


@dataclass(frozen=True)
class Template:
    """A prepared database, and who may do what in it."""

    databases: Databases
    folder: Path
    url: str
    access: Dict[str, Any]
    extra: Dict[str, str]

    @contextmanager
    def world(self, name: str, **extra: str) -> Iterator[World]:
        """Serve a copy of it for the time of the block."""
        url = self.databases.copy(self.url, name)
        environment = _environment(self.folder, url, {**self.extra, **extra})
        try:
            with django(environment) as process:
                place = _Place(url, self.folder / f"{name}.log", environment, process, self.access)
                with place.served() as world:
                    yield world
        finally:
            self.databases.drop(url)


@dataclass(frozen=True)
class _Place:
    """What a world stands on."""

    url: str
    log: Path
    environment: Dict[str, str]
    process: Django
    access: Dict[str, Any]

    @contextmanager
    def served(self) -> Iterator[World]:
        """Run a server for the time of the block."""
        with serving("benchmarks.project.wsgi", self.environment, self.log, path="/drf/empty/") as server:
            world = World(self, server)
            try:
                world.warm()
                yield world
            finally:
                world.close()


def make_template(databases: Databases, folder: Path, name: str, **extra: str) -> Template:
    """Prepare a database."""
    url = databases.create(name)
    with django(_environment(folder, url, extra)) as process:
        access = process.ask("prepare")
    return Template(databases, folder, url, access, extra)


def _environment(folder: Path, url: str, extra: Dict[str, str]) -> Dict[str, str]:
    """Return the variables for a Django process: ours, without settings of other projects."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "BENCH_"))}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "benchmarks.project.settings",
        "BENCH_DATABASE_URL": url,
        "BENCH_FOLDER": str(folder),
        **extra,
    }


class World:
    """A database that is served."""

    def __init__(self, place: _Place, server: Server) -> None:
        self.url = place.url
        self.server = server
        self.django = place.process
        self.organization: int = place.access["organization"]
        self.manager: int = place.access["user"]
        self.client = Client(server.port, place.access["drf_token"])
        self.client.log_in(place.access["username"], place.access["password"])
        self._place = place
        self._connection: Optional[psycopg.Connection] = None

    def served_anew(self) -> ContextManager[World]:
        """Serve the same database by further workers, which have done nothing yet."""
        return self._place.served()

    @property
    def place(self) -> Dict[str, int]:
        """Return whose rows are made."""
        return {"organization": self.organization, "manager": self.manager}

    @property
    def database(self) -> psycopg.Connection:
        """Return a connection of our own in which each statement is a transaction."""
        if self._connection is None:
            self._connection = self.connect()
        return self._connection

    def connect(self) -> psycopg.Connection:
        """Return a further connection."""
        return psycopg.connect(self.url, autocommit=True)

    def close(self) -> None:
        """Close our connection."""
        if self._connection is not None:
            self._connection.close()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the first value of the first row."""
        row = self.database.execute(sql, parameters).fetchone()
        assert row is not None
        return row[0]

    def copy_in(self, table: str, customers: Sequence[Customer]) -> None:
        """Write rows by COPY."""
        self.copy_text_in(table, copy_text(customers, self.organization))

    def copy_text_in(self, table: str, text: bytes) -> None:
        """Write rows that are text already."""
        with self.database.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            copy.write(text)

    def grow(self, table: str, count: int) -> None:
        """Multiply the rows of a table inside the database until there are as many; their keys are new."""
        there = self.one(f"SELECT count(*) FROM {table}")
        others = ", ".join(COLUMNS[1:])
        self.database.execute(
            f"INSERT INTO {table} (id, {others})"
            f" SELECT md5(id::text || number)::uuid, {others} FROM {table}, generate_series(1, %s) number LIMIT %s",
            (-(-count // there), count - there),
        )
        self.settle(table)

    def settle(self, *tables: str) -> None:
        """Do now what the database would else do at any moment of a measurement."""
        for table in [*tables, LOG]:
            self.database.execute(f"VACUUM ANALYZE {table}")

    def warm(self) -> None:
        """Let every worker meet each kind of request once, as far as chance gives every one its turn."""
        for _ in range(WARMING_REQUESTS):
            self.client.drf("POST", "empty/", b"{}")
            self.client.drf("GET", "customers/?page_size=1")
            for _answer in self.client.pull({LABEL: None}, 1):
                break

    def read_customers(self, table: str, organization: Optional[int] = None) -> List[str]:
        """Return the keys of an organization's rows, in their order."""
        found = self.database.execute(
            f"SELECT id::text FROM {table} WHERE organization_id = %s ORDER BY id", (organization or self.organization,)
        )
        return [key for (key,) in found.fetchall()]
