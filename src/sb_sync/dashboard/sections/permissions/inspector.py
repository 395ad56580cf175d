"""Why a user may do what with a model: each step from the account to the rows, and what comes of it."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync.access import Explanation, Scope, explain, organization_queryset, scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.filters import FilterForm
from sb_sync.dashboard.sections.permissions.forms import list_model_choices
from sb_sync.dashboard.sections.permissions.queries import list_members
from sb_sync.dashboard.sections.permissions.steps import list_steps
from sb_sync.models import Organization
from sb_sync.optimizations.limited_count import LimitedCount, count_rows

__all__ = ["InspectorPage", "find_user"]

#: For each of two counts.
PATIENCE_SECONDS = 1.0


class InspectorForm(FilterForm):
    """Whom and what it is about."""

    user = forms.CharField(label=gettext_lazy("User"), max_length=254)
    model = forms.CharField(label=gettext_lazy("Model"), max_length=200)

    def __init__(self, data: Any, *, reader: Any, organization: Organization) -> None:
        """Take who asks, and about which organization."""
        super().__init__(data)
        self.reader, self.organization = reader, organization
        self.members = list_members(organization.pk)
        self.models = list_model_choices()
        fields: Any = self.fields
        fields["user"].widget.attrs.update({"list": "members", "autocomplete": "off"})
        fields["model"].widget.attrs.update({"list": "models", "autocomplete": "off"})

    @property
    def is_begun(self) -> bool:
        """Tell whether somebody asks."""
        return bool(self.data.get("user") or self.data.get("model"))

    def clean_user(self) -> Any:
        """Return the user of a name: of the organization's members, for a superuser any."""
        name = self.cleaned_data["user"]
        known = next((member for member in self.members if member.get_username() == name), None)
        found = known or find_user(self.reader, self.organization, name)
        if found is None:
            raise ValidationError(_("There is no such user among those that you may see."))
        return found


class InspectorPage(StaffPage):
    """Why a user may do what."""

    section = "permissions"
    title = gettext_lazy("Why can this user …?")
    template_name = "sb_sync/dashboard/permissions/inspector.html"
    needs_organization = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the form, with the steps once it is filled in."""
        organization = self.selection.chosen
        if organization is None:
            return self.show(missing="organizations")
        form = InspectorForm(request.GET, reader=request.user, organization=organization)
        if not form.is_begun:
            return self.show(form=form)
        if not form.is_valid():
            return self.show(form=form, status=400)
        found = explain(form.cleaned_data["user"], organization, form.cleaned_data["model"])
        visible, total = _count(found)
        return self.show(
            form=form,
            found=found,
            steps=list_steps(found),
            is_known=bool(found.synced or found.absence),
            visible=visible,
            total=total,
        )


def find_user(reader: Any, organization: Organization, name: str) -> Optional[Any]:
    """Return a user by name: a member of the organization, active or not; for a superuser any. None where none is."""
    user_model: Any = get_user_model()
    rows: QuerySet[Any] = user_model._base_manager.filter(**{user_model.USERNAME_FIELD: name})
    if not reader.is_superuser:
        rows = rows.filter(sync_memberships__site=organization.pk)
    return rows.first()


def _count(found: Explanation) -> Tuple[Optional[LimitedCount], Optional[LimitedCount]]:
    """Count the rows that the user pulls, and all of the organization; None where there is nothing to count."""
    if found.scope is None or found.synced is None:
        return None, None
    total = organization_queryset(found.scope, found.synced)
    visible = _find_visible(found.scope, found.synced) if found.rights.can_pull else None
    if visible is None:
        return None, count_rows(total, seconds=PATIENCE_SECONDS)[0]
    counts = count_rows(visible, total, seconds=PATIENCE_SECONDS)
    return counts[0], counts[1]


def _find_visible(scope: Scope, synced: SyncedModel) -> Optional[QuerySet[Any]]:
    """Return the rows that a pull would give, None where the project's own code fails."""
    try:
        rows: QuerySet[Any] = scoped_queryset(scope, synced)
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001
        # The project's own get_queryset, which may want a request; a pull would show what it is.
        return None
    return rows
