"""Texts that are names."""

from __future__ import annotations

from typing import Any, Optional

from django.db import models

__all__ = ["NameField"]


class NameField(models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """A name that somebody else gave: told from others by its case and the blanks at its end, on every database."""

    def db_type(self, connection: Any) -> Optional[str]:
        """Return the column type; the usual collations of MariaDB and MySQL tell neither case nor blanks."""
        found = super().db_type(connection)
        if connection.vendor != "mysql":
            return found
        collation = "utf8mb4_nopad_bin" if connection.mysql_is_mariadb else "utf8mb4_0900_bin"
        return f"{found} CHARACTER SET utf8mb4 COLLATE {collation}"
