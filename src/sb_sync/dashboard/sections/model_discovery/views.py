"""The page of the settings: shown, tried, saved."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sb_sync import config
from sb_sync.config import DISCOVERY_SECTION, SECTIONS, SETTINGS_SECTION
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import AUDIT, SETTINGS
from sb_sync.dashboard.sections.model_discovery.forms import SettingsForm, read_seen
from sb_sync.dashboard.sections.model_discovery.history import Entry, newest_by_key, read_recent
from sb_sync.dashboard.sections.model_discovery.preview import ModelSearch, Preview, make_preview
from sb_sync.dashboard.sections.model_discovery.rows import describe_value, make_groups, make_suggestions, title_of
from sb_sync.maintenance.configuration import ChangeReport, KeyChange, describe
from sb_sync.maintenance.configuration_edit import Edit, OutdatedEdit, apply_edit, read_standing
from sb_sync.models import SyncConfiguration
from sb_sync.refusal import Refused

__all__ = ["ModelDiscoveryPage", "PreviewModels"]

#: The sections by the word that stands in the address.
WORDS = {"discovery": DISCOVERY_SECTION, "settings": SETTINGS_SECTION}
PARTS = "sb_sync/dashboard/model_discovery"
TITLES = {"discovery": gettext_lazy("Model discovery"), "settings": gettext_lazy("Settings")}


class ModelDiscoveryPage(StaffPage):
    """Every setting, and which models are found by them."""

    section = "model_discovery"
    title = gettext_lazy("Model discovery")
    template_name = f"{PARTS}/page.html"
    write_permission = SETTINGS

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        return self._show(self._make_form(read_standing(self._section)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save what differs from what the page showed, all of it or nothing. A script is told where to go on."""
        form = _bind(request, self._section)
        if not form.is_valid():
            return self._show(form, status=400)
        edit, reason = form.edit, form.cleaned_data["reason"]
        try:
            report = apply_edit(edit, user=request.user, reason=reason)
        except OutdatedEdit as error:
            return self._show_outdated(edit, reason, error.changes)
        except Refused as error:
            for told in error.reasons:
                form.add_error(None, told)
            return self._show(form, status=400)
        _tell(request, report)
        address = request.get_full_path()
        return self.answer_json({"address": address}) if self.wants_json else HttpResponseRedirect(address, status=303)

    @property
    def _word(self) -> str:
        word = self.request.GET.get("section", "discovery")
        if word not in WORDS:
            raise Refused(_("There is no such section of settings."))
        return word

    @property
    def _section(self) -> str:
        return WORDS[self._word]

    def _make_form(self, seen: Any, *, wanted: Optional[Edit] = None, reason: str = "") -> SettingsForm:
        return SettingsForm(self._section, seen=seen, wanted=wanted, reason=reason, may_change=self.may(SETTINGS))

    def _show(self, form: SettingsForm, *, status: int = 200, outdated: Sequence[Dict[str, Any]] = ()) -> HttpResponse:
        """Return the page, or to a script the form alone."""
        groups = make_groups(form, describe(self._section))
        context = {"form": form, "groups": groups, "outdated": outdated, "may_change": self.may(SETTINGS)}
        if self.wants_json:
            html = render_to_string(f"{PARTS}/settings.html", {**self.get_context(), **context}, self.request)
            return self.answer_json({"html": html}, status=status)
        search, is_discovery = ModelSearch(self.request.GET), self._section == DISCOVERY_SECTION
        return self.show(
            status=status if search.is_valid() else search.status,
            **context,
            tabs=[{"word": word, "title": title, "is_open": word == self._word} for word, title in TITLES.items()],
            heading=TITLES[self._word],
            is_discovery=is_discovery,
            search=search,
            preview=_preview(form, search) if is_discovery else None,
            # Who changed what is of all organizations: it is told to those who may decide for all of them.
            recent=read_recent(self._section) if self.may(SETTINGS) else None,
            audit_address=self._find_trail(),
            suggestions=make_suggestions(),
            script_texts=_make_texts(),
        )

    def _find_trail(self) -> str:
        """Return where all changes of settings are told: they are everybody's, so to those who see everything."""
        if not (self.may(AUDIT) and self.request.user.is_superuser):
            return ""
        return self.reverse("config_audit_trails", organization="", model=SyncConfiguration._meta.label)

    def _show_outdated(self, edit: Edit, reason: str, changes: Sequence[KeyChange]) -> HttpResponse:
        """Show what is set now, with what the user wants in its place, and who changed what meanwhile."""
        form = self._make_form(read_standing(edit.section), wanted=edit, reason=reason)
        newest = newest_by_key(read_recent(edit.section))
        touched = {*edit.values, *edit.removed}
        told = [_describe_change(change, newest.get(change.key), is_mine=change.key in touched) for change in changes]
        return self._show(form, status=409, outdated=told)


