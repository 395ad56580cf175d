"""What templates of the staff pages are made with: icons, times, addresses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

import sb_sync
from sb_sync.dashboard.addresses import change_query, reverse_page
from sb_sync.dashboard.paging import AFTER, BEFORE
from sb_sync.dashboard.policy import ICONS
from sb_sync.feed import to_utc
from sb_sync.sentence import translate

__all__ = ["icon", "icon_sprite", "local_time", "page_address", "query", "translated", "without"]

register = template.Library()

SPRITE = Path(sb_sync.__file__).parent / "static" / ICONS


@register.simple_tag(takes_context=True)
def icon(context: Any, name: str, css: str = "") -> SafeString:
    """Return an icon of the sprite; it is decoration, the words beside it say what it means."""
    classes = f"icon {css}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        context.get("icons", ""),
        name,
    )


@register.filter
def translated(sentence: Any) -> Any:
    """Return a sentence in the reader's language."""
    return translate(sentence)


@register.simple_tag
def icon_sprite() -> SafeString:
    """Return all icons as symbols of the page itself: a browser takes none from another origin."""
    return mark_safe(SPRITE.read_text(encoding="utf-8"))  # noqa: S308 - a file of this package


@register.simple_tag
def local_time(moment: Any, form: str = "full") -> Any:
    """Return a time: in UTC as it is sent, in the reader's zone once scripts run. `form`: full, time, date, ago."""
    if not isinstance(moment, datetime):
        return ""
    utc = to_utc(moment)
    exact = f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    return format_html(
        '<time datetime="{}" title="{}" data-form="{}">{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        exact,
        form,
        exact,
    )


@register.simple_tag(takes_context=True)
def page_address(context: Any, name: str, *arguments: Any, **query: Any) -> str:
    """Return the address of a page of ours, about the organization that is looked at."""
    return reverse_page(context.request, name, *arguments, **query)


@register.simple_tag(takes_context=True)
def query(context: Any, **changes: Any) -> str:
    """Return the query of this page with some parameters changed; an empty value removes one."""
    return change_query(context.request, **changes)


@register.simple_tag(takes_context=True)
def without(context: Any, *names: str) -> str:
    """Return the query of this page without some parameters, on its first page."""
    return change_query(context.request, **dict.fromkeys([*names, AFTER, BEFORE]))
