"""Which organizations a member of staff sees, and which of them a page is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, FrozenSet, List, Optional, Tuple, TypeVar

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from sb_sync.dashboard.texts import is_storable
from sb_sync.models import Organization

__all__ = ["PARAMETER", "Selection", "find_visible", "select"]

#: The parameter of every address that names the organization.
PARAMETER = "organization"
#: So many the switch lists; more are found by its search.
LISTED = 12
Rows = TypeVar("Rows", bound="QuerySet[Any, Any]")


@dataclass(frozen=True)
class Selection:
    """What a page is about: the organization that was chosen, else all that its reader may see.

    The keys of all that the reader may see are looked up when they are needed, which is seldom where one was chosen.
    """

    chosen: Optional[Organization]
    reader: Any

    @cached_property
    def site_ids(self) -> Optional[FrozenSet[int]]:
        """Return the keys of all that the reader may see, None where there is no limit (a superuser)."""
        if self.reader.is_superuser:
            return None
        return frozenset(find_visible(self.reader).values_list("pk", flat=True))

    @property
    def slug(self) -> str:
        """Return what stands in the address, an empty string for all."""
        return "" if self.chosen is None else self.chosen.slug

    @property
    def is_everything(self) -> bool:
        """Tell whether it is all organizations, and what belongs to none of them."""
        return self.chosen is None and bool(self.reader.is_superuser)

    @property
    def keys(self) -> Optional[Tuple[int, ...]]:
        """Return the keys of the organizations that the page may show, None where it shows everything."""
        if self.chosen is not None:
            return (self.chosen.pk,)
        return None if self.site_ids is None else tuple(sorted(self.site_ids))

    def narrow(self, rows: Rows, path: str = "site_id") -> Rows:
        """Return those rows that the page may show; `path` leads to the key of their organization.

        Rows of no organization are shown to those alone who see everything.
        """
        if self.chosen is not None:
            return rows.filter(**{path: self.chosen.pk})
        return rows if self.site_ids is None else rows.filter(**{f"{path}__in": self.site_ids})

    def includes(self, site_id: Optional[int]) -> bool:
        """Tell whether the page may show a row of this organization."""
        if self.chosen is not None:
            return bool(site_id == self.chosen.pk)
        return self.site_ids is None or site_id in self.site_ids


def find_visible(user: Any) -> QuerySet[Organization]:
    """Return the organizations that a member of staff may see: a superuser all, others those of their memberships."""
    rows = Organization.objects.order_by("name", "pk")
    if user.is_superuser:
        return rows
    mine = Q(site__sync_memberships__user=user, site__sync_memberships__is_active=True)
    return rows.filter(mine, is_active=True)


def select(user: Any, slug: Optional[str], *, takes_first: bool = False) -> Selection:
    """Return what a page is about: the organization of the slug, else the first one or all.

    Raises `Http404`, in the same words, for one that is not there and for one that the user may not see.
    """
    visible = find_visible(user)
    if not slug:
        return Selection(visible.first() if takes_first else None, user)
    chosen = visible.filter(slug=slug).first() if is_storable(slug) else None
    if chosen is None:
        raise Http404(_("There is no such organization among those that you may see."))
    return Selection(chosen, user)


def list_for_switch(user: Any) -> List[Organization]:
    """Return the first organizations by name, one more than are listed where there are more."""
    return list(find_visible(user)[: LISTED + 1])
