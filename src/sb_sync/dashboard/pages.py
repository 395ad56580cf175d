"""Pages that are of no section: the choice of an organization, the way out, and the wrong address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.access import StaffPage, find_log_in
from sb_sync.dashboard.filters import FilterForm
from sb_sync.dashboard.organizations import find_visible
from sb_sync.dashboard.paging import paginate

__all__ = ["LogOut", "MissingPage", "OrganizationsPage"]


class OrganizationSearch(FilterForm):
    """Find an organization by a part of its name or slug, to go on to a page with it."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    next = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)


class OrganizationsPage(StaffPage):
    """All organizations that the user may see, to choose one: the switch lists only the first."""

    title = _("Choose an organization")
    template_name = "sb_sync/dashboard/organizations.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of the list."""
        form = OrganizationSearch(request.GET)
        rows = find_visible(request.user)
        for word in form.value("q", "").split():
            rows = rows.filter(name__icontains=word) | rows.filter(slug__icontains=word)
        page = paginate(rows, request.GET, order=("name", "pk"))
        return self.show(form=form, page=page, next=self._find_next(form), status=form.status)

    def _find_next(self, form: OrganizationSearch) -> str:
        """Return the path of the page to go on to: one of ours, never another site."""
        wanted, first = form.value("next", ""), self.reverse("config_dashboard", organization="")
        is_ours = wanted.startswith(first) and "?" not in wanted
        is_safe = url_has_allowed_host_and_scheme(wanted, None)
        return wanted if is_ours and is_safe else first


class LogOut(StaffPage):
    """End the session; also of those who may see nothing here."""

    is_for_staff = False
    permission = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Log out and show the log-in page, which leads back."""
        logout(request)
        return HttpResponseRedirect(find_log_in() or "/")


class MissingPage(StaffPage):
    """Every other address."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Take any method: there is nothing to be done here by any."""
        self.http_method_not_allowed = self.get  # type: ignore[method-assign]
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say that there is nothing."""
        raise Http404
