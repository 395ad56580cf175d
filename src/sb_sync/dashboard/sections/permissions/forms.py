"""What the pages of rights are sent: the filters of the matrix, and what its script saves."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence

from django import forms
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.http.request import RawPostDataException
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync import catalog
from sb_sync.dashboard.filters import FilterForm, WordsField
from sb_sync.maintenance.rights import MOST_CHANGES, PULL, PUSH, CellChange
from sb_sync.refusal import Refused

__all__ = ["MatrixFilter", "list_model_choices", "read_changes", "read_document", "read_model_changes"]

#: Beyond this no key exists, and a database may refuse to compare.
MAX_ID = 2**31 - 1
MAX_LABEL = 200
MAX_BODY_BYTES = 2_000_000


class GroupsField(forms.MultipleChoiceField):
    """Some of the groups, by their ids."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> List[int]:
        """Return the ids, those of groups that are gone left out: the address may be old."""
        choices: Any = self.choices
        known = {str(key) for key, _ in choices}
        return [int(each) for each in value or () if each in known]


class MatrixFilter(FilterForm):
    """Which models and groups the matrix shows."""

    q = WordsField(label=gettext_lazy("Search models"))
    app = forms.ChoiceField(label=gettext_lazy("App"), required=False)
    group = GroupsField(label=gettext_lazy("Groups"), required=False)
    differences = forms.BooleanField(label=gettext_lazy("Only differences"), required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, groups: Sequence[Group]) -> None:
        """Take the groups that there are."""
        super().__init__(data)
        fields: Any = self.fields
        apps = sorted({synced.model._meta.app_label for synced in catalog.synced_models().values()})
        fields["app"].choices = [("", _("All apps")), *((name, name) for name in apps)]
        fields["group"].choices = [(str(group.pk), group.name) for group in groups]


def list_model_choices() -> Any:
    """Return the synchronised models by app."""
    apps: Dict[str, List[Any]] = {}
    for label, synced in sorted(catalog.synced_models().items()):
        apps.setdefault(synced.model._meta.app_label, []).append((label, synced.model._meta.object_name))
    return sorted(apps.items())


def read_document(request: HttpRequest) -> Dict[str, Any]:
    """Return the JSON object that a script sent. Raises `Refused`."""
    try:
        body = request.body
    except RawPostDataException as error:
        # It came as a form with files, of which the check of its origin has read the fields.
        raise Refused(_("The request cannot be read. Load the page again.")) from error
    if len(body) > MAX_BODY_BYTES:
        raise Refused(_("This is too much at once."))
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refused(_("The request cannot be read. Load the page again."))
    return document


def read_changes(request: HttpRequest) -> List[CellChange]:
    """Return the changes that the matrix sends: `{"changes": [[group, label, seen, wanted], ...]}`.

    Raises `Refused`.
    """
    changes = read_document(request).get("changes")
    if not isinstance(changes, list) or not 0 < len(changes) <= MOST_CHANGES:
        raise Refused(_("The request names no changes, or too many."))
    if not all(_is_change(change) for change in changes):
        raise Refused(_("The request cannot be read. Load the page again."))
    return [CellChange(*change) for change in changes]


def read_model_changes(label: str, group_ids: Sequence[int], sent: Mapping[str, Any]) -> List[CellChange]:
    """Return the changes of one model's form: `seen-<group>`, and where they are ticked `push-` and `pull-<group>`.

    Of a group whose rights the form did not show there is no change.
    """
    found = []
    for group_id in group_ids:
        seen = sent.get(f"seen-{group_id}", "")
        if seen not in ("0", "1", "2", "3"):
            continue
        wanted = (PUSH if f"push-{group_id}" in sent else 0) | (PULL if f"pull-{group_id}" in sent else 0)
        if wanted != int(seen):
            found.append(CellChange(group_id, label, int(seen), wanted))
    return found


def _is_change(value: Any) -> bool:
    """Tell whether JSON is a group's id, a label and two sums of rights."""
    if not isinstance(value, list) or len(value) != 4:
        return False
    group_id, label, seen, wanted = value
    numbers = (group_id, seen, wanted)
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        return False
    is_label = isinstance(label, str) and 0 < len(label) <= MAX_LABEL and "\x00" not in label
    return is_label and 0 < group_id <= MAX_ID and 0 <= seen <= (PUSH | PULL) and 0 <= wanted <= (PUSH | PULL)
