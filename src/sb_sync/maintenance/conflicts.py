"""Conflicts as people look at them: field by field, and of those models alone whose rows they may view."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Collection, Dict, List, Mapping, Tuple

from django.apps import apps
from django.contrib.auth import get_permission_codename

from sb_sync.models import SyncConflict
from sb_sync.protocol import DELETED, KEY

__all__ = ["FieldSides", "Sides", "compare_sides", "find_viewable_labels", "pick_values", "suggest_values"]


@dataclass(frozen=True)
class FieldSides:
    """What each side has in one field, as JSON; an empty text where it says nothing of the field.

    `differs` where both say something else, `is_pickable` where the client's value could be written, and
    `is_clients_own` where the client alone changed it, as far as is known what it began from.
    """

    name: str
    base: str
    client: str
    server: str
    differs: bool
    is_pickable: bool
    is_clients_own: bool


@dataclass(frozen=True)
class Sides:
    """Both sides of a conflict: whether the client deletes, whether there was a row, and all their fields."""

    is_deletion: bool
    has_row: bool
    has_base: bool
    fields: Tuple[FieldSides, ...]

    @property
    def pickable(self) -> List[str]:
        """Return the fields of which either side may be taken by itself."""
        return [field.name for field in self.fields if field.is_pickable]


def compare_sides(conflict: SyncConflict) -> Sides:
    """Return both sides; what belongs to the envelope is left out."""
    base, server = conflict.base or {}, conflict.server or {}
    is_deletion, has_row = bool(conflict.client.get(DELETED)), conflict.server is not None
    client: Mapping[str, Any] = {} if is_deletion else conflict.client_values
    names = [name for name in dict.fromkeys([*client, *server]) if not name.startswith("_")]
    fields = []
    for name in names:
        differs = name in client and name in server and client[name] != server[name]
        is_pickable = differs and name != KEY
        is_own = is_pickable and name in base and base[name] == server[name]
        texts = [_write(side, name) for side in (base, client, server)]
        fields.append(FieldSides(name, texts[0], texts[1], texts[2], differs, is_pickable, is_own))
    return Sides(is_deletion, has_row, conflict.base is not None, tuple(fields))


def pick_values(conflict: SyncConflict, names: Collection[str]) -> Dict[str, Any]:
    """Return the client's values of some fields: to write them alone leaves all others as they are."""
    return {name: value for name, value in conflict.client_values.items() if name in names}


def suggest_values(conflict: SyncConflict) -> Dict[str, Any]:
    """Return the client's values, to be changed."""
    return {name: value for name, value in conflict.client_values.items() if name != KEY}


def find_viewable_labels(user: Any) -> List[str]:
    """Return the models whose rows a user may look at."""
    return [
        model._meta.label
        for model in apps.get_models()
        if user.has_perm(f"{model._meta.app_label}.{get_permission_codename('view', model._meta)}")
    ]


def _write(side: Mapping[str, Any], name: str) -> str:
    return json.dumps(side[name], ensure_ascii=False) if name in side else ""
