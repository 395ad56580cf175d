"""Entries of the trails as pages and files show them: a line for each value that changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterator, List

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync.ops.audit import AuditEntry, AuditGroup, FieldChange, group_entries

__all__ = ["KINDS", "ChangeLine", "EntryRow", "GroupRows", "list_groups", "list_lines", "write_value"]

KINDS = {
    "created": gettext_lazy("Created"),
    "changed": gettext_lazy("Changed"),
    "deleted": gettext_lazy("Deleted"),
}
CSS = {"created": "tag-good", "changed": "tag-info", "deleted": "tag-bad"}
#: So much of a value a page shows; a file holds all of it.
SHOWN = 2_000
#: Entries with more lines are closed until they are opened.
OPEN_LINES = 12


@dataclass(frozen=True)
class ChangeLine:
    """One value before and after, as text; `path` leads to it within JSON. None where there was or is nothing."""

    name: str
    label: str
    path: str
    old: Any
    new: Any


@dataclass(frozen=True)
class EntryRow:
    """One entry of a page."""

    entry: AuditEntry
    lines: List[ChangeLine]

    @property
    def kind(self) -> Any:
        """Return what was done."""
        return KINDS[self.entry.kind]

    @property
    def css(self) -> str:
        """Return the class of its kind."""
        return CSS[self.entry.kind]

    @property
    def shows_old(self) -> bool:
        """Tell whether something may have stood before."""
        return self.entry.kind != "created"

    @property
    def shows_new(self) -> bool:
        """Tell whether something stands now."""
        return self.entry.kind != "deleted"

    @property
    def is_open(self) -> bool:
        """Tell whether its lines are shown at once: those of a change, unless they are many."""
        return self.entry.kind == "changed" and len(self.lines) <= OPEN_LINES


@dataclass(frozen=True)
class GroupRows:
    """Entries that belong together."""

    group: AuditGroup
    rows: List[EntryRow]


def list_groups(entries: Any) -> List[GroupRows]:
    """Return the entries of a page by what made them."""
    return [
        GroupRows(group, [EntryRow(entry, [_shorten(line) for line in list_lines(entry)]) for entry in group.entries])
        for group in group_entries(entries)
    ]


def list_lines(entry: AuditEntry) -> Iterator[ChangeLine]:
    """Yield a line for each value that changed."""
    for change in entry.changes:
        if change.parts:
            yield from (
                ChangeLine(change.name, change.label, part.path, write_value(part.old), write_value(part.new))
                for part in change.parts
            )
        else:
            yield _make_line(change)


def write_value(value: Any) -> Any:
    """Return a value as people read it, None for none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


def _make_line(change: FieldChange) -> ChangeLine:
    return ChangeLine(change.name, change.label, "", write_value(change.old), write_value(change.new))


def _shorten(line: ChangeLine) -> ChangeLine:
    return ChangeLine(line.name, line.label, line.path, _cut(line.old), _cut(line.new))


def _cut(text: Any) -> Any:
    return text if text is None or len(text) <= SHOWN else f"{text[:SHOWN]}…"
