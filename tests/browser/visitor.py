"""A member of staff with a browser that tells on every page that is not as it should be."""

from __future__ import annotations

import re
from typing import Any, Iterator, List
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from tests.browser.axe import COLOURS, RULES, find_faults

__all__ = ["PREFIX", "Visitor"]

PREFIX = "/api/sync/config/"
THEMES = ("light", "dark")
# What a page did against its policy is told by the browser's console as well; this names the place.
WATCH = """
document.addEventListener("securitypolicyviolation", (event) => {
  const place = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI} at ${place}`);
});
"""
# As if it had been chosen in another tab: charts take the new colours too.
SWITCH = """
(theme) => { localStorage.setItem("sb_sync.theme", theme); window.dispatchEvent(new Event("storage")); }
"""


class Visitor:
    """One browser with one page. `page` is Playwright's; what went wrong is told at the end of the test.

    A test that makes something fail says so before: `expect(r"500")` takes complaints that match.
    """

    def __init__(self, context: Any, address: str) -> None:
        """Take a fresh context of the browser, and where the project is served."""
        self.context = context
        self.address = address
        self.complaints: List[str] = []
        self._expected: List[str] = []
        context.add_init_script(WATCH)
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        # A colour that is on its way to another is neither; the pages stand still for whoever wants them to.
        self.page.emulate_media(reduced_motion="reduce")
        context.on("request", self._hear_request)
        context.on("response", self._hear_response)
        self.page.on("console", self._hear_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def log_in(self, user: Any) -> None:
        """Be a user, without the log-in page."""
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.address}])

    def go(self, path: str = "", *, status: int = 200) -> Any:
        """Open a page below `config/` and return it; the status must be this one."""
        return self.go_to(PREFIX + path, status=status)

    def go_to(self, path: str, *, status: int = 200) -> Any:
        """Open any page of the project, by its whole path, and return it; the status must be this one."""
        if status >= 400:
            self.expect(str(status))
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.status == status, f"{response.status} {response.text()[:2000]}"
        return self.page

    def expect(self, pattern: str) -> None:
        """Take complaints that match a regular expression: this test makes something fail."""
        self._expected.append(pattern)

    def choose_theme(self, theme: str) -> None:
        """Have the page in light or dark, as its reader chooses it."""
        self.page.evaluate("(theme) => localStorage.setItem('sb_sync.theme', theme)", theme)
        self.page.reload()

    def switch_theme(self, theme: str) -> None:
        """Show the page in light or dark as it stands, without loading it again."""
        self.page.evaluate(SWITCH, theme)

    def find_faults(self) -> List[str]:
        """Return what axe finds serious in the page as it is now, in both themes."""
        found: List[str] = []
        # What the head of the page covers at the moment is found to be too small to be pressed.
        self.page.evaluate("window.scrollTo(0, 0)")
        for theme in THEMES:
            self.switch_theme(theme)
            # The elements are the same in both.
            rules = RULES if theme == THEMES[0] else COLOURS
            found += [f"{theme}: {fault}" for fault in find_faults(self.page, rules)]
        return found

    def is_wider_than_window(self) -> bool:
        """Tell whether the page must be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def unexpected(self) -> Iterator[str]:
        """Yield what went wrong and was not announced."""
        for complaint in self.complaints:
            if not any(re.search(pattern, complaint) for pattern in self._expected):
                yield complaint

    def _hear_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.complaints.append(f"a request to another host: {request.url}")

    def _hear_response(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"answered {response.status}: {response.url}")

    def _hear_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")
