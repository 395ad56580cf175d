"""Copies of the whole database, and putting one back."""

from __future__ import annotations

import sqlite3
from typing import Any, Optional

from django.db import connection, connections


class Copy:
    """One copy of the database, where its product allows that cheaply."""

    def __init__(self) -> None:
        """Copy the database as it stands."""
        self._memory: Optional[sqlite3.Connection] = None
        self._name = ""
        if connection.vendor == "sqlite":
            self._memory = sqlite3.connect(":memory:")
            connection.ensure_connection()
            connection.connection.backup(self._memory)
        elif connection.vendor == "postgresql":
            self._name = f"{connection.settings_dict['NAME']}_copy"
            _run(f"DROP DATABASE IF EXISTS {_quote(self._name)}")
            _run(f"CREATE DATABASE {_quote(self._name)} TEMPLATE {_quote(connection.settings_dict['NAME'])}")

    @property
    def is_taken(self) -> bool:
        """Tell whether there is anything to put back."""
        return self._memory is not None or bool(self._name)

    def restore(self) -> None:
        """Put the copy in the database's place."""
        if self._memory is not None:
            self._memory.backup(connection.connection)
            return
        name = connection.settings_dict["NAME"]
        _run(f"DROP DATABASE {_quote(name)}")
        _run(f"CREATE DATABASE {_quote(name)} TEMPLATE {_quote(self._name)}")

    def drop(self) -> None:
        """Leave nothing behind."""
        if self._memory is not None:
            self._memory.close()
        if self._name:
            _run(f"DROP DATABASE IF EXISTS {_quote(self._name)}")


def _quote(name: str) -> str:
    return str(connection.ops.quote_name(name))


def _run(sql: str) -> None:
    """Run a statement on the server with nobody connected to the database."""
    connections.close_all()
    creation: Any = connection.creation
    with creation._nodb_cursor() as cursor:
        cursor.execute(sql)
