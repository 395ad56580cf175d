"""Which fields of a model travel, under which names, and which of them a client writes."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db import models
from django.test.utils import isolate_apps

from sb_sync import catalog, wire
from sb_sync.registry import ModelSync
from sb_sync.tenancy import resolve_tenant
from tests.testapp.models import Customer


def schema(label: str) -> wire.ModelSchema:
    synced = catalog.find(label)
    assert synced is not None
    return wire.schema_of(synced)


def describe(model: Any, **sync: Any) -> wire.ModelSchema:
    """Return the schema of a model that is not installed."""
    declared = type("Declared", (ModelSync,), sync)()
    kind = catalog.AUTOMATIC if isinstance(model._meta.pk, models.AutoField) else catalog.CLIENT
    return wire.schema_of(
        catalog.SyncedModel(
            model._meta.label, model, declared, resolve_tenant(model), kind, "default", model._meta.label
        )
    )


def names(found: wire.ModelSchema) -> List[str]:
    return [field.name for field in (*found.fields, *found.many_to_many)]


def read_only(found: wire.ModelSchema) -> Dict[str, bool]:
    return {field.name: field.read_only for field in (found.key, *found.fields, *found.many_to_many)}


def test_a_record_has_the_key_the_fields_the_organization_and_the_lists() -> None:
    found = schema("testapp.Customer")
    assert found.key.name == "id"
    assert names(found) == [
        "name",
        "email",
        "age",
        "department",
        "assigned_manager_id",
        "region_id",
        "updated_at",
        "organization",
        "tags",
    ]


def test_who_writes_a_field_is_told() -> None:
    told = read_only(schema("testapp.Customer"))
    # The key is hidden from forms, and still the client's.
    assert [name for name, is_read_only in told.items() if is_read_only] == ["updated_at", "organization"]
    assert read_only(schema("testapp.Order"))["id"]
    assert read_only(schema("testapp.Specimen"))["attachment"]
    assert not read_only(schema("testapp.Stamped"))["slug"]


def test_a_foreign_key_is_found_by_both_names() -> None:
    found = schema("testapp.Customer")
    assert found.by_name["region"] is found.by_name["region_id"]
    assert found.by_name["assigned_manager"].references is get_user_model()


def test_the_key_is_found_by_its_own_names_too() -> None:
    badge = schema("testapp.Badge")
    assert badge.by_name["id"] is badge.by_name["customer"] is badge.by_name["customer_id"] is badge.key
    assert badge.key.references is Customer
    tag = schema("testapp.Tag")
    assert tag.by_name["slug"] is tag.by_name["id"] is tag.key


def test_the_organization_is_found_by_its_own_name_too() -> None:
    region = schema("testapp.Region")
    assert region.by_name["site"] is region.by_name["site_id"] is region.by_name["organization"] is region.organization


def test_a_row_with_its_organization_by_a_path_carries_none() -> None:
    assert schema("testapp.Order").organization is None
    assert "organization" not in schema("testapp.Order").by_name


def test_what_is_inherited_travels_once() -> None:
    restaurant = schema("testapp.Restaurant")
    assert names(restaurant) == ["name", "stars", "organization"]
    assert restaurant.by_name["id"] is restaurant.by_name["place_ptr"] is restaurant.key


@isolate_apps("tests.testapp")
def test_another_field_named_organization_keeps_its_name() -> None:
    class Tender(models.Model):
        site = models.ForeignKey(Site, on_delete=models.CASCADE)
        organization = models.CharField(max_length=40)

        class Meta:
            app_label = "testapp"

    found = describe(Tender)
    assert names(found) == ["organization", "site_id"]
    assert found.organization is not None
    assert found.organization.name == "site_id"
    assert not found.by_name["organization"].read_only


@isolate_apps("tests.testapp")
def test_what_the_server_makes_is_read_only() -> None:
    class Note(models.Model):
        made = models.DateTimeField(auto_now_add=True)
        content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
        object_id = models.IntegerField()
        subject = GenericForeignKey()
        hidden = models.CharField(max_length=5, editable=False)
        declared = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
        _private = models.IntegerField()

        class Meta:
            app_label = "testapp"

    assert read_only(describe(Note, read_only=["declared_id"])) == {
        "id": True,
        "made": True,
        "content_type_id": True,
        "object_id": True,
        "hidden": False,
        "declared_id": True,
    }


@isolate_apps("tests.testapp")
def test_a_list_with_a_through_model_of_its_own_is_written_through_that() -> None:
    class Group(models.Model):
        members = models.ManyToManyField("self", through="Membership", symmetrical=False)
        friends = models.ManyToManyField("self")

        class Meta:
            app_label = "testapp"

    class Membership(models.Model):
        group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
        member = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "testapp"

    assert read_only(describe(Group)) == {"id": True, "members": True, "friends": False}


def test_the_project_chooses_what_travels() -> None:
    synced = catalog.find("testapp.Customer")
    assert synced is not None

    def choose(**sync: Any) -> wire.ModelSchema:
        return wire.schema_of(dataclasses.replace(synced, sync=type("Declared", (ModelSync,), sync)()))

    assert names(choose(fields=["name", "region"])) == ["name", "region_id", "organization"]
    excluded = choose(exclude=["email", "tags", "region", "organization"])
    assert names(excluded) == ["name", "age", "department", "assigned_manager_id", "updated_at"]
    assert "email" not in excluded.by_name
    by_column = choose(exclude=["email", "tags", "region_id", "organization_id"])
    assert names(by_column) == names(excluded), "a field is excluded by the name of its column too"
    assert read_only(choose(read_only=["tags", "age"]))["tags"]


def test_a_tag_is_of_the_fields_that_clients_write() -> None:
    synced = catalog.find("testapp.Customer")
    assert synced is not None

    def choose(**sync: Any) -> wire.ModelSchema:
        return wire.schema_of(dataclasses.replace(synced, sync=type("Declared", (ModelSync,), sync)()))

    plain = choose()
    assert choose(exclude=["updated_at"]).tag == plain.tag
    assert choose(exclude=["updated_at"]).fingerprint != plain.fingerprint
    assert choose(read_only=["age"]).tag != plain.tag


@isolate_apps("tests.testapp")
def test_a_field_of_another_package_speaks_for_itself() -> None:
    class Colour(models.CharField):  # type: ignore[type-arg]  # not generic at run time
        def to_python(self, value: Any) -> Any:
            return value.upper() if isinstance(value, str) else super().to_python(value)

        def value_to_string(self, obj: Any) -> str:
            return "#" + str(self.value_from_object(obj))

    class Level(models.PositiveSmallIntegerField):  # type: ignore[type-arg]  # not generic at run time
        pass

    class Paint(models.Model):
        colour = Colour(max_length=6)
        level = Level()

        class Meta:
            app_label = "testapp"

    found = describe(Paint)
    colour, level = found.by_name["colour"], found.by_name["level"]
    assert (colour.encode("FF0000"), colour.decode("ff0000")) == ("#FF0000", "FF0000")
    assert (level.encode(5), level.decode("5")) == (5, 5)
    for field, value in [(colour, "\x00"), (colour, []), (colour, True), (level, 5.5), (level, 40000), (level, "x")]:
        with pytest.raises(Exception, match=r".") as caught:
            field.decode(value)
        assert type(caught.value).__name__ == "ValidationError"


@isolate_apps("tests.testapp")
def test_a_field_named_id_that_is_not_the_key_has_another_name() -> None:
    class Copied(models.Model):
        number = models.AutoField(primary_key=True)
        id = models.IntegerField()
        row_id = models.IntegerField()

        class Meta:
            app_label = "testapp"

    found = describe(Copied)
    assert (found.key.name, found.key.attname) == ("id", "number")
    assert {field.name: field.attname for field in found.fields} == {"row_id_": "id", "row_id": "row_id"}
    assert found.by_name["id"] is found.key
    assert found.by_name["row_id_"].attname == "id"
