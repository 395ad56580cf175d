"""What is wrong with a condition, for those who save one."""

from __future__ import annotations

from typing import Any

from sb_sync import catalog
from sb_sync.access.filters.check import check_condition
from sb_sync.access.filters.parse import InvalidFilter, shorten

__all__ = ["find_fault"]


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
