"""What is wrong with a condition, for those who save one."""

from __future__ import annotations

from typing import Any

from sb_sync import catalog
from sb_sync.access.filters.check import check_condition
from sb_sync.access.filters.parse import InvalidFilter, shorten
from sb_sync.access.filters.resolve import read_stored
from sb_sync.relations import captured_tables

__all__ = ["find_fault", "find_stored_fault"]


def find_fault(label: str, condition: Any) -> str:
    """Return what is wrong with a condition on the model of a label, an empty string where nothing is."""
    synced = catalog.find(label)
    if synced is None:
        return f"{shorten(label)} is not among the synchronised models, so its rows cannot be filtered."
    try:
        check_condition(synced, condition)
    except InvalidFilter as error:
        return str(error)
    return ""


def find_stored_fault(label: str, text: str) -> str:
    """Return what is wrong with a condition that stands in the database as JSON, an empty string where nothing is.

    One for a model that is not synchronised filters nothing, and is none.
    """
    synced = catalog.find(label)
    if synced is None:
        return ""
    try:
        read_stored(synced, text, captured_tables(synced.database))
    except InvalidFilter as error:
        return str(error)
    return ""
