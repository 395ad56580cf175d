"""Every page as it is read from right to left."""

from __future__ import annotations

from typing import Any, List

import pytest

from tests.browser import ON_SQLITE
from tests.browser.gallery.pages import FULL, Shot, list_shots
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
#: What stands at the wrong side: the side bar, the switch of organizations, the menu of the user.
SIDES = """
() => {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [side, content] = [box(".sidebar"), box("main")];
  return {
    sidebar: window.innerWidth - side.right < 20 && side.left >= content.right - 1,
    user: box(".user-menu").left < 100,
    brand: box(".brand").right > window.innerWidth - 100,
  };
}
"""

#: Whether the first letter of a text within an element stands to the left of the second one.
PLACES = """
(element, text) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.data.indexOf(text);
    if (at >= 0) {
      const [first, second] = [0, 1].map((step) => {
        const range = document.createRange();
        range.setStart(node, at + step);
        range.setEnd(node, at + step + 1);
        return range.getBoundingClientRect().left;
      });
      return first < second;
    }
  }
  throw new Error(`there is no ${text}`);
}
"""

#: Whether the words before a time end where it begins.
IS_APART = """
(time) => {
  const words = document.createRange();
  words.selectNodeContents(time.previousSibling);
  return time.getBoundingClientRect().right <= words.getBoundingClientRect().left + 1;
}
"""


@pytest.fixture(params=["ar", "he"])
def right_to_left(request: Any, settings: Any) -> Any:
    """Let the project speak a language that is written from right to left."""
    settings.LANGUAGE_CODE = request.param
    return request.param


def find_faults(visitor: Visitor, shot: Shot) -> List[str]:
    """Return what is wrong with a page on a phone and on a desktop."""
    page = visitor.page
    page.set_viewport_size(PHONE)
    visitor.go_to(shot.path, status=shot.status)
    found = ["wider than a phone"] if visitor.is_wider_than_window() else []
    if page.evaluate("document.documentElement.dir") != "rtl":
        found.append("not from right to left")
    page.set_viewport_size(DESKTOP)
    if visitor.is_wider_than_window():
        found.append("wider than a desktop")
    found += [f"{name} is at the wrong side" for name, is_right in page.evaluate(SIDES).items() if not is_right]
    return [f"{shot.name}: {fault}" for fault in found]


def test_every_page_can_be_read_from_right_to_left(right_to_left: str, chief: Visitor, busy_world: World) -> None:
    found = [fault for shot in list_shots(FULL, busy_world) for fault in find_faults(chief, shot)]
    assert found == []


def test_sections_come_in_from_the_right_on_a_phone(right_to_left: str, chief: Visitor) -> None:
    chief.page.set_viewport_size(PHONE)
    page = chief.go()
    page.locator(".navigation-button").click()
    side = page.locator("#navigation").bounding_box()
    assert side["x"] + side["width"] == PHONE["width"]
    assert not chief.is_wider_than_window()


def test_arrow_keys_of_the_matrix_go_where_they_point(right_to_left: str, chief: Visitor, world: World) -> None:
    page = chief.go("permissions/?organization=acme")
    boxes = page.locator(f'tr[data-label="{world.label}"] td:nth-child(4) input')
    push, pull = boxes.nth(0), boxes.nth(1)
    push.focus()
    assert push.bounding_box()["x"] > pull.bounding_box()["x"]
    page.keyboard.press("ArrowLeft")
    assert pull.evaluate("(box) => box === document.activeElement")
    page.keyboard.press("ArrowRight")
    assert push.evaluate("(box) => box === document.activeElement")


def test_code_times_and_signs_are_not_turned_round(right_to_left: str, chief: Visitor, busy_world: World) -> None:
    page = chief.go(f"logs/{busy_world.failed_entry.pk}/?organization=acme")
    assert is_in_order(page, "pre.document", "_model")
    page = chief.go("metrics/?organization=acme")
    assert page.locator(".page-lead time").first.evaluate(IS_APART)
    assert is_in_order(page, ".change", page.locator(".change").first.inner_text()[:2])


def is_in_order(page: Any, selector: str, text: str) -> bool:
    """Tell whether the first letter of a text stands to the left of its second one."""
    return bool(page.locator(selector).first.evaluate(PLACES, text))
