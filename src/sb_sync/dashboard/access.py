"""Who may open a page: staff with its permission, within the organizations that they may see."""

from __future__ import annotations

import codecs
from contextlib import nullcontext
from typing import Any, ContextManager, Dict, Optional, Sequence, Union
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views import View

from sb_sync import catalog
from sb_sync.attribution import attributed_to_request
from sb_sync.dashboard.addresses import reverse_page
from sb_sync.dashboard.forgery import ForgeryCheck
from sb_sync.dashboard.frame import make_frame
from sb_sync.dashboard.organizations import PARAMETER, Selection, select
from sb_sync.dashboard.permissions import VIEW
from sb_sync.dashboard.policy import protect
from sb_sync.dashboard.texts import as_shown
from sb_sync.refusal import Refused

__all__ = ["StaffPage"]

READING = ("GET", "HEAD", "OPTIONS")


class StaffPage(View):
    """A page, or an address that its scripts ask. Attributes say who may and what it is about.

    Methods are called with `self.selection` set. They may raise `Refused` (400, with its reasons), `Http404` and
    `PermissionDenied`; whoever asks for JSON is answered `{"detail": text}` with the same status.
    """

    #: Of `navigation.ENTRIES`.
    section = ""
    title: Any = ""
    template_name = ""
    #: What reading asks for, what it asks for besides, and what writing asks for besides.
    permission = VIEW
    own_permission: Optional[str] = None
    write_permission: Optional[str] = None
    is_for_staff = True
    #: Whether it is about one organization: without one in the address the first.
    needs_organization = False

    selection: Selection

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view. Django's own ways to protect it give way to ours, which protect it in every project."""
        view: Any = super().as_view(**initkwargs)
        view.login_required = False
        view.csrf_exempt = True
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a request, or say why not."""
        check = ForgeryCheck(request)
        response = self._answer(request, check, *args, **kwargs) if is_in_utf8(request) else _refuse_encoding()
        check.leave_cookie(response)
        protect(response)
        return response

    def get_context(self) -> Dict[str, Any]:
        """Return what every template of this page is given, to be extended."""
        frame = make_frame(self.request, section=self.section, title=self.title)
        return {**frame, "is_about_one": self.needs_organization}

    def show(self, *, status: int = 200, **context: Any) -> HttpResponse:
        """Return the page."""
        return self._render(self.template_name, {**self.get_context(), **context}, status)

    def answer_json(self, body: Dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Return what a script asked for."""
        return JsonResponse(body, status=status)

    def reverse(self, name: str, *arguments: Any, **query: Any) -> str:
        """Return the address of another page, which is about the same organization."""
        return reverse_page(self.request, name, *arguments, **query)

    @property
    def wants_json(self) -> bool:
        """Tell whether a script asks."""
        return self.request.headers.get("Accept", "").startswith("application/json")

    def may(self, permission: str) -> bool:
        """Tell whether the user has a permission."""
        return bool(self.request.user.has_perm(permission))

    def _answer(self, request: HttpRequest, check: ForgeryCheck, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: Any = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return self._ask_to_log_in()
        try:
            self._admit(user, check)
            with self._attribution():
                return super().dispatch(request, *args, **kwargs)
        except PermissionDenied as error:
            return self._refuse(403, str(error) or _("You may not do this."))
        except Http404 as error:
            return self._refuse(404, str(error) or _("There is no such page."))
        except Refused as error:
            return self._refuse(400, error.reasons)

    def _admit(self, user: Any, check: ForgeryCheck) -> None:
        """Let in who may; set what the page is about."""
        if self.is_for_staff and not (user.is_active and getattr(user, "is_staff", False)):
            raise PermissionDenied(_("These pages are for members of staff."))
        for name in filter(None, (self.permission, self.own_permission)):
            if not user.has_perm(name):
                raise PermissionDenied(_("You lack the permission for this page: {name}.").format(name=name))
        catalog.refresh()
        slug = self.request.GET.get(PARAMETER)
        self.selection = select(user, slug, takes_first=self.needs_organization)
        setattr(self.request, "sb_sync_selection", self.selection)  # noqa: B010 - Django's requests know no such name
        if self.request.method in READING:
            return
        fault = check.find_fault()
        if fault:
            raise PermissionDenied(_("The request did not come from this page, or its form is old: load it again."))
        if self.write_permission and not user.has_perm(self.write_permission):
            raise PermissionDenied(_("You lack the permission for this: {name}.").format(name=self.write_permission))

    def _attribution(self) -> ContextManager[None]:
        return nullcontext() if self.request.method in READING else attributed_to_request(self.request)

    def _ask_to_log_in(self) -> HttpResponse:
        """Send people to the log-in page, and tell scripts where it is."""
        page = find_log_in()
        if self.wants_json or page is None:
            return self._refuse(401, _("You are not logged in any more. Log in, and try again."))
        return redirect_to_login(self.request.get_full_path(), page)

    def _refuse(self, status: int, reasons: Union[str, Sequence[str]]) -> HttpResponse:
        """Return why there is nothing to see, with the way out."""
        told = [reasons] if isinstance(reasons, str) else list(reasons)
        if self.wants_json:
            return JsonResponse({"detail": " ".join(told), "log_in": find_log_in()}, status=status)
        context = {
            **make_frame(self.request, section=self.section, title=_TITLES[status]()),
            "status": status,
            "reasons": told,
        }
        return self._render("sb_sync/dashboard/refused.html", context, status)

    def _render(self, template: str, context: Dict[str, Any], status: int) -> HttpResponse:
        text = render_to_string(template, context, self.request)
        return HttpResponse(as_shown(text), status=status)


_TITLES: Any = {
    400: lambda: _("This does not work"),
    401: lambda: _("Log in first"),
    403: lambda: _("Not allowed"),
    404: lambda: _("Not found"),
}


def is_in_utf8(request: HttpRequest) -> bool:
    """Tell whether a request is written as browsers do here; a client may name encodings that hold no text at all."""
    named = request.encoding or "utf-8"
    try:
        return codecs.lookup(named).name in ("utf-8", "ascii")
    except LookupError:
        return False


def _refuse_encoding() -> HttpResponse:
    """Return a plain answer: whatever reads the address to make a page would fail at it."""
    told = _("The request is not written in UTF-8.")
    return HttpResponse(told, status=400, content_type="text/plain; charset=utf-8")


def find_log_in() -> Optional[str]:
    """Return the project's log-in page, else the admin's; None where there is neither."""
    try:
        address = resolve_url(settings.LOGIN_URL)
        if not urlsplit(address).netloc:
            resolve(urlsplit(address).path)
    except (NoReverseMatch, Resolver404):
        pass
    else:
        return address
    try:
        return reverse("admin:login")
    except NoReverseMatch:
        return None
