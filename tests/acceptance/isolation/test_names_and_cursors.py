"""What was given to one user serves no other: names of rows, cursors, kept answers."""

from __future__ import annotations

from sb_sync.testing.device import Device
from tests.acceptance.isolation.image import look
from tests.acceptance.world import World
from tests.testapp.models import Badge


def test_what_another_user_calls_a_row_names_nothing(world: World) -> None:
    world.south_device.push([{"_model": "testapp.Customer", "_client_id": "c", "name": "Theirs"}])
    before = look()
    for name in ("c", "nobody's"):
        reference = {"_client_id": name}
        results = world.north_device.push(
            [
                {"_model": "testapp.Order", "customer": reference, "number": "1"},
                {"_model": "testapp.Badge", "id": reference, "_deleted": True},
                {"_model": "testapp.Customer", **reference, "_deleted": True},
            ]
        )["results"]
        assert [(each["status"], each.get("id")) for each in results] == [
            ("error", None),
            ("unchanged", None),
            ("unchanged", None),
        ]
    assert look() == before


def test_a_deletion_by_the_name_of_what_the_key_refers_to_deletes(world: World) -> None:
    world.north_device.push(
        [
            {"_model": "testapp.Customer", "_client_id": "c", "name": "New"},
            {"_model": "testapp.Badge", "id": {"_client_id": "c"}, "code": "B"},
        ]
    )
    badge = {"_model": "testapp.Badge", "id": {"_client_id": "c"}, "_deleted": True}
    (result,) = world.north_device.push([badge])["results"]
    assert (result["status"], Badge.objects.filter(pk=result["id"]).exists()) == ("deleted", False)


def test_a_cursor_of_another_user_organization_or_model_begins_again(world: World) -> None:
    world.pull_all()
    labels = list(world.north_device.cursors)
    twisted = {one: world.north_device.cursors[other] for one, other in zip(labels, labels[1:])}
    for cursors in (dict(world.south_device.cursors), twisted):
        device = Device(world.north_user, "north")
        device.cursors = cursors
        metadata = device.pull_once()["metadata"]
        assert all(told["reset"] for told in metadata.values())
        device.pull()
        for label in cursors:
            assert device.rows.get(label, {}) == world.north_device.rows.get(label, {}), label
