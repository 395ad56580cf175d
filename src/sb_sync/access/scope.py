"""What a user may do in one organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Mapping, Optional

from sb_sync.access.filters import RowFilter

__all__ = ["ALL", "NONE", "Rights", "Scope"]


@dataclass(frozen=True)
class Rights:
    """What may be done with one model."""

    can_push: bool
    can_pull: bool
    can_delete: bool


ALL = Rights(can_push=True, can_pull=True, can_delete=True)
NONE = Rights(can_push=False, can_pull=False, can_delete=False)


@dataclass(frozen=True)
class Scope:
    """One user acting in one organization.

    `rights` holds the models that are granted, by label, in the catalog's order; `filters` which of their rows, where
    not all. `group_id` is None for a superuser who is no member.
    """

    user_id: str
    username: str
    site_id: int
    organization_slug: str
    organization_name: str
    group_id: Optional[int]
    is_superuser: bool
    rights: Mapping[str, Rights]
    filters: Mapping[str, RowFilter] = field(default_factory=lambda: MappingProxyType({}))

    def may_pull(self, label: str) -> bool:
        """Tell whether the user may read rows of a model."""
        return self.rights.get(label, NONE).can_pull

    def may_push(self, label: str) -> bool:
        """Tell whether the user may create and change rows of a model."""
        return self.rights.get(label, NONE).can_push

    def may_delete(self, label: str) -> bool:
        """Tell whether the user may delete rows of a model."""
        return self.rights.get(label, NONE).can_delete
