"""What several pages have in common."""

from __future__ import annotations

from typing import Any, Optional

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.db.models import Field, Model
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from sb_sync.attribution import attributed_to_request

__all__ = ["ORGANIZATION", "USERNAME", "KeptAdmin", "OwnedAdmin", "ReadOnlyAdmin", "SignedAdmin"]

USERNAME = f"user__{get_user_model().USERNAME_FIELD}"
ORGANIZATION = ("site", admin.RelatedOnlyFieldListFilter)


class OrganizationChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Choose an organization by its name; other Sites are none."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name with the slug, which is unique."""
        return f"{obj.name} ({obj.domain})"


class SignedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A page whose changes stand in histories with the user, whatever middleware the project has."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show or save one row."""
        with attributed_to_request(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask before one row is deleted, or delete it."""
        with attributed_to_request(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show rows, or do something with those that were chosen."""
        with attributed_to_request(request):
            return super().changelist_view(request, *args, **kwargs)


class OwnedAdmin(SignedAdmin):
    """A page of rows that point at an organization."""

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: Any, **kwargs: Any) -> Optional[forms.Field]:
        """Let `site` choose among organizations, without a way to Django's own pages of Sites."""
        if db_field.name == "site":
            organizations = Site.objects.filter(organization__isnull=False).order_by("name")
            return OrganizationChoice(queryset=organizations, label=_("Organization"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A page of rows that the machine writes and people read."""

    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Refuse to filter by what is not shown: the address of a list can name any field."""
        # Django below 5.0 gives no request, and takes none.
        arguments = (lookup, value) if request is None else (lookup, value, request)
        is_shown = lookup.split(LOOKUP_SEP, maxsplit=1)[0] not in (self.exclude or ())
        return is_shown and super().lookup_allowed(*arguments)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse new rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Optional[Model] = None) -> bool:
        """Refuse changes."""
        return False


class KeptAdmin(ReadOnlyAdmin):
    """A page of rows that nobody deletes by hand.

    Not for rows that go with their user or organization: the admin would refuse to delete those, too.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Optional[Model] = None) -> bool:
        """Refuse deletion: retention looks after it."""
        return False
