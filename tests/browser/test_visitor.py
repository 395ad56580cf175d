"""The visitor tells of what a page should not do: a test that could not fail would prove nothing."""

from __future__ import annotations

from typing import Any

from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE


# What a page should not do, and how it is told; the last one leaves the page.
MISDEEDS = [
    ("console.error('broken')", "console: broken"),
    ("console.warn('nearly broken')", "console: nearly broken"),
    ("setTimeout(() => { throw new Error('thrown') })", "script: thrown"),
    ("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">')", "policy: style-src-attr forbids"),
    ("document.body.append(Object.assign(new Image(), {src: '/nowhere.png'}))", "answered 404: "),
    ("location.assign('http://elsewhere.invalid/x')", "a request to another host: http://elsewhere.invalid/x"),
]


def test_what_a_page_should_not_do_is_told(chief: Visitor) -> None:
    page: Any = chief.go("organizations/")
    for script, told in MISDEEDS:
        page.evaluate(f"() => {{ {script} }}")
        page.wait_for_timeout(200)
        assert any(told in complaint for complaint in chief.unexpected()), chief.complaints
        chief.complaints.clear()


def test_a_page_that_behaves_is_told_nothing_of(chief: Visitor) -> None:
    chief.go("organizations/")
    assert chief.complaints == []


def test_axe_and_the_width_find_what_is_wrong(chief: Visitor) -> None:
    page: Any = chief.go("organizations/")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert any("label" in fault for fault in chief.find_faults())
    assert not chief.is_wider_than_window()
    page.evaluate("document.querySelector('main h1').textContent = 'x'.repeat(500)")
    page.evaluate("document.querySelector('main h1').classList.add('text-nowrap')")
    assert chief.is_wider_than_window()
