"""Make organizations, users and rights with the commands that a project uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import call_command

from sb_sync.models import Organization, UserOrganization

PASSWORD = "field-sales"
ORGANIZATIONS = [("alder", "Alder & Sons Provisions"), ("bexley", "Bexley Bakery Supply")]


@dataclass(frozen=True)
class Person:
    """A user of the demo with the group in each organization."""

    username: str
    first_name: str
    last_name: str
    groups: Tuple[Tuple[str, str], ...]
    password: str = PASSWORD
    is_office: bool = False


USERS = [
    Person("anna", "Anna", "Price", (("alder", "Administrators"),)),
    Person("amir", "Amir", "Khan", (("alder", "Sales"),)),
    Person("alice", "Alice", "Lewis", (("alder", "Analysts"),)),
    Person("bea", "Bea", "Okafor", (("bexley", "Administrators"),)),
    Person("boris", "Boris", "Nowak", (("bexley", "Sales"),)),
    Person("clara", "Clara", "Moreau", (("alder", "Managers"), ("bexley", "Managers"))),
    Person("office", "Olga", "Hall", (), is_office=True),
]


def make_access() -> Tuple[List[Organization], Dict[Organization, List[Any]]]:
    """Return the organizations, and by organization the users that customers may be assigned to."""
    call_command("setup_organizations", "--action", "create_groups", verbosity=0)
    _make_users()
    for slug, name in ORGANIZATIONS:
        call_command(
            "setup_organizations", "--action", "create_org", "--org-name", name, "--org-slug", slug,
            "--permission-template", "read_write", verbosity=0,
        )  # fmt: skip
    for person in USERS:
        for slug, group in person.groups:
            call_command(
                "setup_organizations", "--action", "add_user", "--username", person.username,
                "--org-slug", slug, "--group-name", group, verbosity=0,
            )  # fmt: skip
    organizations = list(Organization.objects.order_by("slug"))
    return organizations, {organization: _sellers(organization) for organization in organizations}


def _make_users() -> None:
    """Write the users; one hash serves them all, as they share a password."""
    user_model: Any = get_user_model()
    hashed = make_password(PASSWORD)
    user_model.objects.bulk_create(
        user_model(
            username=person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            email=f"{person.username}@example.com",
            password=hashed,
            is_staff=person.is_office,
            is_superuser=person.is_office,
        )
        for person in USERS
    )


def _sellers(organization: Organization) -> List[Any]:
    """Return the members who call on customers, in a fixed order."""
    memberships = UserOrganization.objects.filter(site_id=organization.pk, group__name__in=["Sales", "Managers"])
    return [membership.user for membership in memberships.select_related("user").order_by("user__username")]
