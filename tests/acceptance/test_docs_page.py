"""The page that shows the API, in a real browser."""

from __future__ import annotations

import os
import re
from typing import Dict, Tuple

import pytest

from tests.integration.api.client import PREFIX, Api
from tests.servers.browser import find_browser, show
from tests.servers.http import serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser() -> str:
    found = find_browser()
    if found is None:
        missing = "there is no Chromium on this machine"
        # Where it counts, nothing may be left out.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return str(found)


def test_the_page_shows_every_address_and_breaks_no_rule_of_its_policy(browser: str) -> None:
    document = Api().get("schema/").json()
    described = {
        operation["operationId"]: (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    with serving("gthread") as server:
        shown = show(browser, f"http://127.0.0.1:{server.port}{PREFIX}docs/")
    # A script, style, picture or request that the policy refuses is told there.
    assert shown.console == []
    assert _find_operations(shown.elements) == described
    assert "Authorize" in shown.elements


def _find_operations(elements: str) -> Dict[str, Tuple[str, str]]:
    """Return method and path of each operation that is shown, by its name."""
    pattern = re.compile(
        r'id="operations-(?!tag-)\w+-(\w+)".*?opblock-summary-method">(\w+)<.*?data-path="([^"]+)"', re.DOTALL
    )
    return {name: (method, path) for name, method, path in pattern.findall(elements)}
