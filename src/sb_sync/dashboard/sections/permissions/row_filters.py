"""The editor of a group's row filters on a model, with a count of the rows that a condition shows."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync.access.filters import find_faults
from sb_sync.attribution import attributed_to
from sb_sync.catalog import SyncedModel
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import MATRIX
from sb_sync.dashboard.sections.permissions.editor import EDITOR_TEXTS, describe_editor
from sb_sync.dashboard.sections.permissions.forms import MAX_ID
from sb_sync.dashboard.sections.permissions.model_rights import get_synced_model
from sb_sync.dashboard.sections.permissions.queries import list_members
from sb_sync.dashboard.sections.permissions.saving import get_named_organization
from sb_sync.maintenance.row_filters import (
    OWN,
    FilterPlace,
    OutdatedFilter,
    StoredFilter,
    delete_filter,
    list_filters,
    save_filter,
)
from sb_sync.models import Organization
from sb_sync.refusal import Refused

__all__ = ["RowFilterPage"]

NEW = "new"
MAX_CONDITION = 100_000


class ConditionForm(forms.Form):
    """A filter as it is sent: the condition is checked against its model apart from this."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    condition = forms.CharField(
        label=gettext_lazy("Condition"),
        max_length=MAX_CONDITION,
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "control"}),
    )
    is_active = forms.BooleanField(label=gettext_lazy("In force"), required=False)

    def clean_condition(self) -> Any:
        """Return the condition, None for none."""
        text = self.cleaned_data["condition"]
        try:
            condition = json.loads(text) if text else None
            # Half a character, which JSON can write with \u, and which no answer and no database takes.
            json.dumps(condition, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is no JSON: {fault}").format(fault=error)) from error
        return condition


class RowFilterPage(StaffPage):
    """The filters of a group on a model, one of them to be edited."""

    section = "permissions"
    title = gettext_lazy("Row filters")
    template_name = "sb_sync/dashboard/permissions/filters.html"
    write_permission = MATRIX
    needs_organization = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the list, with the editor of the filter that the address names."""
        place = self._find_place()
        filters = list_filters(place)
        key = request.GET.get("edit", "")
        edited = _find(filters, key)
        if key and edited is None:
            raise Http404(_("There is no such filter any more."))
        form = None if edited is None else ConditionForm(initial=_as_initial(edited))
        return self._show(filters, edited, form)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save or delete a filter."""
        get_named_organization(self)
        place = self._find_place()
        key = request.GET.get("edit", "")
        form = ConditionForm(request.POST)
        is_valid = form.is_valid()
        is_deletion = request.POST.get("action") == "delete"
        if not (is_valid or is_deletion):
            return self._show_again(place, key, form, form.errors.get("condition") or [_("Mend what is marked.")])
        try:
            with attributed_to(request.user, f"row filter of {self.group.name} on {self.synced.label}"):
                told = self._delete(place, key) if is_deletion else self._save(place, key, form.cleaned_data)
        except OutdatedFilter:
            fault = _("Somebody else changed this filter. It is shown as it is now; nothing was saved.")
            return self._show_again(place, key, None, [fault], status=409)
        except Refused as error:
            faults = find_faults(self.synced, form.cleaned_data.get("condition"))
            return self._show_again(place, key, form, error.reasons, places=faults)
        messages.success(request, told, fail_silently=True)
        return HttpResponseRedirect(self._address())

    def _delete(self, place: FilterPlace, key: str) -> str:
        seen = self.request.POST.get("seen", "")
        if key == OWN:
            save_filter(place, OWN, None, seen=seen)
        else:
            delete_filter(place, key, seen=seen)
        return _("The filter is deleted.")

    def _save(self, place: FilterPlace, key: str, sent: Dict[str, Any]) -> str:
        if sent["condition"] is None:
            raise Refused(_("Enter a condition, or delete the filter."))
        save_filter(
            place,
            None if key == NEW else key,
            sent["condition"],
            seen=self.request.POST.get("seen", ""),
            name=sent["name"],
            is_active=sent["is_active"],
        )
        return _("The filter is saved. It holds from the next request on.")

    def _find_place(self) -> FilterPlace:
        if self.selection.chosen is None:
            raise Http404(_("There is no organization yet."))
        self.organization: Organization = self.selection.chosen
        self.synced: SyncedModel = get_synced_model(self.request)
        self.group: Group = _get_group(self.request.GET.get("group", ""))
        return FilterPlace(self.organization.pk, self.group.pk, self.synced.label)

    def _address(self, **query: Any) -> str:
        return self.reverse("config_permissions_filters", model=self.synced.label, group=self.group.pk, **query)

    def _show_again(
        self,
        place: FilterPlace,
        key: str,
        form: Optional[ConditionForm],
        faults: Any,
        *,
        status: int = 400,
        places: Any = (),
    ) -> HttpResponse:
        """Show the editor with what was sent, or with what there is now."""
        filters = list_filters(place)
        edited = _find(filters, key)
        if form is None and edited is not None:
            form = ConditionForm(initial=_as_initial(edited))
        seen = "" if status == 409 else self.request.POST.get("seen", "")
        return self._show(filters, edited, form, status=status, faults=faults, places=places, seen=seen)

    def _show(
        self,
        filters: List[StoredFilter],
        edited: Optional[StoredFilter],
        form: Optional[ConditionForm],
        *,
        status: int = 200,
        faults: Any = (),
        places: Any = (),
        seen: str = "",
    ) -> HttpResponse:
        return self.show(
            status=status,
            group=self.group,
            synced=self.synced,
            filters=[each for each in filters if each.text or each.key != OWN],
            edited=edited,
            form=form,
            faults=faults,
            may_change=self.may(MATRIX),
            members=list_members(self.organization.pk, group_id=self.group.pk),
            editor=describe_editor(self.synced, places) if form else None,
            editor_texts={name: str(text) for name, text in EDITOR_TEXTS.items()},
            seen=seen or (edited.version if edited else ""),
        )


def _find(filters: List[StoredFilter], key: str) -> Optional[StoredFilter]:
    if key == NEW:
        return StoredFilter(NEW, "", "", is_active=True, fault="")
    return next((each for each in filters if each.key == key), None)


def _as_initial(stored: StoredFilter) -> Dict[str, Any]:
    return {"name": stored.name, "condition": _indent(stored.text), "is_active": stored.is_active}


def _indent(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else ""
    except (ValueError, RecursionError):
        return text


def _get_group(text: str) -> Group:
    """Return a group by its id. Raises `Http404`."""
    is_id = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))
    found = Group.objects.filter(pk=int(text)).first() if is_id and int(text) <= MAX_ID else None
    if found is None:
        raise Http404(_("There is no such group."))
    return found
