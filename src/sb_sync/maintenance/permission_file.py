"""The permission file: which group may push and pull which model in an organization, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from sb_sync.maintenance.files import write_whole
from sb_sync.refusal import Refused

__all__ = ["Entry", "PermissionFile", "dump", "make_empty", "parse", "read", "write"]

FILE_KEYS = {"organization", "permissions"}
ENTRY_KEYS = {"group", "model", "push", "pull", "filters"}


@dataclass(frozen=True)
class Entry:
    """The rights of one group on one model; `place` names the entry in messages.

    `filters` is the condition on its rows, None for none; one that does not say leaves what stands as it is.
    """

    group: str
    model: str
    push: bool
    pull: bool
    place: str = ""
    filters: Optional[Dict[str, Any]] = None
    says_filters: bool = True


@dataclass(frozen=True)
class PermissionFile:
    """A file whose shape is right; what it names is not looked up yet."""

    organization: Optional[str]
    entries: Tuple[Entry, ...]


def read(path: str) -> PermissionFile:
    """Return the file at a path. Raises `Refused` with everything that is wrong with it."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            document = json.load(file)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is not JSON: {error}.") from error
    return parse(document)


def parse(document: Any) -> PermissionFile:
    """Return what a JSON document says. Raises `Refused` with everything that is wrong with it."""
    if not isinstance(document, dict) or not isinstance(document.get("permissions"), list):
        raise Refused("The file must be a JSON object whose `permissions` is a list.")
    faults = [f"{name}: unknown key." for name in document if name not in FILE_KEYS]
    organization = document.get("organization")
    if organization is not None and not isinstance(organization, str):
        faults.append("organization: must be a slug.")
    entries: List[Entry] = []
    for number, item in enumerate(document["permissions"]):
        place = f"permissions[{number}]"
        found = _find_faults(item)
        faults.extend(f"{place}{fault}" for fault in found)
        if not found:
            entries.append(_make_entry(item, place))
    faults.extend(_find_repetitions(entries))
    if faults:
        raise Refused(faults)
    return PermissionFile(organization, tuple(entries))


def make_empty() -> PermissionFile:
    """Return a file to fill in."""
    return PermissionFile("organization-slug", (Entry("Sales", "app.Model", push=True, pull=True),))


def dump(file: PermissionFile) -> str:
    """Return a file as text, one entry a line."""
    lines = ",\n".join(f"    {json.dumps(_as_object(entry), ensure_ascii=False)}" for entry in file.entries)
    listed = f"[\n{lines}\n  ]" if file.entries else "[]"
    return (
        f'{{\n  "organization": {json.dumps(file.organization, ensure_ascii=False)},\n  "permissions": {listed}\n}}\n'
    )


def write(file: PermissionFile, path: str) -> None:
    """Write a file whole or not at all. Raises `Refused` where the place does not take it."""
    write_whole(path, dump(file))


def _make_entry(item: Dict[str, Any], place: str) -> Entry:
    return Entry(
        group=item["group"],
        model=item["model"],
        push=item["push"],
        pull=item["pull"],
        place=place,
        filters=item.get("filters") or None,
        says_filters="filters" in item,
    )


def _as_object(entry: Entry) -> Dict[str, Any]:
    written = {"group": entry.group, "model": entry.model, "push": entry.push, "pull": entry.pull}
    return {**written, "filters": entry.filters} if entry.says_filters else written


def _find_faults(item: Any) -> List[str]:
    """Return what is wrong with the shape of one entry."""
    if not isinstance(item, dict):
        return [": must be an object."]
    faults = [f".{name}: unknown key." for name in item if name not in ENTRY_KEYS]
    faults += [f".{name}: must be a text." for name in ("group", "model") if not _is_text(item.get(name))]
    faults += [f".{name}: must be true or false." for name in ("push", "pull") if not isinstance(item.get(name), bool)]
    if not isinstance(item.get("filters"), (dict, type(None))):
        faults.append(".filters: must be a condition or null.")
    return faults


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\x00" not in value


def _find_repetitions(entries: List[Entry]) -> List[str]:
    """Return a fault for each entry that says again, or otherwise, what an earlier one says."""
    first: Dict[Tuple[str, str], str] = {}
    faults: List[str] = []
    for entry in entries:
        earlier = first.setdefault((entry.group, entry.model.lower()), entry.place)
        if earlier != entry.place:
            faults.append(f"{entry.place}: {entry.group} and {entry.model} stand in {earlier} already.")
    return faults
