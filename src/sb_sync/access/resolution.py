"""From a user and the name of an organization to a scope."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.db.models import F, IntegerField, TextField, Value
from django.db.models.functions import Cast

from sb_sync import catalog
from sb_sync.access.filters import RowFilter, resolve_filter
from sb_sync.access.scope import ALL, Rights, Scope
from sb_sync.errors import NotAuthenticated, OrganizationDenied, OrganizationRequired
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite

__all__ = ["resolve_scope"]

# Beyond this no key of an organization exists, and a database may refuse to compare.
MAX_ID = 2**31 - 1
# Which table a row of the joined query is from.
PERMISSION, FILTER = 0, 1
# How "no condition" of a permission may stand in the database: NULL, JSON's null, and an object without keys.
NO_CONDITION = (None, "null", "{}")


@dataclass(frozen=True)
class Place:
    """An organization, with the group that the user has there."""

    organization: Organization
    group_id: Optional[int]


@dataclass(frozen=True)
class Grants:
    """What a group may do, and with which rows."""

    rights: Dict[str, Rights]
    filters: Dict[str, RowFilter]


def resolve_scope(user: Any, organization: Optional[Union[str, int]] = None) -> Scope:
    """Return what a user may do in an organization, named by slug or id; None where there is one to choose.

    Takes at most three queries. Raises `NotAuthenticated` without a user, `OrganizationRequired` where several could
    be meant, and `OrganizationDenied` in the same words for one that does not exist, is not active or is not the
    user's.
    """
    if not user.is_authenticated:
        raise NotAuthenticated
    if not user.is_active:
        raise OrganizationDenied
    place = _find_place(user, organization)
    grants = _grant_all() if _is_superuser(user) else _read_grants(user, place)
    return Scope(
        user_id=str(user.pk),
        username=user.get_username(),
        site_id=place.organization.pk,
        organization_slug=place.organization.slug,
        organization_name=place.organization.name,
        group_id=place.group_id,
        is_superuser=_is_superuser(user),
        rights=MappingProxyType(grants.rights),
        filters=MappingProxyType(grants.filters),
    )


def _is_superuser(user: Any) -> bool:
    """Tell whether a user passes every permission; a custom user model may know no superusers."""
    return bool(getattr(user, "is_superuser", False))


def _find_place(user: Any, wanted: Optional[Union[str, int]]) -> Place:
    """Return the organization that is meant."""
    memberships = UserSite.objects.filter(user=user, is_active=True, site__organization__is_active=True)
    joined = memberships.select_related("site__organization").order_by("site__organization__slug")
    places = [Place(membership.site.organization, membership.group_id) for membership in joined]
    if wanted is not None:
        places = _choose(places, wanted) or (_choose_any(wanted) if _is_superuser(user) else [])
    elif not places and _is_superuser(user):
        places = [Place(found, None) for found in Organization.objects.filter(is_active=True).order_by("slug")]
    if not places:
        raise OrganizationDenied
    if len(places) > 1:
        raise OrganizationRequired([place.organization.slug for place in places])
    return places[0]


def _choose(places: Sequence[Place], wanted: Union[str, int]) -> List[Place]:
    """Return the place with a slug or, where none has it, with an id."""
    by_slug = [place for place in places if place.organization.slug == wanted]
    return by_slug or [place for place in places if place.organization.pk == _read_id(wanted)]


def _choose_any(wanted: Union[str, int]) -> List[Place]:
    """Return any active organization by slug or id, as a superuser may."""
    active = Organization.objects.filter(is_active=True)
    candidates: List[Organization] = []
    if isinstance(wanted, str) and wanted.isascii() and wanted.isprintable():
        candidates = list(active.filter(slug=wanted))
    number = _read_id(wanted)
    if not candidates and number is not None:
        candidates = list(active.filter(pk=number))
    return [Place(found, None) for found in candidates]


def _read_id(wanted: Union[str, int]) -> Optional[int]:
    """Return an id from a number or its digits."""
    if isinstance(wanted, str) and wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(MAX_ID)):
        wanted = int(wanted)
    is_id = isinstance(wanted, int) and not isinstance(wanted, bool) and 0 < wanted <= MAX_ID
    return int(wanted) if is_id else None


def _grant_all() -> Grants:
    """Return every right on every row of every model."""
    return Grants(dict.fromkeys(catalog.synced_models(), ALL), {})


def _read_grants(user: Any, place: Place) -> Grants:
    """Return the rights of a group in an organization and its row filters, for the models that are synchronised."""
    granted, stored = _read_rows(place)
    deletable = _read_deletable(place.group_id) if any(may_push for may_push, _ in granted.values()) else set()
    rights = dict(_combine(catalog.synced_models(), granted, deletable))
    names = {
        "$user.id": str(user.pk),
        "$user.username": user.get_username(),
        "$organization.id": place.organization.pk,
    }
    filters = {
        label: resolve_filter(catalog.synced_models()[label], stored[label.lower()], names)
        for label in rights
        if label.lower() in stored
    }
    return Grants(rights, filters)


def _read_rows(place: Place) -> Tuple[Dict[str, Tuple[bool, bool]], Dict[str, List[str]]]:
    """Return (may push, may pull), and the stored conditions, each by label in lower case. One query.

    Conditions are read as text: what other hands wrote may be no JSON that Python can read.
    """
    own = {"site": place.organization.pk, "group": place.group_id}
    permissions = ModelPermission.objects.filter(**own).order_by()
    filters = DataFilter.objects.filter(**own, is_active=True).order_by()
    rows = permissions.annotate(
        label=F("model_name"),
        kind=Value(PERMISSION, IntegerField()),
        push=F("can_push"),
        pull=F("can_pull"),
        condition=Cast("filters", TextField()),
    ).values_list("label", "kind", "push", "pull", "condition")
    others = filters.annotate(
        label=F("model_name"),
        kind=Value(FILTER, IntegerField()),
        push=F("is_active"),
        pull=F("is_active"),
        condition=Cast("filter_condition", TextField()),
    ).values_list("label", "kind", "push", "pull", "condition")
    granted: Dict[str, Tuple[bool, bool]] = {}
    stored: Dict[str, List[str]] = {}
    # Of its own Django 6.1 orders what is joined as the first model asks, by columns that are not read.
    for label, kind, push, pull, condition in rows.union(others, all=True).order_by():
        name = label.lower()
        if kind == PERMISSION:
            granted[name] = (bool(push), bool(pull))
        if kind == FILTER or condition not in NO_CONDITION:
            stored.setdefault(name, []).append("" if condition is None else condition)
    return granted, stored


def _read_deletable(group_id: Optional[int]) -> Set[Tuple[str, str]]:
    """Return (app label, codename) of the Django permissions of a group that allow to delete."""
    rows = Permission.objects.filter(group=group_id, codename__startswith="delete_")
    return set(rows.values_list("content_type__app_label", "codename"))


def _combine(
    models: Mapping[str, catalog.SyncedModel],
    granted: Mapping[str, Tuple[bool, bool]],
    deletable: Set[Tuple[str, str]],
) -> List[Tuple[str, Rights]]:
    """Put the rights together, by label."""
    combined: List[Tuple[str, Rights]] = []
    for label, synced in models.items():
        may_push, may_pull = granted.get(label.lower(), (False, False))
        if not (may_push or may_pull):
            continue
        options = synced.model._meta
        may_delete = (options.app_label, get_permission_codename("delete", options)) in deletable
        combined.append((label, Rights(can_push=may_push, can_pull=may_pull, can_delete=may_push and may_delete)))
    return combined
