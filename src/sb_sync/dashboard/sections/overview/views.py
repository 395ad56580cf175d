"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.access import StaffPage

__all__ = ["OverviewPage"]


class OverviewPage(StaffPage):
    """How everything is, at a glance."""

    section = "overview"
    title = _("Overview")
    template_name = "sb_sync/dashboard/overview/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        return self.show()
