"""One group's rights given to another group, or to one of another organization: planned, looked at, then done."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync import catalog
from sb_sync.attribution import attributed_to
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.filters import FilterForm
from sb_sync.dashboard.organizations import find_visible
from sb_sync.dashboard.permissions import MATRIX
from sb_sync.dashboard.sections.permissions.queries import list_groups
from sb_sync.dashboard.sections.permissions.saving import get_named_organization
from sb_sync.maintenance.copied_rights import CopyPlan, OutdatedCopy, RightsHolder, copy_rights, plan_copy
from sb_sync.maintenance.rights import PULL, PUSH
from sb_sync.models import Organization
from sb_sync.refusal import Refused

__all__ = ["CopyPage"]

#: So many organizations are offered; others are named by their slugs.
MOST_OFFERED = 200


class CopyForm(FilterForm):
    """From whom to whom."""

    source = forms.TypedChoiceField(label=gettext_lazy("Copy the rights of"), coerce=int)
    target = forms.TypedChoiceField(label=gettext_lazy("to the group"), coerce=int)
    to = forms.CharField(label=gettext_lazy("in the organization"), max_length=100)

    def __init__(self, data: Any, *, user: Any, chosen: Organization, groups: Sequence[Group]) -> None:
        """Offer groups and organizations; without an address nothing is wrong yet."""
        super().__init__({**data.dict(), "to": data.get("to") or chosen.slug})
        self.user, self.here = user, chosen
        fields: Any = self.fields
        for name in ("source", "target"):
            fields[name].choices = [("", _("Choose a group")), *((group.pk, group.name) for group in groups)]
        self.offered = list(find_visible(user)[:MOST_OFFERED])
        fields["to"].widget.attrs["list"] = "organizations"

    @property
    def is_begun(self) -> bool:
        """Tell whether somebody chose something."""
        return bool(self.data.get("source") and self.data.get("target"))

    def clean_to(self) -> Organization:
        """Return the organization of a slug, of those that the user may see."""
        slug = self.cleaned_data["to"]
        known = next((each for each in self.offered if each.slug == slug), None)
        found = known or find_visible(self.user).filter(slug=slug).first()
        if found is None:
            raise ValidationError(_("There is no such organization among those that you may see."))
        return found

    def clean(self) -> Dict[str, Any]:
        """Refuse a copy to itself."""
        cleaned: Dict[str, Any] = super().clean() or {}
        is_same = cleaned.get("to") == self.here and cleaned.get("source") == cleaned.get("target")
        if is_same and cleaned.get("source"):
            self.add_error("target", _("Choose another group or another organization."))
        return cleaned


class CopyPage(StaffPage):
    """Show what a copy would change, and do it."""

    section = "permissions"
    title = gettext_lazy("Copy rights")
    template_name = "sb_sync/dashboard/permissions/copy.html"
    write_permission = MATRIX
    needs_organization = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the form, with the plan once it is filled in."""
        form, sides = self._read()
        status = 400 if form.is_begun and sides is None else 200
        return self._show(form, plan_copy(*sides) if sides else None, status=status)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what was shown; where that is not what there is to do now, show it again."""
        get_named_organization(self)
        form, sides = self._read()
        if sides is None:
            return self._show(form, None, status=400)
        source, target = sides
        reason = f"rights copied from {source.group.name}{self._name_source(target)}"
        try:
            with attributed_to(request.user, reason):
                copy_rights(source, target, seen=request.POST.get("seen", ""))
        except OutdatedCopy as outdated:
            fault = _("The rights were changed in the meantime. Look again at what there is to do now.")
            return self._show(form, outdated.plan, faults=[fault], status=409)
        except Refused as error:
            return self._show(form, plan_copy(*sides), faults=error.reasons, status=400)
        told = _("{group} in {organization} has the same rights now.")
        told = told.format(group=target.group.name, organization=form.cleaned_data["to"].name)
        messages.success(request, told, fail_silently=True)
        return HttpResponseRedirect(self.reverse("config_permissions", organization=form.cleaned_data["to"].slug))

    @property
    def _source(self) -> Organization:
        if self.selection.chosen is None:
            raise Http404(_("There is no organization yet."))
        return self.selection.chosen

    def _name_source(self, target: RightsHolder) -> str:
        """Return which organization it is copied from: another one by its key, as this one's staff may not know it."""
        here = self._source
        return f" @ {here.slug}" if here.pk == target.site_id else f" of organization #{here.pk}"

    def _read(self) -> Tuple[CopyForm, Optional[Tuple[RightsHolder, RightsHolder]]]:
        """Return the form with both sides, None where it says neither."""
        groups = list_groups()
        form = CopyForm(self.request.GET, user=self.request.user, chosen=self._source, groups=groups)
        if not (form.is_begun and form.is_valid()):
            return form, None
        named = {group.pk: group for group in groups}
        chosen = form.cleaned_data
        source = RightsHolder(self._source.pk, named[chosen["source"]])
        return form, (source, RightsHolder(chosen["to"].pk, named[chosen["target"]]))

    def _show(self, form: CopyForm, plan: Optional[CopyPlan], *, status: int = 200, **context: Any) -> HttpResponse:
        return self.show(
            status=status,
            form=form,
            plan=plan,
            changes=[] if plan is None else _describe_plan(plan),
            may_change=self.may(MATRIX),
            **context,
        )


def _describe_plan(plan: CopyPlan) -> List[Dict[str, Any]]:
    """Return what changes on each model: a sign for each right, and whether a condition of the rights does."""
    labels = sorted({*plan.rights, *plan.conditions})
    found = []
    for label in labels:
        old, new = plan.rights.get(label, (0, 0))
        synced = catalog.find(label)
        found.append(
            {
                "label": label,
                "push": _sign(old & PUSH, new & PUSH),
                "pull": _sign(old & PULL, new & PULL),
                "has_condition": label in plan.conditions,
                "is_shared": synced is not None and synced.is_shared and bool(new & ~old),
            }
        )
    return found


def _sign(old: int, new: int) -> str:
    return "" if old == new else "+" if new else "-"
