"""What is wrong with a condition, for those who save one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List, Tuple, Union

from sb_sync import catalog
from sb_sync.access.filters.check import check_condition
from sb_sync.access.filters.parse import DEEPEST, MOST_COMPARISONS, InvalidFilter, shorten
from sb_sync.access.filters.resolve import read_stored
from sb_sync.catalog import SyncedModel
from sb_sync.relations import captured_tables

__all__ = ["Fault", "find_fault", "find_faults", "find_stored_fault"]

#: The way to a part of a condition: keys of objects and positions in lists.
Place = Tuple[Union[str, int], ...]


@dataclass(frozen=True)
class Fault:
    """What is wrong with the part of a condition that stands at a place."""

    place: Place
    text: str


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


def find_faults(synced: SyncedModel, condition: Any) -> List[Fault]:
    """Return all that is wrong with a condition, each fault where it stands."""
    try:
        check_condition(synced, condition)
    except InvalidFilter as error:
        return list(_locate(synced, condition, ()))[:MOST_COMPARISONS] or [Fault((), str(error))]
    return []


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


def _locate(synced: SyncedModel, condition: Any, place: Place, depth: int = 1) -> Iterator[Fault]:
    """Yield the faults of the parts of a condition, that of a part itself where its own parts have none."""
    parts = _parts_of(condition) if depth < DEEPEST else []
    found = [
        fault for step, part in parts[:MOST_COMPARISONS] for fault in _locate(synced, part, (*place, *step), depth + 1)
    ]
    if found:
        yield from found
        return
    try:
        check_condition(synced, condition)
    except InvalidFilter as error:
        yield Fault(place, str(error))


def _parts_of(condition: Any) -> List[Tuple[Place, Any]]:
    """Return the parts of a condition that joins or negates others, with the way to each."""
    if not isinstance(condition, dict) or len(condition) != 1:
        return []
    ((word, inner),) = condition.items()
    if word == "not":
        return [((word,), inner)]
    if word in ("and", "or") and isinstance(inner, (list, tuple)):
        return [((word, number), part) for number, part in enumerate(inner)]
    return []
