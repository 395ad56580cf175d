"""Changes of rights, filters and memberships, each by a write that sends no signal."""

from __future__ import annotations

from typing import Callable, List

from django.db import connection

from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite
from tests.acceptance.oracle.rules import PATHS, make_condition
from tests.acceptance.oracle.world import World


def change_access(world: World) -> None:
    """Let one thing happen to what users may do."""
    world.chance.choice(CHANGES)(world)


def toggle_right(world: World) -> None:
    """Grant or revoke pulling or pushing."""
    rows = ModelPermission.objects.filter(site__in=[each.pk for each in world.organizations]).order_by("pk")
    row = world.chance.choice(list(rows))
    right = world.chance.choice(["can_pull", "can_push"])
    world.tell("right", row.model_name, row.group, row.site_id, right, not getattr(row, right))
    ModelPermission.objects.filter(pk=row.pk).update(**{right: not getattr(row, right)})


def change_filter(world: World) -> None:
    """Write another condition, or none."""
    rows = ModelPermission.objects.filter(
        site__in=[each.pk for each in world.organizations], model_name__in=list(PATHS)
    ).order_by("pk")
    row = world.chance.choice(list(rows))
    row.filters = world.chance.choice([None, make_condition(world.chance, row.model_name)])
    row.full_clean()
    world.tell("filter", row.model_name, row.group, row.site_id, row.filters)
    ModelPermission.objects.filter(pk=row.pk).update(filters=row.filters)


def toggle_data_filter(world: World) -> None:
    """Switch a filter on or off by SQL."""
    rows = DataFilter.objects.filter(site__in=[each.pk for each in world.organizations]).order_by("pk")
    row = world.chance.choice([None, *rows])
    if row is not None:
        world.tell("data filter", row.model_name, row.group, row.site_id, not row.is_active)
        table = connection.ops.quote_name(DataFilter._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET is_active = %s WHERE id = %s", [not row.is_active, row.pk])


def change_group(world: World) -> None:
    """Give a member another role."""
    place = world.chance.choice(list(UserSite.objects.filter(user__in=world.users).order_by("pk")))
    group = world.chance.choice(world.groups)
    world.tell("group of", place.user, place.site_id, group)
    UserSite.objects.filter(pk=place.pk).update(group=group)


def toggle_membership(world: World) -> None:
    """Let a member out or in again."""
    place = world.chance.choice(list(UserSite.objects.filter(user__in=world.users).order_by("pk")))
    world.tell("membership of", place.user, place.site_id, not place.is_active)
    UserSite.objects.filter(pk=place.pk).update(is_active=not place.is_active)


def toggle_organization(world: World) -> None:
    """Close an organization or open it again."""
    organization = Organization.objects.get(pk=world.chance.choice(world.organizations).pk)
    world.tell("organization", organization.slug, not organization.is_active)
    Organization.objects.filter(pk=organization.pk).update(is_active=not organization.is_active)


CHANGES: List[Callable[[World], None]] = [
    toggle_right,
    toggle_right,
    change_filter,
    change_filter,
    change_filter,
    toggle_data_filter,
    toggle_data_filter,
    change_group,
    toggle_membership,
    toggle_organization,
]