class PreviewModels(StaffPage):
    """Which models would be found by settings that are not saved."""

    section = "model_discovery"
    write_permission = SETTINGS
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return the list, or what is wrong with which setting."""
        form = _bind(request, DISCOVERY_SECTION)
        if not form.is_valid():
            errors = {key: [str(text) for text in texts] for key, texts in form.errors.items()}
            return self.answer_json({"errors": errors}, status=400)
        search = ModelSearch(request.GET)
        context = {**self.get_context(), "preview": make_preview(form.wanted_values, search), "search": search}
        html = render_to_string(f"{PARTS}/preview.html", context, request)
        return self.answer_json({"html": html})


def _bind(request: HttpRequest, section: str) -> SettingsForm:
    """Return the form that was sent, which says what it showed."""
    try:
        seen = read_seen(request.POST.get("seen", ""))
    except ValidationError as error:
        raise Refused(error.messages) from error
    return SettingsForm(section, request.POST, seen=seen)


def _preview(form: SettingsForm, search: ModelSearch) -> Preview:
    """Return what the form would find; where it has faults, what is found now."""
    is_faulty = form.is_bound and not form.is_valid()
    return make_preview(config.discovery_values() if is_faulty else form.wanted_values, search)


def _describe_change(change: KeyChange, entry: Optional[Entry], *, is_mine: bool) -> Dict[str, Any]:
    """Return what somebody else changed meanwhile, as people read it; `is_mine` where the user wants it changed too."""
    declared = SECTIONS[change.section][change.key]
    return {
        "title": title_of(change.section, change.key),
        "key": change.key,
        "before": describe_value(declared.from_json(change.before)),
        "after": describe_value(declared.from_json(change.after)),
        "entry": entry,
        "is_mine": is_mine,
    }


def _make_texts() -> Dict[str, str]:
    """Return the texts that the page's scripts show."""
    return {
        "changes": _("Not saved: {count}"),
        "saved": _("Everything is saved."),
        "add": _("Add …"),
        "remove": _("Remove {name}"),
        "undo": _("Undo"),
        "back": _("Back to default"),
        "saving": _("Saving …"),
        "kept": _("{reason} What you typed is still here."),
        "noPreview": _("The preview could not be made: {reason}"),
        "correct": _("Correct what is marked, and the preview follows."),
    }


def _tell(request: HttpRequest, report: ChangeReport) -> None:
    """Say what was done."""
    count = len(report.changes)
    if not count:
        messages.info(request, _("Nothing had changed, so nothing was saved."), fail_silently=True)
        return
    parts: List[str] = [ngettext("Saved %(count)d setting.", "Saved %(count)d settings.", count) % {"count": count}]
    if report.moved_in:
        parts.append(_("Now synchronised: %(models)s.") % {"models": ", ".join(report.moved_in)})
    if report.moved_out:
        parts.append(
            _("No longer synchronised: %(models)s.") % {"models": ", ".join(name for name, _why in report.moved_out)}
        )
    messages.success(request, " ".join(parts), fail_silently=True)
    if report.uncaptured:
        told = _("Changes of these tables are not captured yet: %(tables)s. Run manage.py sync_feed --action install.")
        messages.warning(request, told % {"tables": ", ".join(report.uncaptured)}, fail_silently=True)
