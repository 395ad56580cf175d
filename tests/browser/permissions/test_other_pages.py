"""One model's rights as a form, rights copied from group to group, and why somebody may do what."""

from __future__ import annotations

from django.contrib.auth.models import Group

from sb_sync.models import ModelPermission
from tests.browser import ON_SQLITE
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE


def test_the_rights_of_a_model_are_saved_from_a_phone(chief: Visitor, world: World) -> None:
    chief.page.set_viewport_size({"width": 360, "height": 740})
    page = chief.go(f"permissions/model/?organization=acme&model={world.label}")
    table = page.locator(".table-box")
    assert table.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    page.get_by_label("Read Only: pull").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The rights of 1 group are changed.").wait_for()
    assert ModelPermission.objects.get(group__name="Read Only", model_name=world.label).can_pull


def test_whoever_saves_a_model_second_is_told(chief: Visitor, world: World) -> None:
    chief.expect("409")
    page = chief.go(f"permissions/model/?organization=acme&model={world.label}")
    right = ModelPermission.objects.get(group=world.group, model_name=world.label)
    right.can_pull = False
    right.save()
    page.get_by_label("Sales: push").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("was quicker. Nothing was saved", exact=False).wait_for()
    assert page.get_by_text("changed meanwhile").is_visible()
    assert page.get_by_label("Sales: push").is_checked()
    assert chief.find_faults() == []


def test_rights_are_copied_after_they_were_looked_at(chief: Visitor, world: World) -> None:
    clerks = Group.objects.create(name="Clerks")
    page = chief.go("permissions/copy/?organization=acme")
    page.get_by_label("Copy the rights of").select_option("Sales")
    page.get_by_label("to the group").select_option("Clerks")
    page.get_by_role("button", name="Show what changes").click()
    page.get_by_role("heading", name="What changes").wait_for()
    assert page.get_by_text("filter “Customers with a name” on testapp.Customer").is_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_text("Clerks in Acme Corporation has the same rights now.").wait_for()
    assert ModelPermission.objects.filter(group=clerks, can_push=True, can_pull=True).exists()


def test_a_copy_that_is_not_what_was_shown_is_shown_again(chief: Visitor, world: World) -> None:
    chief.expect("409")
    clerks = Group.objects.create(name="Clerks")
    page = chief.go(f"permissions/copy/?organization=acme&source={world.group.pk}&target={clerks.pk}")
    ModelPermission.objects.filter(group=world.group, model_name=world.label).delete()
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_text("The rights were changed in the meantime.", exact=False).wait_for()
    assert not ModelPermission.objects.filter(group=clerks).exists()


def test_a_copy_to_itself_is_refused_beside_its_field(chief: Visitor, world: World) -> None:
    address = f"permissions/copy/?organization=acme&source={world.group.pk}&target={world.group.pk}"
    page = chief.go(address, status=400)
    assert page.get_by_text("Choose another group or another organization.").is_visible()
    assert chief.find_faults() == []


def test_each_step_from_the_account_to_the_rows_is_told(chief: Visitor, world: World) -> None:
    page = chief.go("permissions/why/?organization=acme")
    page.get_by_label("User", exact=True).fill("ann")
    page.get_by_label("Model", exact=True).fill(world.label)
    page.get_by_role("button", name="Explain").click()
    page.get_by_role("heading", name="ann in Acme Corporation, testapp.Customer").wait_for()
    titles = page.locator(".step h3").all_inner_texts()
    assert titles[:5] == ["Account", "Organization", "Membership", "Model", "Rights of the group"]
    page.get_by_role("link", name="Row filters of this group").click()
    page.get_by_role("heading", name="Rows of testapp.Customer for Sales").wait_for()
