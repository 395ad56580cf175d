"""Models of every shape that the package promises to serve."""

from __future__ import annotations

import uuid
from decimal import Decimal

import django
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from sb_sync.models import Organization


def check_constraint(name: str, condition: models.Q) -> models.CheckConstraint:
    """Make a check constraint: its argument was called otherwise before Django 5.1."""
    keyword = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(name=name, **{keyword: condition})  # type: ignore[arg-type]


class Region(models.Model):
    """Automatic key; organization by a key of its own to Site."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)


class Tag(models.Model):
    """A text key that the client chooses."""

    slug = models.CharField(max_length=30, primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)


class Product(models.Model):
    """Shared by all organizations; unique number."""

    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))


class Customer(models.Model):
    """UUID key, organization, references, unique e-mail per organization."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    age = models.PositiveIntegerField(null=True, blank=True)
    department = models.CharField(
        max_length=20, blank=True, choices=[("SALES", "Sales"), ("CARDIOLOGY", "Cardiology"), ("SUPPORT", "Support")]
    )
    assigned_manager = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.SET_NULL)
    tags = models.ManyToManyField(Tag, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"], condition=~models.Q(email=""), name="testapp_customer_email"
            ),
        ]


class Order(models.Model):
    """Automatic key; organization by a path of one step."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    number = models.CharField(max_length=20)
    placed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "number"], name="testapp_order_number")]


class OrderLine(models.Model):
    """Automatic key; organization by a path of two steps; a protected reference to a shared model."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    quantity = models.IntegerField(default=1, validators=[MinValueValidator(1)])

    class Meta:
        constraints = [check_constraint("testapp_line_limit", models.Q(quantity__lt=1_000_000))]


class Visit(models.Model):
    """Many-to-many, self reference, nullable parent."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE)
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    products = models.ManyToManyField(Product, blank=True)
    note = models.TextField(blank=True)


class Team(models.Model):
    """One half of a circle: a team has a lead."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=40, unique=True)
    lead = models.ForeignKey("Member", null=True, blank=True, on_delete=models.SET_NULL, related_name="leads")


class Member(models.Model):
    """The other half: a member belongs to a team; organization by a path."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)


class Place(models.Model):
    """The parent of a multi-table inheritance."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)


class Restaurant(Place):
    """The child of a multi-table inheritance."""

    stars = models.IntegerField(default=0)


class Badge(models.Model):
    """A key that is a reference; organization by that path."""

    customer = models.OneToOneField(Customer, primary_key=True, on_delete=models.CASCADE)
    code = models.CharField(max_length=20)


class Shelf(models.Model):
    """An integer key that the client chooses; an organization that may be missing."""

    number = models.IntegerField(primary_key=True)
    organization = models.ForeignKey(Organization, null=True, blank=True, on_delete=models.CASCADE)
    title = models.CharField(max_length=40, blank=True)


class Specimen(models.Model):
    """One field of every type that Django has."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    big = models.BigIntegerField(null=True, blank=True)
    small = models.SmallIntegerField(null=True, blank=True)
    positive = models.PositiveBigIntegerField(null=True, blank=True)
    flag = models.BooleanField(default=False)
    maybe = models.BooleanField(null=True, blank=True)
    text = models.TextField(blank=True)
    short = models.CharField(max_length=10, blank=True)
    slug = models.SlugField(blank=True)
    url = models.URLField(blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    ratio = models.FloatField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    clock = models.TimeField(null=True, blank=True)
    moment = models.DateTimeField(null=True, blank=True)
    span = models.DurationField(null=True, blank=True)
    blob = models.BinaryField(null=True, blank=True, editable=True)
    document = models.JSONField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    attachment = models.FileField(upload_to="attachments", blank=True)
    path = models.FilePathField(path="/", blank=True)


class Stamped(models.Model):
    """Saved by project code: own save() and clean()."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    title = models.CharField(max_length=40)
    slug = models.CharField(max_length=40, blank=True, editable=False)

    def clean(self) -> None:
        if self.title == "forbidden":
            raise ValidationError({"title": "This title is forbidden."})

    def save(self, *args: object, **kwargs: object) -> None:
        self.slug = self.title.lower().replace(" ", "-")
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Chapter(models.Model):
    """Keeps history."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    title = models.CharField(max_length=40)
    history = HistoricalRecords()


class Contract(models.Model):
    """Two keys to organizations compete and none is declared: not synchronised."""

    seller = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    buyer = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT)


class Supplier(models.Model):
    """Other rows name it by its code; remarks may be made on it."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    code = models.CharField(max_length=10, unique=True)
    is_open = models.BooleanField(default=True)
    remarks = GenericRelation("Remark")


class Courier(User):
    """A user by inheritance, who would go with a row that is synchronised."""

    home = models.ForeignKey(Supplier, on_delete=models.CASCADE)


class Delivery(models.Model):
    """A key to another column than the primary key, one that restricts with limited choices, one to a kind of user."""

    supplier = models.ForeignKey(Supplier, to_field="code", on_delete=models.CASCADE, related_name="deliveries")
    carrier = models.ForeignKey(
        Supplier,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="carried",
        limit_choices_to={"is_open": True},
    )
    driver = models.ForeignKey(Courier, null=True, blank=True, on_delete=models.SET_NULL)


class Seal(models.Model):
    """Keys that are left alone when what they name goes: with a constraint in the database, and without."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    strict = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+")
    loose = models.ForeignKey(
        Delivery, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )


class Remark(models.Model):
    """A generic key in a column of integers."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()
    text = models.CharField(max_length=40)


class Crate(models.Model):
    """Remarks cannot be made on it, whatever it says: no column of integers holds its key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    remarks = GenericRelation(Remark)


class Label(models.Model):
    """The same with a key that is a text."""

    slug = models.CharField(max_length=30, primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    remarks = GenericRelation(Remark)


class Fair(models.Model):
    """A many-to-many field with a through model of its own."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)
    suppliers = models.ManyToManyField(Supplier, through="Stand", blank=True)


class Stand(models.Model):
    """That through model. Two paths lead to an organization; `sync.py` declares one."""

    fair = models.ForeignKey(Fair, on_delete=models.CASCADE)
    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE)
    place = models.CharField(max_length=10)


class Engine(models.Model):
    """A second parent by inheritance, shared by all organizations."""

    engine_id = models.AutoField(primary_key=True)
    power = models.IntegerField(default=0)


class Service(models.Model):
    """Refers to that parent."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    engine = models.ForeignKey(Engine, on_delete=models.CASCADE)


class FoodTruck(Place, Engine):
    """The child of two tables."""

    plate = models.CharField(max_length=10)


class Lock(models.Model):
    """One half of a circle that no second turn can break."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    key = models.ForeignKey("Key", on_delete=models.CASCADE, related_name="+")


class Key(models.Model):
    """The other half."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    lock = models.ForeignKey(Lock, on_delete=models.CASCADE, related_name="+")


class Folder(models.Model):
    """A tree: what is below goes with it."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=40, blank=True)


class Gauge(models.Model):
    """May stand in another database than its organization: no constraint leads there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_constraint=False)
    name = models.CharField(max_length=40)


class Shipment(models.Model):
    """Three references, two unique rules and a list of keys: as much to look up as a record asks for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+")
    driver = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    number = models.CharField(max_length=20)
    seal = models.CharField(max_length=20)
    tags = models.ManyToManyField(Tag, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="testapp_shipment_number"),
            models.UniqueConstraint(fields=["customer", "seal"], name="testapp_shipment_seal"),
        ]
