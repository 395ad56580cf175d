"""Every page there is, by its address: one that is new is looked at here by itself."""

from __future__ import annotations

from typing import List

from sb_sync.dashboard.navigation import ENTRIES
from tests.browser import ON_SQLITE
from tests.browser.gallery.pages import EMPTY, ERROR, EXAMPLES, FULL, Shot, list_names, list_shots
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


def find_faults(visitor: Visitor, shot: Shot) -> List[str]:
    """Return what is wrong with a page as it is opened, in both themes and at the width of a phone."""
    visitor.page.set_viewport_size(PHONE)
    visitor.go_to(shot.path, status=shot.status)
    found = ["wider than a phone"] if visitor.is_wider_than_window() else []
    visitor.page.set_viewport_size(DESKTOP)
    found += visitor.find_faults()
    return [f"{shot.name}, {shot.state}: {fault}" for fault in found]


def test_pages_of_the_side_bar_are_among_them() -> None:
    assert {entry.name for _, entries in ENTRIES for entry in entries} <= set(list_names())


def test_examples_are_of_pages() -> None:
    assert set(EXAMPLES) <= set(list_names())


def test_full_pages_can_be_read_by_everybody_and_on_a_phone(chief: Visitor, busy_world: World) -> None:
    found = [fault for shot in list_shots(FULL, busy_world) for fault in find_faults(chief, shot)]
    assert found == []


def test_empty_pages_can_be_read_by_everybody_and_on_a_phone(chief: Visitor) -> None:
    assert [fault for shot in list_shots(EMPTY) for fault in find_faults(chief, shot)] == []


def test_pages_that_refuse_can_be_read_by_everybody_and_on_a_phone(chief: Visitor, world: World) -> None:
    assert [fault for shot in list_shots(ERROR) for fault in find_faults(chief, shot)] == []
