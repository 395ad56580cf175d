"""Where databases come from: a template that is prepared once, and a copy of it for each measurement."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from tests.servers.supervisor import throw_away

__all__ = ["Databases", "postgresql", "sqlite"]

OWN_SERVER = "SB_SYNC_BENCH_POSTGRES"


class Databases(ABC):
    """A product's databases, each by a URL."""

    @abstractmethod
    def create(self, name: str) -> str:
        """Make an empty database and return its URL."""

    @abstractmethod
    def copy(self, url: str, name: str) -> str:
        """Make a copy of a database that nobody uses now, and return its URL."""

    @abstractmethod
    def drop(self, url: str) -> None:
        """Remove a database that nobody uses any more."""


class _PostgreSQL(Databases):
    def __init__(self, url: str) -> None:
        self._url = url

    def create(self, name: str) -> str:
        return self._create(name, "template1")

    def copy(self, url: str, name: str) -> str:
        return self._create(name, urlsplit(url).path.lstrip("/"))

    def drop(self, url: str) -> None:
        self._execute('DROP DATABASE "{}" WITH (FORCE)'.format(urlsplit(url).path.lstrip("/")))

    def _create(self, name: str, template: str) -> str:
        full = f"bench_{name}_{os.getpid()}"
        self._execute(f'CREATE DATABASE "{full}" TEMPLATE "{template}"')
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{full}"))

    def _execute(self, sql: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as server:
            server.execute(sql)


class _SQLite(Databases):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str) -> str:
        return "sqlite://" + quote(str(self._folder / f"{name}.sqlite3"))

    def copy(self, url: str, name: str) -> str:
        copy = self.create(name)
        shutil.copyfile(urlsplit(url).path, urlsplit(copy).path)
        return copy

    def drop(self, url: str) -> None:
        Path(urlsplit(url).path).unlink()


@contextmanager
def postgresql() -> Iterator[Databases]:
    """Give the server that SB_SYNC_BENCH_POSTGRES names, else one of our own for the time of the block."""
    own = os.environ.get(OWN_SERVER)
    if own:
        yield _PostgreSQL(own)
        return
    with throw_away("durable_postgresql") as url:
        yield _PostgreSQL(url)


@contextmanager
def sqlite(folder: Path) -> Iterator[Databases]:
    """Give databases that are files in a folder."""
    yield _SQLite(folder)
