"""One module per database product; the only place that asks which one it is."""

from __future__ import annotations

from typing import Dict, Type

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from sb_sync.feed.backends.base import FeedBackend
from sb_sync.feed.backends.mysql import MySQLBackend
from sb_sync.feed.backends.postgresql import PostgreSQLBackend
from sb_sync.feed.backends.sqlite import SQLiteBackend

__all__ = ["FeedBackend", "UnsupportedDatabase", "backend_for", "working_backend_for"]

BACKENDS: Dict[str, Type[FeedBackend]] = {
    "mysql": MySQLBackend,
    "postgresql": PostgreSQLBackend,
    "sqlite": SQLiteBackend,
}


class UnsupportedDatabase(ImproperlyConfigured):
    """No backend carries the feed in this database."""


def backend_for(using: str) -> FeedBackend:
    """Return the backend of a database; raises `UnsupportedDatabase` where there is none."""
    vendor = connections[using].vendor
    if vendor not in BACKENDS:
        raise UnsupportedDatabase(f"sb_sync cannot keep a feed in {vendor} (database {using!r}).")
    return BACKENDS[vendor](using)


def working_backend_for(using: str) -> FeedBackend:
    """Return the backend of a database that can be worked with; raises `UnsupportedDatabase` for old servers too."""
    backend = backend_for(using)
    if backend.is_too_old():
        raise UnsupportedDatabase(f"sb_sync cannot keep a feed in a server as old as that of database {using!r}.")
    return backend
