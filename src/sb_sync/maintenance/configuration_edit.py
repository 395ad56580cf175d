"""An edit of one section by somebody who has looked at it: refused where it has changed since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, List, Mapping, Sequence, Tuple

from sb_sync import config
from sb_sync.config import SECTIONS
from sb_sync.maintenance.configuration import ChangeReport, KeyChange, change, export
from sb_sync.refusal import Refused

__all__ = ["Edit", "OutdatedEdit", "apply_edit", "read_standing"]

MISSING: Any = object()


@dataclass(frozen=True)
class Edit:
    """What somebody wants of a section: `values` to set, and keys `removed`, which have their defaults again.

    `seen` is what `read_standing` told when the edit began.
    """

    section: str
    seen: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    removed: FrozenSet[str] = frozenset()


class OutdatedEdit(Refused):
    """The section has changed since; `changes` tells what, as JSON writes values."""

    def __init__(self, changes: Sequence[KeyChange]) -> None:
        """Name the keys that changed."""
        super().__init__("Changed meanwhile: {}. Nothing was written.".format(", ".join(each.key for each in changes)))
        self.changes = changes


def read_standing(section: str) -> Mapping[str, Any]:
    """Return what is set in the database of a section, as JSON by key; what is set wrongly is left out."""
    return export()[section]


def apply_edit(edit: Edit, *, user: Any = None, reason: str = "") -> ChangeReport:
    """Make an edit, all of it or nothing. Raises `OutdatedEdit`, or `Refused` with everything that is wrong."""

    def check(standing: Mapping[Tuple[str, str], Any]) -> None:
        changes = _find_changes(edit, standing)
        if changes:
            raise OutdatedEdit(changes)

    return change(
        {(edit.section, key): value for key, value in edit.values.items()},
        removed=frozenset((edit.section, key) for key in edit.removed),
        user=user,
        reason=reason,
        check=check,
    )


def _find_changes(edit: Edit, standing: Mapping[Tuple[str, str], Any]) -> List[KeyChange]:
    """Return which keys hold something else than was seen; a wrong value counts as none."""
    found: List[KeyChange] = []
    for key, declared in SECTIONS[edit.section].items():
        stands = standing.get((edit.section, key), MISSING)
        if stands is not MISSING and declared.fault(declared.from_json(stands)):
            stands = MISSING
        seen = edit.seen.get(key, MISSING)
        if seen != stands:
            default = declared.to_json(config.value_without(edit.section, key))
            before, after = (default if value is MISSING else value for value in (seen, stands))
            found.append(KeyChange(edit.section, key, before, after))
    return found
