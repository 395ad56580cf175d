"""What lists of any length share: the times asked for most, the search that goes on, and the news."""

from __future__ import annotations

from datetime import timedelta
from typing import Dict, List, Tuple

from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sb_sync.dashboard.addresses import change_query
from sb_sync.dashboard.paging import AFTER, BEFORE
from sb_sync.feed import to_utc

__all__ = ["THAN", "list_periods", "make_search_texts", "tell_news"]

#: Where new entries begin, in the address that asks for them.
THAN = "than"


def list_periods(request: HttpRequest) -> List[Tuple[str, str]]:
    """Return the times that are asked for most, with the queries that ask for them."""
    moment = to_utc(now())
    periods = [(_("Last hour"), 1), (_("Last 24 hours"), 24), (_("Last 7 days"), 7 * 24)]
    return [
        (
            name,
            change_query(
                request,
                since=f"{moment - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}",
                until=None,
                **{AFTER: None, BEFORE: None},
            ),
        )
        for name, hours in periods
    ]


def make_search_texts() -> Dict[str, str]:
    """Return what the script says that searches on."""
    return {
        "stop": _("Stop searching"),
        "further": _("Search further back"),
        "found": _("{count} entries are shown."),
        "failed": _("The search was interrupted. Check the connection and go on."),
    }


def tell_news(count: int, *, is_more: bool) -> Dict[str, object]:
    """Return how many entries are new, for the script that asks; with `is_more` at least so many."""
    if is_more:
        told = ngettext("%(count)s or more new entries", "%(count)s or more new entries", count)
    else:
        told = ngettext("%(count)s new entry", "%(count)s new entries", count)
    return {"count": count, "text": told % {"count": count}}
