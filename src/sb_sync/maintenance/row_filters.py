"""Row filters of one group on one model: read, saved and deleted as their editor saw them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, List, Optional

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet, TextField
from django.db.models.functions import Cast

from sb_sync.access.filters import find_stored_fault
from sb_sync.maintenance.rights import lock_rights
from sb_sync.models import DataFilter, ModelPermission
from sb_sync.refusal import Refused

__all__ = ["OWN", "FilterPlace", "OutdatedFilter", "StoredFilter", "delete_filter", "list_filters", "save_filter"]

#: The key of the condition that stands in the rights themselves; named filters have their own.
OWN = "rights"
EMPTY = (None, "null", "{}")


@dataclass(frozen=True)
class FilterPlace:
    """Whose filters: of a group in an organization, on the model of a label."""

    site_id: int
    group_id: int
    label: str


@dataclass(frozen=True)
class StoredFilter:
    """A filter as it stands, its condition as JSON: empty where there is none.

    `key` is `OWN` or the primary key of a named one; `version` tells what was seen from what is there now.
    """

    key: str
    name: str
    text: str
    is_active: bool
    fault: str

    @property
    def version(self) -> str:
        """Return a short text that is another one once the filter is."""
        return hashlib.blake2b(repr((self.name, self.text, self.is_active)).encode(), digest_size=8).hexdigest()


class OutdatedFilter(Exception):
    """Somebody changed the filter since it was seen; `present` is what there is now, None where it is gone."""

    def __init__(self, present: Optional[StoredFilter]) -> None:
        """Take what there is now."""
        self.present = present
        super().__init__("The filter was changed in the meantime.")


def list_filters(place: FilterPlace) -> List[StoredFilter]:
    """Return the condition in the rights, and all named filters by name; two queries."""
    own = _with_text(_of(ModelPermission, place), "filters").values_list("text", flat=True).order_by("-pk").first()
    text = "" if own in EMPTY else str(own)
    found = [StoredFilter(OWN, "", text, is_active=True, fault=_find_fault(place, text))]
    named = _with_text(_of(DataFilter, place), "filter_condition").order_by("filter_name", "pk")
    for key, name, text, is_active in named.values_list("pk", "filter_name", "text", "is_active"):
        found.append(StoredFilter(str(key), name, text, is_active, _find_fault(place, text)))
    return found


def save_filter(
    place: FilterPlace, key: Optional[str], condition: Any, *, seen: str, name: str = "", is_active: bool = True
) -> StoredFilter:
    """Save a filter; without a key a new one. Without a condition that of the rights is taken away.

    Raises `Refused` for a condition that does not fit the model or a name that is taken, and `OutdatedFilter`.
    """
    with transaction.atomic():
        lock_rights(place.site_id)
        if key is not None:
            _find_unchanged(place, key, seen)
        try:
            saved = _save_own(place, condition) if key == OWN else _save_named(place, key, name, condition, is_active)
        except ValidationError as error:
            raise Refused(error.messages) from error
        return next(found for found in list_filters(place) if found.key == saved)


def delete_filter(place: FilterPlace, key: str, *, seen: str) -> None:
    """Delete a named filter. Raises `OutdatedFilter`."""
    with transaction.atomic():
        lock_rights(place.site_id)
        found = _find_unchanged(place, key, seen)
        _of(DataFilter, place).get(pk=found.key).delete()


def _of(model: Any, place: FilterPlace) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(site=place.site_id, group=place.group_id)
    return rows.filter(model_name__iexact=place.label)


def _with_text(rows: QuerySet[Any], field: str) -> Any:
    """Read conditions as text: what other hands wrote may be no JSON that Python can read."""
    return rows.annotate(text=Cast(field, TextField()))


def _find_fault(place: FilterPlace, text: str) -> str:
    return find_stored_fault(place.label, text) if text else ""


def _find_unchanged(place: FilterPlace, key: str, seen: str) -> StoredFilter:
    """Return a filter as it stands. Raises `OutdatedFilter` where it is not what was seen."""
    found = next((stored for stored in list_filters(place) if stored.key == key), None)
    if found is None or found.version != seen:
        raise OutdatedFilter(found)
    return found


def _save_own(place: FilterPlace, condition: Any) -> str:
    row: Model = _of(ModelPermission, place).defer("filters").order_by("-pk").first() or ModelPermission(
        site_id=place.site_id, group_id=place.group_id, model_name=place.label
    )
    setattr(row, "filters", condition or None)  # noqa: B010 - a row of either kind
    row.save()
    return OWN


def _save_named(place: FilterPlace, key: Optional[str], name: str, condition: Any, is_active: bool) -> str:
    name = name.strip()
    if not name:
        raise Refused("A filter needs a name.")
    twins = _of(DataFilter, place).filter(filter_name=name)
    if (twins if key is None else twins.exclude(pk=key)).exists():
        raise Refused(f"Another filter of the group is called {json.dumps(name, ensure_ascii=False)} already.")
    row = (
        DataFilter(site_id=place.site_id, group_id=place.group_id, model_name=place.label)
        if key is None
        else _of(DataFilter, place).defer("filter_condition").get(pk=key)
    )
    row.filter_name, row.filter_condition, row.is_active = name, condition, is_active
    row.full_clean(exclude=["site", "group"], validate_unique=False)
    row.save()
    return str(row.pk)
