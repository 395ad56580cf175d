"""What a user must see: organization, rights and filters, worked out from plain rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite
from tests.acceptance.oracle.image import LABELS, TENANTS, Image, Row, encode, encode_row, organization_of
from tests.acceptance.oracle.rules import Condition, holds

Records = Dict[str, Dict[Any, Row]]


@dataclass(frozen=True)
class View:
    """What one user may do in one organization at one moment; `filters` hold for each model whatever the rights."""

    site_id: int
    names: Dict[str, Any]
    rights: Dict[str, ModelPermission]
    filters: Dict[str, List[Condition]]

    def may_pull(self, label: str) -> bool:
        """Tell whether rows of a model are given to this user."""
        return label in self.rights and self.rights[label].can_pull

    def may_push(self, label: str) -> bool:
        """Tell whether this user may write rows of a model."""
        return label in self.rights and self.rights[label].can_push

    def shows(self, image: Image, label: str, row: Row) -> bool:
        """Tell whether a row is the organization's and meets the filters."""
        if TENANTS[label] is not None and organization_of(image, label, row) != self.site_id:
            return False
        return all(holds(condition, image, label, row, self.names) for condition in self.filters.get(label, []))

    def records(self, image: Image) -> Records:
        """Return what a client of this user must hold: by label and key on the wire, the stable values."""
        return {
            label: {
                encode(key): encode_row(label, row)
                for key, row in image[label].items()
                if self.shows(image, label, row)
            }
            for label in LABELS
            if self.may_pull(label)
        }


def find_view(user: Any, organization: Organization) -> Optional[View]:
    """Return what a user may do in an organization now, None where nothing at all."""
    place = UserSite.objects.filter(user=user, site_id=organization.pk, is_active=True).first()
    is_open = Organization.objects.filter(pk=organization.pk, is_active=True).exists()
    if place is None or not is_open or not type(user).objects.get(pk=user.pk).is_active:
        return None
    own = {"site_id": place.site_id, "group_id": place.group_id}
    rights = {row.model_name: row for row in ModelPermission.objects.filter(**own)}
    filters: Dict[str, List[Condition]] = {}
    for label, row in rights.items():
        if row.filters is not None:
            filters.setdefault(label, []).append(row.filters)
    for found in DataFilter.objects.filter(is_active=True, **own):
        filters.setdefault(found.model_name, []).append(found.filter_condition)
    names = {"$user.id": user.pk, "$user.username": user.get_username(), "$organization.id": place.site_id}
    return View(place.site_id, names, rights, filters)
