"""Two organizations, their groups, users, rights and first rows, all by chance."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any, Dict, List

from django.contrib.auth.models import Group, Permission

from sb_sync import catalog
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite
from sb_sync.testing.factories import make_member, make_organization
from tests.acceptance.oracle.client import OfflineClient
from tests.acceptance.oracle.image import LABELS, model_of
from tests.acceptance.oracle.rules import DEPARTMENTS, WORDS, make_condition
from tests.testapp.models import (
    Badge,
    Customer,
    Order,
    OrderLine,
    Place,
    Product,
    Region,
    Restaurant,
    Shelf,
    Tag,
    Visit,
)


@dataclass
class World:
    """What one run plays with. All that happens is drawn from `chance`; `story` tells it when the run fails."""

    chance: Random
    prefix: str
    organizations: List[Organization] = field(default_factory=list)
    groups: List[Group] = field(default_factory=list)
    users: List[Any] = field(default_factory=list)
    clients: List[OfflineClient] = field(default_factory=list)
    story: List[str] = field(default_factory=list)
    count: int = 0

    def next_name(self) -> str:
        """Return a text that no other row of any run has."""
        self.count += 1
        return f"{self.prefix}{self.count}"

    def next_uuid(self) -> uuid.UUID:
        """Return a key that the seed alone decides."""
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)

    def word(self) -> str:
        """Return one of the few words that filters know."""
        return self.chance.choice(WORDS)

    def pick(self, label: str) -> Any:
        """Return a row of this run's organizations, or a shared one; None where there is none."""
        keys = sorted(model_of(label)._base_manager.values_list("pk", flat=True))
        return model_of(label)._base_manager.get(pk=self.chance.choice(keys)) if keys else None

    def tell(self, *words: Any) -> None:
        """Add a line to the story."""
        self.story.append(" ".join(str(word) for word in words))


def make_world(seed: int, *, with_times: bool) -> World:
    """Build the world of a seed and let each client begin with nothing; some work with times where they may."""
    world = World(Random(seed), f"s{seed}-")
    chance = world.chance
    world.organizations = [make_organization(f"{world.prefix}{name}") for name in ("north", "south")]
    world.groups = [Group.objects.create(name=f"{world.prefix}{name}") for name in ("staff", "guests")]
    for group in world.groups:
        _let_delete(group, chance)
        for organization in world.organizations:
            _grant(organization, group, chance)
    members = [("ann", 0, 0), ("ben", 0, 1), ("cleo", 1, 0), ("dan", 0, 0), ("dan", 1, 1)]
    for name, place, role in members:
        user = make_member(world.organizations[place], username=world.prefix + name, group=world.groups[role].name)
        world.users.append(user)
        world.clients.append(OfflineClient(user, world.organizations[place], chance))
    world.clients.append(OfflineClient(world.users[0], world.organizations[0], chance))
    for client in world.clients:
        client.works_with_times = with_times and chance.random() < 0.2
    for organization in world.organizations:
        _fill(world, organization)
    return world


def _let_delete(group: Group, chance: Random) -> None:
    """Let a group delete rows of some models."""
    for label in LABELS:
        if chance.random() < 0.7:
            app_label, name = label.lower().split(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=f"delete_{name}"))


def _grant(organization: Organization, group: Group, chance: Random) -> None:
    """Give a group rights on most models, and filters on some."""
    rows: List[ModelPermission] = []
    filters: List[DataFilter] = []
    for label in LABELS:
        if chance.random() < 0.15:
            continue
        own: Dict[str, Any] = {"site_id": organization.pk, "group": group, "model_name": label}
        condition = make_condition(chance, label) if label != "testapp.Tag" and chance.random() < 0.15 else None
        can_push, can_pull = chance.random() < 0.8, chance.random() < 0.9
        rows.append(ModelPermission(can_push=can_push, can_pull=can_pull, filters=condition, **own))
        if label != "testapp.Tag" and chance.random() < 0.25:
            filters.append(DataFilter(filter_name="first", filter_condition=make_condition(chance, label), **own))
    for row in [*rows, *filters]:
        row.save()


def _fill(world: World, organization: Organization) -> None:
    """Give an organization some rows of each model."""
    chance = world.chance
    regions = [Region.objects.create(site_id=organization.pk, name=world.word()) for _ in range(2)]
    tags = [Tag.objects.create(slug=world.next_name(), organization=organization) for _ in range(2)]
    products = [Product.objects.create(sku=world.next_name(), name=world.word()) for _ in range(2)]
    for _ in range(3):
        customer = Customer.objects.create(
            id=world.next_uuid(),
            organization=organization,
            name=world.word(),
            age=chance.choice([None, 1, 3, 5]),
            department=chance.choice(DEPARTMENTS),
            region=chance.choice([None, *regions]),
            assigned_manager=chance.choice([None, *world.users]),
        )
        customer.tags.set(chance.sample(tags, chance.randint(0, 2)))
        order = Order.objects.create(customer=customer, number=world.word())
        OrderLine.objects.create(order=order, product=chance.choice(products), quantity=chance.randint(1, 5))
        previous = Visit.objects.filter(organization=organization).first()
        visit = Visit.objects.create(organization=organization, customer=customer, note=world.word(), previous=previous)
        visit.products.set(chance.sample(products, chance.randint(0, 2)))
    Badge.objects.create(customer=customer, code=world.word())
    Place.objects.create(organization=organization, name=world.word())
    Restaurant.objects.create(organization=organization, name=world.word(), stars=chance.randint(1, 5))
    number = int(world.prefix[1:-1]) * 1000 + world.count
    Shelf.objects.create(number=number, organization=chance.choice([organization, None]), title=world.word())


def clear(world: World) -> None:
    """Take away all that a run made, children first."""
    for label in reversed(list(catalog.synced_models())):
        for relation in model_of(label)._meta.many_to_many:
            relation.remote_field.through._base_manager.all().delete()
        model_of(label)._base_manager.all().delete()
    UserSite.objects.filter(site__in=[organization.pk for organization in world.organizations]).delete()
    for organization in world.organizations:
        organization.delete()
    for group in world.groups:
        group.delete()
    for user in {user.pk: user for user in world.users}.values():
        user.delete()
