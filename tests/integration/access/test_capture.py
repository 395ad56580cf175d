"""SB_SYNC["CAPTURE"]: filters through tables of models that are not synchronised."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from sb_sync import catalog, feed
from sb_sync.feed import State, find_states
from tests.integration.access.test_push import one
from tests.integration.access.world import CUSTOMER, World, leaf, run_sql
from tests.testapp.models import Courier, Customer

REMARK = "testapp.Remark"


@pytest.fixture(autouse=True)
def _captured(world: World, settings: Any) -> Iterator[None]:
    settings.SB_SYNC = {"CAPTURE": ["auth.User", "testapp.Contract", "testapp.customer"]}
    catalog.reload()
    feed.install("default")
    yield
    settings.SB_SYNC = {}
    catalog.reload()


def test_changes_of_a_captured_model_move_rows(world: World) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager__is_active", "exact", True))
    world.customer("anns", assigned_manager=world.ann)
    world.customer("bobs", assigned_manager=world.bob)
    world.customer("free")
    device = world.device(CUSTOMER)
    assert world.names(device) == ["anns", "bobs"]
    get_user_model().objects.filter(pk=world.bob.pk).update(is_active=False)
    assert device.pull() == 1
    assert world.names(device) == ["anns"]
    run_sql("UPDATE auth_user SET is_active = %s WHERE username = %s", True, "bob")
    device.pull()
    assert world.names(device) == ["anns", "bobs"]
    world.bob.delete()
    device.pull()
    assert world.names(device) == ["anns"]
    assert device.resets == []


def test_a_captured_row_may_be_of_any_organization_or_none(world: World) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager__username", "startswith", "r"))
    world.customer("one", assigned_manager=world.rob)
    device = world.device(CUSTOMER)
    assert world.names(device) == ["one"]
    get_user_model().objects.filter(pk=world.rob.pk).update(username="nobody")
    device.pull()
    assert world.names(device) == []


def test_the_names_of_the_user_may_be_compared_with_the_captured_row(world: World) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager__username", "exact", "$user.username"))
    mine = world.customer("mine", assigned_manager=world.ann)
    world.customer("theirs", assigned_manager=world.bob)
    device = world.device(CUSTOMER)
    assert world.names(device) == ["mine"]
    assert one(world, CUSTOMER, id=str(mine.pk), assigned_manager_id=world.bob.pk)["code"] == "permission_denied"
    run_sql("UPDATE auth_user SET username = 'anna' WHERE username = 'ann'")
    world.ann.refresh_from_db()
    device.pull()
    assert device.resets == [CUSTOMER]
    assert world.names(device) == ["mine"]


def test_a_captured_model_that_inherits_is_read_from_all_its_tables(world: World, settings: Any) -> None:
    from sb_sync.testing.factories import grant
    from tests.testapp.models import Delivery, Supplier

    settings.SB_SYNC = {"CAPTURE": ["testapp.Courier"]}
    catalog.reload()
    feed.install("default")
    grant(world.acme, group="Sales")
    world.restrict("testapp.Delivery", leaf("driver__username", "startswith", "dan"))
    supplier = Supplier.objects.create(organization=world.acme, code="S1")
    driver = Courier.objects.create(username="dora", home=supplier)
    Delivery.objects.create(supplier=supplier, driver=driver)
    device = world.device("testapp.Delivery")
    assert device.keys("testapp.Delivery") == []
    get_user_model().objects.filter(pk=driver.pk).update(username="daniel")
    device.pull()
    assert len(device.keys("testapp.Delivery")) == 1


def test_a_key_to_another_column_is_followed(world: World) -> None:
    from tests.testapp.models import Delivery, Supplier

    world.restrict("testapp.Delivery", leaf("supplier__is_open", "exact", True))
    supplier = Supplier.objects.create(organization=world.acme, code="S1", is_open=False)
    Delivery.objects.create(supplier=supplier)
    device = world.device("testapp.Delivery")
    for is_open in (True, False, True):
        Supplier.objects.update(is_open=is_open)
        device.pull()
        assert len(device.keys("testapp.Delivery")) == is_open


def test_a_captured_table_without_triggers_makes_its_models_unavailable(world: World) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager__is_active", "exact", True))
    device = world.device(CUSTOMER, REMARK)
    backend = feed.backend_for("default")
    backend.remove(backend.triggers(["auth_user"]))
    body = device.pull_once()
    assert [(told["_model"], told["code"]) for told in body["errors"]] == [(CUSTOMER, "unavailable")]
    feed.install("default")
    device.pull()
    assert device.resets == [CUSTOMER]


def test_what_is_not_captured_any_more_is_refused_and_closed(world: World, settings: Any) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager__is_active", "exact", True))
    world.customer("anns", assigned_manager=world.ann)
    device = world.device(CUSTOMER)
    settings.SB_SYNC = {}
    catalog.reload()
    feed.install("default")
    assert not any(state.table == "auth_user" for state in find_states("default"))
    device.pull()
    assert world.names(device) == []
    with pytest.raises(ValidationError, match="CAPTURE"):
        world.restrict(CUSTOMER, leaf("assigned_manager__is_active", "exact", True), name="again")


def test_captured_tables_are_installed_like_others(world: World) -> None:
    states = {found.table: found.state for found in find_states("default")}
    assert states["auth_user"] is states["testapp_contract"] is State.INSTALLED
    assert Customer.objects.count() == 0
