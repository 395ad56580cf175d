"""One Chromium for a file of tests, a fresh context for each, and the project on a loopback port."""

from __future__ import annotations

import os
from typing import Any, Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from tests.browser.visitor import Visitor
from tests.servers.browser import QUIET, find_browser

ASYNC_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start the machine's Chromium. Playwright keeps an event loop in this thread, so it ends with the file."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = find_browser()
    if program is None:
        # Where it counts, nothing may be left out.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no Chromium on this machine")
    before = os.environ.get(ASYNC_UNSAFE)
    # Django takes the loop for its own; nothing here runs in it.
    os.environ[ASYNC_UNSAFE] = "1"
    try:
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, args=list(QUIET), chromium_sandbox=os.geteuid() != 0
            )
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ[ASYNC_UNSAFE]
        else:
            os.environ[ASYNC_UNSAFE] = before


@pytest.fixture
def served(transactional_db: None) -> Iterator[str]:
    """Serve the project with its static files; the address is without a slash at its end."""
    server: Any = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def visitor(chromium: Any, served: str) -> Iterator[Visitor]:
    """Open a page for the time of a test, and fail the test by whatever the page should not have done."""
    context = chromium.new_context(base_url=served, locale="en-US", timezone_id="Europe/Berlin")
    visitor = Visitor(context, served)
    yield visitor
    context.close()
    assert list(visitor.unexpected()) == []


@pytest.fixture
def world(transactional_db: None) -> Any:
    """Make Acme, with Ann, who is in Sales, which may push and pull everything."""
    from django.contrib.auth.models import Group

    from sb_sync.testing.factories import grant, make_member, make_organization
    from tests.browser.gallery.world import make_world

    acme = make_organization("acme", name="Acme Corporation")
    member = make_member(acme, username="ann", group="Sales")
    Group.objects.create(name="Read Only")
    grant(acme, group="Sales")
    return make_world(acme, member, Group.objects.get(name="Sales"), ["testapp.Customer", "testapp.Order"])


@pytest.fixture
def busy_world(world: Any) -> Any:
    """Let Acme have worked for two weeks."""
    from tests.browser.gallery.world import fill

    fill(world)
    return world


@pytest.fixture
def chief(visitor: Visitor) -> Visitor:
    """Open the browser of a superuser."""
    from tests.staff import make_chief

    visitor.log_in(make_chief())
    return visitor
