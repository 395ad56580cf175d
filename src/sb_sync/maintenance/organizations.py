"""Organizations and their members."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, List, Optional

from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import transaction

from sb_sync.maintenance.groups import create_groups, find_group
from sb_sync.maintenance.permission_file import PermissionFile
from sb_sync.maintenance.permissions import ApplyReport, apply_file, generate_file
from sb_sync.models import Organization, UserSite
from sb_sync.refusal import Refused

__all__ = [
    "ExampleReport",
    "MemberReport",
    "OrganizationReport",
    "add_member",
    "choose_organization",
    "create_organization",
    "find_organization",
    "setup_example",
]

EXAMPLE_NAME = "Example Company"
EXAMPLE_SLUG = "example"
EXAMPLE_MEMBERS = [("example_admin", "Administrators"), ("john_manager", "Managers"), ("example_reader", "Read Only")]
PASSWORD_BYTES = 12


@dataclass(frozen=True)
class OrganizationReport:
    """What became of an organization, and what a template granted there."""

    organization: Organization
    is_new: bool
    granted: Optional[ApplyReport]


@dataclass(frozen=True)
class MemberReport:
    """What became of a membership: "added", "changed" or "unchanged"."""

    username: str
    group: str
    outcome: str
    password: str = ""


@dataclass(frozen=True)
class ExampleReport:
    """What the example consists of; the password of a member who was there before is not known."""

    organization: OrganizationReport
    members: List[MemberReport]
    left_alone: List[str]


def find_organization(slug: str) -> Organization:
    """Return an organization by its slug. Raises `Refused` with the slugs that there are."""
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Organization.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise Refused(f"There is no organization {slug!r}. There are: {known or 'none yet'}.")
    return found


def choose_organization(slug: Optional[str], file: PermissionFile) -> Organization:
    """Return the organization that a file is for: the one that is asked for beats the file's own. Raises `Refused`."""
    wanted = slug or file.organization
    if not wanted:
        raise Refused("The file names no organization: give --org-slug.")
    return find_organization(wanted)


def create_organization(
    name: str, slug: str, *, site_id: Optional[int] = None, template: Optional[str] = None, dry_run: bool = False
) -> OrganizationReport:
    """Make an organization; with a template, make the common groups and grant every synchronised model there.

    With `site_id` that Site becomes the organization, with all rows that point at it; its domain becomes the slug.
    One that stands already under this slug and name is left as it is, and granted. Raises `Refused`.
    """
    with transaction.atomic():
        organization = Organization.objects.filter(slug=slug).first()
        is_new = organization is None
        if organization is None:
            organization = _make_organization(name, slug, _find_site(slug, site_id))
        elif site_id is not None and organization.pk != site_id:
            raise Refused(f"The organization {slug!r} exists, and is another Site ({organization.pk}).")
        elif organization.name != name:
            raise Refused(f"The organization {slug!r} exists, and is called {organization.name!r}.")
        granted = _grant_all(organization, template) if template else None
        transaction.set_rollback(dry_run)
    return OrganizationReport(organization, is_new, granted)


def add_member(username: str, slug: str, group_name: str, *, dry_run: bool = False) -> MemberReport:
    """Let a user into an organization in a group; a member who is there already gets the group. Raises `Refused`."""
    user_model: Any = get_user_model()
    with transaction.atomic():
        user = user_model._default_manager.filter(**{user_model.USERNAME_FIELD: username}).first()
        if user is None:
            raise Refused(f"There is no user {username!r}. Make one first, by createsuperuser or in the admin.")
        report = _join(user, find_organization(slug), group_name)
        transaction.set_rollback(dry_run)
    return report


def setup_example(*, dry_run: bool = False) -> ExampleReport:
    """Make an organization with groups, rights and users, to try things out.

    Users get a random password. A user of one of these names who is not of the example is left alone.
    """
    with transaction.atomic():
        made = create_organization(EXAMPLE_NAME, EXAMPLE_SLUG, template="read_write")
        members: List[MemberReport] = []
        left_alone: List[str] = []
        for username, group_name in EXAMPLE_MEMBERS:
            found = _make_example_member(username, group_name, made.organization)
            if found is None:
                left_alone.append(username)
            else:
                members.append(found)
        transaction.set_rollback(dry_run)
    return ExampleReport(made, members, left_alone)


def _grant_all(organization: Organization, template: str) -> ApplyReport:
    create_groups()
    return apply_file(generate_file(organization, template), organization)


def _find_site(slug: str, site_id: Optional[int]) -> Optional[Site]:
    """Return the Site that is to become an organization, None where a new one is. Raises `Refused`."""
    namesake = Site.objects.filter(domain=slug).first()
    if namesake is not None and namesake.pk != site_id:
        raise Refused(
            f"A Site with the domain {slug!r} exists: give --site-id {namesake.pk} to make it the organization, or"
            " choose another slug."
        )
    if site_id is None:
        return None
    site = Site.objects.filter(pk=site_id).first()
    if site is None:
        raise Refused(f"There is no Site {site_id}.")
    if Organization.objects.filter(pk=site_id).exists():
        raise Refused(f"The Site {site_id} is an organization already.")
    return site


def _make_organization(name: str, slug: str, site: Optional[Site]) -> Organization:
    organization = Organization(name=name, slug=slug, domain=slug)
    if site is not None:
        organization.site, organization.pk = site, site.pk
    try:
        # A Site that is there already is no second one of its number or domain.
        organization.full_clean(exclude=[] if site is None else ["id", "site", "domain"])
    except ValidationError as error:
        # The domain is the slug again: what is wrong with it is said once.
        told = {field: messages for field, messages in error.message_dict.items() if field != "domain"}
        told = told or {"slug": error.message_dict.get("domain", [])}
        reasons = [f"The {field}: {message}" for field, messages in told.items() for message in messages]
        raise Refused(reasons) from error
    organization.save()
    return organization


def _join(user: Any, organization: Organization, group_name: str) -> MemberReport:
    group = find_group(group_name)
    membership, is_new = UserSite.objects.get_or_create(
        user=user, site_id=organization.pk, defaults={"group": group, "is_active": True}
    )
    outcome = "added" if is_new else "unchanged"
    if membership.group_id != group.pk or not membership.is_active:
        membership.group, membership.is_active = group, True
        membership.save(update_fields=["group", "is_active"])
        outcome = "changed"
    return MemberReport(user.get_username(), group.name, outcome)


def _make_example_member(username: str, group_name: str, organization: Organization) -> Optional[MemberReport]:
    """Return the member, None where the name is another user's."""
    user_model: Any = get_user_model()
    by_email = user_model._meta.get_field(user_model.USERNAME_FIELD).get_internal_type() == "EmailField"
    name = f"{username}@example.com" if by_email or user_model.USERNAME_FIELD == "email" else username
    user = user_model._default_manager.filter(**{user_model.USERNAME_FIELD: name}).first()
    if user is not None:
        is_member = UserSite.objects.filter(user=user, site_id=organization.pk).exists()
        return _join(user, organization, group_name) if is_member else None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    joined = _join(_make_user(user_model, name, password), organization, group_name)
    return MemberReport(joined.username, joined.group, joined.outcome, password)


def _make_user(user_model: Any, name: str, password: str) -> Any:
    user = user_model(**{user_model.USERNAME_FIELD: name})
    try:
        user_model._meta.get_field("email")
        user.email = name if "@" in name else f"{name}@example.com"
    except FieldDoesNotExist:
        pass
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as error:
        raise Refused(f"The user {name!r} cannot be made by itself: {error.messages}.") from error
    user.save()
    return user
