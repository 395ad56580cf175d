"""What the script of the filter editor goes by, and the count that it asks for."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from sb_sync.access import preview_rows
from sb_sync.access.filters import PLACEHOLDERS, Fault, InvalidFilter, find_faults, list_fields
from sb_sync.catalog import SyncedModel
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import MATRIX
from sb_sync.dashboard.sections.permissions.forms import read_document
from sb_sync.dashboard.sections.permissions.inspector import find_user
from sb_sync.dashboard.sections.permissions.model_rights import get_synced_model
from sb_sync.dashboard.sections.permissions.saving import get_named_organization
from sb_sync.dashboard.texts import is_storable
from sb_sync.optimizations.limited_count import LimitedCount, count_rows

__all__ = ["EDITOR_TEXTS", "CountRows", "describe_editor"]

#: For each of two counts.
PATIENCE_SECONDS = 1.0
#: The texts that the script shows; those of operators begin with `op.`.
EDITOR_TEXTS: Mapping[str, Any] = {
    "op.exact": _("is"),
    "op.ne": _("is not"),
    "op.iexact": _("is, in any case"),
    "op.in": _("is one of"),
    "op.not_in": _("is none of"),
    "op.contains": _("contains"),
    "op.icontains": _("contains, in any case"),
    "op.startswith": _("begins with"),
    "op.gt": _("is more than"),
    "op.gte": _("is at least"),
    "op.lt": _("is less than"),
    "op.lte": _("is at most"),
    "op.range": _("is between"),
    "op.isnull": _("is empty"),
    "and": _("All of these hold"),
    "or": _("Any of these holds"),
    "not": _("not"),
    "negate": _("Turn round: not"),
    "addComparison": _("Add a comparison"),
    "addGroup": _("Add a group"),
    "remove": _("Remove"),
    "field": _("Field"),
    "operator": _("Comparison"),
    "value": _("Value"),
    "values": _("Values, separated by commas"),
    "from": _("From"),
    "until": _("To"),
    "yes": _("yes"),
    "no": _("no"),
    "join": _("How these are joined"),
    "ownFields": _("Own fields"),
    "through": _("Of {relation}"),
    "otherPath": _("{path} (typed)"),
    "notJson": _("This is no JSON, so it cannot be shown above."),
    "notShown": _("This condition is written in a way that only JSON shows. Change it there."),
    "counting": _("Counting…"),
    "count": _("{matching} of {total} rows"),
    "more": _("more than {number}"),
    "tooLong": _("too many to count in time"),
    "needsUser": _("The condition names the user: choose a member to count for."),
    "faulty": _("Not counted: something does not fit yet."),
    "countFailed": _("Not counted: {reason}"),
}


class CountRows(StaffPage):
    """What a condition that is being written would show: its faults, or how many rows."""

    section = "permissions"
    write_permission = MATRIX
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the condition and count the rows."""
        organization = get_named_organization(self)
        synced = get_synced_model(request)
        sent = read_document(request)
        faults = find_faults(synced, sent.get("condition"))
        if faults:
            return self.answer_json({"faults": [_as_object(fault) for fault in faults]})
        name = sent.get("user")
        is_name = isinstance(name, str) and is_storable(name)
        user = find_user(request.user, organization, str(name)) if is_name else None
        try:
            matching = preview_rows(synced, organization, [sent["condition"]], user=user)
        except InvalidFilter:
            return self.answer_json({"faults": [], "needsUser": True})
        total = preview_rows(synced, organization, [])
        found, of = count_rows(matching, total, seconds=PATIENCE_SECONDS)
        return self.answer_json({"faults": [], "matching": _as_answer(found), "total": _as_answer(of)})


def describe_editor(synced: SyncedModel, faults: Sequence[Fault]) -> Dict[str, Any]:
    """Return fields with their operators, placeholders, and the faults of what was sent."""
    fields = [
        {
            "path": choice.path,
            "text": choice.text,
            "kind": choice.kind,
            "relation": choice.relation,
            "operators": list(choice.operators),
            "choices": [[value, text] for value, text in choice.choices],
        }
        for choice in list_fields(synced)
    ]
    return {"fields": fields, "placeholders": list(PLACEHOLDERS), "faults": [_as_object(fault) for fault in faults]}


def _as_object(fault: Fault) -> Dict[str, Any]:
    return {"place": list(fault.place), "text": fault.text}


def _as_answer(count: LimitedCount) -> Dict[str, Any]:
    return {"number": count.number, "isMore": count.is_more}
