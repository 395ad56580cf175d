"""From a user and the name of an organization to a scope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.db import router
from django.db.models import BooleanField, F, IntegerField, QuerySet, TextField, Value
from django.db.models.functions import Cast

from sb_sync import catalog
from sb_sync.access.filters import Names, RowFilter, resolve_filter
from sb_sync.access.scope import ALL, Rights, Scope
from sb_sync.errors import NotAuthenticated, OrganizationDenied, OrganizationRequired
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite
from sb_sync.optimizations.prepared import Parameter, Prepared

__all__ = ["NO_CONDITION", "is_superuser", "names_of", "resolve_scope"]

# Beyond this no key of an organization exists, and a database may refuse to compare.
MAX_ID = 2**31 - 1
# Which table a row of the joined query is from.
PERMISSION, FILTER, DELETABLE = 0, 1, 2
#: How "no condition" of a permission may stand in the database: NULL, JSON's null, and an object without keys.
NO_CONDITION = (None, "null", "{}")


@dataclass(frozen=True)
class Place:
    """An organization, with the group that the user has there; None for a superuser who is no member."""

    site_id: int
    slug: str
    name: str
    group_id: Optional[int]


@dataclass(frozen=True)
class Grants:
    """What a group may do, and with which rows."""

    rights: Dict[str, Rights]
    filters: Dict[str, RowFilter]


def resolve_scope(user: Any, organization: Optional[Union[str, int]] = None, *, with_deletions: bool = True) -> Scope:
    """Return what a user may do in an organization, named by slug or id; None where there is one to choose.

    Without deletions nobody is asked what the group may delete, and it may delete nothing: enough for who only reads.
    Takes two queries, for a superuser at most three. Raises `NotAuthenticated` without a user, `OrganizationRequired`
    where several could be meant, and `OrganizationDenied` in the same words for one that does not exist, is not active
    or is not the user's.
    """
    if not user.is_authenticated:
        raise NotAuthenticated
    if not user.is_active:
        raise OrganizationDenied
    place = _find_place(user, organization)
    grants = (
        _grant_all()
        if is_superuser(user)
        else _read_grants(user, place, _grants if with_deletions else _grants_to_keep)
    )
    return Scope(
        user_id=str(user.pk),
        username=user.get_username(),
        site_id=place.site_id,
        organization_slug=place.slug,
        organization_name=place.name,
        group_id=place.group_id,
        is_superuser=is_superuser(user),
        rights=MappingProxyType(grants.rights),
        filters=MappingProxyType(grants.filters),
    )


def is_superuser(user: Any) -> bool:
    """Tell whether a user passes every permission; a custom user model may know no superusers."""
    return bool(getattr(user, "is_superuser", False))


def names_of(user: Any, site_id: int) -> Names:
    """Return what the placeholders of row filters stand for; without a user those that name none."""
    names: Dict[str, Any] = {"$organization.id": site_id}
    return names if user is None else {"$user.id": str(user.pk), "$user.username": user.get_username(), **names}


def _find_place(user: Any, wanted: Optional[Union[str, int]]) -> Place:
    """Return the organization that is meant."""
    memberships = _memberships.ask(router.db_for_read(UserSite), user=user.pk)
    places = [Place(*membership) for membership in memberships]
    if wanted is not None:
        places = _choose(places, wanted) or (_choose_any(wanted) if is_superuser(user) else [])
    elif not places and is_superuser(user):
        places = _list_all(Organization.objects.filter(is_active=True).order_by("slug"))
    if not places:
        raise OrganizationDenied
    if len(places) > 1:
        raise OrganizationRequired([place.slug for place in places])
    return places[0]


def _choose(places: Sequence[Place], wanted: Union[str, int]) -> List[Place]:
    """Return the place with a slug or, where none has it, with an id."""
    by_slug = [place for place in places if place.slug == wanted]
    return by_slug or [place for place in places if place.site_id == _read_id(wanted)]


def _choose_any(wanted: Union[str, int]) -> List[Place]:
    """Return any active organization by slug or id, as a superuser may."""
    active = Organization.objects.filter(is_active=True)
    places: List[Place] = []
    if isinstance(wanted, str) and wanted.isascii() and wanted.isprintable():
        places = _list_all(active.filter(slug=wanted))
    number = _read_id(wanted)
    if not places and number is not None:
        places = _list_all(active.filter(pk=number))
    return places


def _list_all(organizations: QuerySet[Organization]) -> List[Place]:
    """Return organizations as places of one who is no member."""
    return [Place(found.pk, found.slug, found.name, None) for found in organizations]


def _query_memberships(using: str) -> QuerySet[Any, Any]:
    """Return the query for the active organizations of a user."""
    rows = UserSite.objects.using(using).filter(
        user=Parameter("user", UserSite._meta.get_field("user")), is_active=True, site__organization__is_active=True
    )
    return rows.order_by("site__organization__slug").values_list(
        "site_id", "site__organization__slug", "site__name", "group_id"
    )


_memberships = Prepared(_query_memberships)


def _read_id(wanted: Union[str, int]) -> Optional[int]:
    """Return an id from a number or its digits."""
    if isinstance(wanted, str) and wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(MAX_ID)):
        wanted = int(wanted)
    is_id = isinstance(wanted, int) and not isinstance(wanted, bool) and 0 < wanted <= MAX_ID
    return int(wanted) if is_id else None


def _grant_all() -> Grants:
    """Return every right on every row of every model."""
    return Grants(dict.fromkeys(catalog.synced_models(), ALL), {})


def _read_grants(user: Any, place: Place, question: Prepared) -> Grants:
    """Return the rights of a group in an organization and its row filters, for the models that are synchronised."""
    granted, stored, deletable = _read_rows(place, question)
    rights = dict(_combine(catalog.synced_models(), granted, deletable))
    names = names_of(user, place.site_id)
    filters = {
        label: resolve_filter(catalog.synced_models()[label], stored[label.lower()], names)
        for label in rights
        if label.lower() in stored
    }
    return Grants(rights, filters)


def _read_rows(
    place: Place, question: Prepared
) -> Tuple[Dict[str, Tuple[bool, bool]], Dict[str, List[str]], Set[Tuple[str, str]]]:
    """Return (may push, may pull) and the stored conditions, by label in lower case, and what may be deleted.

    The last are the (app label, codename) of Django's permissions. One query.
    """
    granted: Dict[str, Tuple[bool, bool]] = {}
    stored: Dict[str, List[str]] = {}
    deletable: Set[Tuple[str, str]] = set()
    using = router.db_for_read(ModelPermission)
    for label, kind, push, pull, text in question.ask(using, site=place.site_id, group=place.group_id):
        if kind == DELETABLE:
            deletable.add((label, text))
            continue
        name = label.lower()
        if kind == PERMISSION:
            granted[name] = (bool(push), bool(pull))
        if kind == FILTER or text not in NO_CONDITION:
            stored.setdefault(name, []).append("" if text is None else text)
    return granted, stored, deletable


def _query_grants(using: str, *, with_deletions: bool) -> QuerySet[Any, Any]:
    """Return the query for all that a group may do in an organization.

    Conditions are read as text: what other hands wrote may be no JSON that Python can read.
    """
    site, group = (Parameter(name, ModelPermission._meta.get_field(name)) for name in ("site", "group"))
    permissions = ModelPermission.objects.using(using).filter(site=site, group=group)
    filters = DataFilter.objects.using(using).filter(site=site, group=group, is_active=True)
    rows = _as_grants(permissions, PERMISSION, label="model_name", push="can_push", pull="can_pull", text="filters")
    others = [
        _as_grants(filters, FILTER, label="model_name", push="is_active", pull="is_active", text="filter_condition")
    ]
    if with_deletions:
        deletions = Permission.objects.using(using).filter(group=group, codename__startswith="delete_")
        others.append(_as_grants(deletions, DELETABLE, label="content_type__app_label", text="codename"))
    # Of its own Django 6.1 orders what is joined as the first model asks, by columns that are not read.
    return rows.union(*others, all=True).order_by()


def _as_grants(
    rows: QuerySet[Any], kind: int, *, label: str, text: str, push: Optional[str] = None, pull: Optional[str] = None
) -> QuerySet[Any, Any]:
    """Return rows of one table as rows of the joined query."""
    columns = {
        "label": F(label),
        "kind": Value(kind, IntegerField()),
        "push": Value(False, BooleanField()) if push is None else F(push),
        "pull": Value(False, BooleanField()) if pull is None else F(pull),
        "condition": Cast(text, TextField()),
    }
    found: QuerySet[Any, Any] = rows.order_by().annotate(**columns).values_list(*columns)
    return found


_grants = Prepared(partial(_query_grants, with_deletions=True))
_grants_to_keep = Prepared(partial(_query_grants, with_deletions=False))


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
