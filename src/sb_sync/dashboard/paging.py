"""Lists of any length: a page begins where the one before it ended, so that the last costs what the first costs."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Tuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sb_sync.dashboard.filters import FIRST_YEAR, LAST_YEAR
from sb_sync.dashboard.texts import is_storable
from sb_sync.refusal import Refused

__all__ = ["AFTER", "BEFORE", "PAGE_SIZE", "SIZES", "Page", "paginate", "walk"]

#: The parameters of the address: where the page before ended, where the page after begins, how many a page holds.
AFTER, BEFORE, SIZE = "after", "before", "size"
PAGE_SIZE = 50
SIZES = (25, 50, 100, 200)
#: Rows that an export reads at a time.
WALKED = 2000
NEWEST_FIRST = ("-timestamp", "-pk")


@dataclass(frozen=True)
class Page:
    """The rows of a page, and where the pages beside it begin: None where there is none."""

    rows: List[Any]
    size: int
    after: Optional[str]
    before: Optional[str]

    def __iter__(self) -> Iterator[Any]:
        """Go through the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Count the rows of this page."""
        return len(self.rows)

    @property
    def is_first(self) -> bool:
        """Tell whether nothing comes before it."""
        return self.before is None


def paginate(
    rows: QuerySet[Any, Any], query: Mapping[str, str], *, order: Sequence[str] = NEWEST_FIRST, size: int = PAGE_SIZE
) -> Page:
    """Return the page that an address names; `order` are fields that are never NULL, the last one unique.

    Rows are instances or `values()`. One statement. Raises `Refused` for a position that is none.
    """
    size = _read_size(query.get(SIZE), size)
    after, before = query.get(AFTER), query.get(BEFORE)
    is_backwards = bool(before) and not after
    names = tuple(_turn(name) for name in order) if is_backwards else tuple(order)
    position = _decode(rows, names, before if is_backwards else after)
    found = list(_beyond(rows, names, position).order_by(*names)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if is_backwards:
        found.reverse()
    first, last = (_encode(found[0], order), _encode(found[-1], order)) if found else (None, None)
    return Page(
        rows=found,
        size=size,
        after=last if (is_backwards or has_more) else None,
        before=first if (has_more if is_backwards else position is not None) else None,
    )


def walk(rows: QuerySet[Any, Any], *, order: Sequence[str] = NEWEST_FIRST, size: int = WALKED) -> Iterator[Any]:
    """Yield all rows in order, a statement for each part: as much memory for ten million as for ten."""
    position: Optional[Tuple[Any, ...]] = None
    while True:
        part = list(_beyond(rows, order, position).order_by(*order)[:size])
        yield from part
        if len(part) < size:
            return
        position = _place_of(part[-1], order)


def _beyond(rows: QuerySet[Any, Any], order: Sequence[str], position: Optional[Sequence[Any]]) -> QuerySet[Any, Any]:
    """Return the rows that come after a position in an order.

    `a <= x AND (a < x OR b < y)`: written so, databases begin to read their index at the position.
    """
    if position is None:
        return rows
    rest = Q()
    for name, value in reversed(list(zip(order, position))):
        lookup = "lt" if name.startswith("-") else "gt"
        field = name.lstrip("-")
        strictly = Q(**{f"{field}__{lookup}": value})
        rest = Q(**{f"{field}__{lookup}e": value}) & (strictly | rest) if rest else strictly
    return rows.filter(rest)


def _turn(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _place_of(row: Any, order: Sequence[str]) -> Tuple[Any, ...]:
    """Return where a row stands: its values of the fields of the order."""
    names = [name.lstrip("-") for name in order]
    return tuple(row[name] if isinstance(row, dict) else getattr(row, name) for name in names)


def _encode(row: Any, order: Sequence[str]) -> str:
    """Return a position as a text for the address."""
    text = json.dumps([_to_text(value) for value in _place_of(row, order)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _to_text(value: Any) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _decode(rows: QuerySet[Any, Any], order: Sequence[str], text: Optional[str]) -> Optional[Tuple[Any, ...]]:
    """Return the position that a text stands for, its values as their fields read them."""
    if not text:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(order):
            raise ValueError
        return tuple(_read(rows, name.lstrip("-"), value) for name, value in zip(order, values))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error, ValidationError) as error:
        raise Refused(_("This address names no page of the list. Begin again at its first page.")) from error


def _read(rows: QuerySet[Any, Any], name: str, value: Any) -> Any:
    options = rows.model._meta
    field: Any = options.pk if name == "pk" else options.get_field(name)
    if not isinstance(value, str) or not is_storable(value):
        raise ValueError
    found = field.to_python(value)
    if isinstance(found, datetime):
        return _check_moment(found)
    if isinstance(found, int) and not -(2**63) <= found < 2**63:
        raise OverflowError
    return found


def _check_moment(moment: datetime) -> datetime:
    """Return a moment of a position, of years that every database and every time zone can hold. Raises `ValueError`."""
    if timezone.is_aware(moment) != settings.USE_TZ or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError
    return moment


def _read_size(text: Optional[str], usual: int) -> int:
    """Return how many rows a page holds: one of those that are offered."""
    return next((size for size in SIZES if str(size) == text), usual)
