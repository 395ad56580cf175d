"""What is round every page: side bar, switch of organization, menu of the user, texts for scripts."""

from __future__ import annotations

from typing import Any, Dict

from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext as _

from sb_sync import __version__
from sb_sync.dashboard.addresses import reverse_page
from sb_sync.dashboard.navigation import list_entries
from sb_sync.dashboard.organizations import LISTED, list_for_switch
from sb_sync.dashboard.permissions import VIEW
from sb_sync.dashboard.policy import ICONS, find_static_origin

__all__ = ["make_frame"]


def make_frame(request: HttpRequest, *, section: str, title: Any) -> Dict[str, Any]:
    """Return the context of `base.html`; who may not see the pages gets an empty side bar."""
    user: Any = getattr(request, "user", None)
    has_access = bool(user and user.is_active and getattr(user, "is_staff", False) and user.has_perm(VIEW))
    is_elsewhere = bool(find_static_origin())
    return {
        "title": title,
        "section": section,
        "version": __version__,
        "icons": "" if is_elsewhere else static(ICONS),
        # A browser takes no symbols from another origin: there they stand in the page.
        "has_icons_inside": is_elsewhere,
        "staff": user,
        "request_path": request.path,
        "selection": getattr(request, "sb_sync_selection", None),
        "navigation": list_entries(user, section, lambda name: reverse_page(request, name)) if has_access else [],
        "messages": get_messages(request),
        "texts": make_texts(),
        **(_make_switch(user) if has_access else {}),
    }


def _make_switch(user: Any) -> Dict[str, Any]:
    organizations = list_for_switch(user)
    return {"organizations": organizations[:LISTED], "has_more_organizations": len(organizations) > LISTED}


def make_texts() -> Dict[str, str]:
    """Return the texts that common scripts show."""
    return {
        "timeout": _(
            "The server did not answer in time. Nothing was saved as far as we know: look before you try again."
        ),
        "offline": _("The server cannot be reached. Check the connection and try again."),
        "failed": _("The server failed. Try again; if it stays so, look at its log."),
        "refused": _("The server refused this."),
        "loggedOut": _("You are not logged in any more. Log in, and try again."),
        "close": _("Close"),
    }
