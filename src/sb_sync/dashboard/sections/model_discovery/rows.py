"""What stands on the page of each setting: its control, where its value is from, what holds without it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from django.apps import apps
from django.forms import Field, MultipleChoiceField
from django.forms.boundfield import BoundField
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from sb_sync.config import DATABASE, PROJECT, SECTIONS, KeyState, value_without
from sb_sync.config.names import field_names
from sb_sync.dashboard.sections.model_discovery.fields import (
    SUGGESTED,
    UNITS,
    ExclusionsField,
    LinesField,
    SpanField,
    SpanWidget,
)
from sb_sync.dashboard.sections.model_discovery.forms import SettingsForm, values_of
from sb_sync.dashboard.sections.model_discovery.layout import GROUPS

__all__ = ["Row", "RowGroup", "describe_value", "make_groups", "make_suggestions", "title_of"]


@dataclass(frozen=True)
class Row:
    """One setting. `source` is one of `config.DATABASE`, `PROJECT` and `DEFAULT`; `fault` says what is set wrongly.

    `without` is what holds where nothing is set, for people; `without_data` what its control says then, and
    `shown_data` what it says of what is set, as JSON.
    """

    key: str
    title: str
    meaning: str
    field: BoundField
    control: str
    source: str
    without: str
    without_data: str
    shown_data: str
    is_from_project: bool
    fault: str
    suggested: str
    is_removed: bool

    @property
    def is_set(self) -> bool:
        """Tell whether it is set in the database."""
        return self.source == DATABASE or bool(self.fault)

    @property
    def is_several(self) -> bool:
        """Tell whether several of its choices may be taken."""
        return isinstance(self.field.field, MultipleChoiceField)

    @property
    def is_group(self) -> bool:
        """Tell whether its control is made of several."""
        return self.is_several or self.control == "span"

    @property
    def is_by_project(self) -> bool:
        """Tell whether the project's settings say it."""
        return self.source == PROJECT


@dataclass(frozen=True)
class RowGroup:
    """Settings that belong together."""

    name: str
    title: str
    rows: Tuple[Row, ...]

    @property
    def set_count(self) -> int:
        """Return how many are set in the database."""
        return sum(row.is_set for row in self.rows)


def make_groups(form: SettingsForm, states: Sequence[KeyState]) -> List[RowGroup]:
    """Return the settings of a section as they stand on the page."""
    by_key = {state.key: state for state in states}
    return [
        RowGroup(
            group.name,
            str(group.title),
            tuple(_make_row(form, by_key[key], str(title)) for key, title in group.titles.items()),
        )
        for group in GROUPS[form.section]
    ]


def make_suggestions() -> Dict[str, List[str]]:
    """Return what lists may name: apps, models, and fields that any model has."""
    models = list(apps.get_models())
    return {
        "apps": sorted(config.label for config in apps.get_app_configs()),
        "models": sorted(model._meta.label for model in models),
        "fields": sorted({name for model in models for name in field_names(model)}),
    }


def describe_value(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return gettext("no limit")
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, timedelta):
        return _describe_span(value)
    if isinstance(value, (int, float)):
        return str(number_format(value, use_l10n=True, force_grouping=True))
    if isinstance(value, Mapping):
        # A form may say that anything was set.
        value = ["{}: {}".format(app, ", ".join(map(str, _as_list(names)))) for app, names in value.items()]
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    return str(value) or gettext("empty")


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else (value,)


def title_of(section: str, key: str) -> str:
    """Return what people call a setting; a name that is none is itself."""
    titles = (group.titles.get(key) for group in GROUPS.get(section, ()))
    return str(next((title for title in titles if title is not None), key))


def _make_row(form: SettingsForm, state: KeyState, title: str) -> Row:
    without = value_without(form.section, state.key)
    return Row(
        key=state.key,
        title=title,
        meaning=gettext(state.declared.meaning),
        field=form[state.key],
        control=_name_control(form, state.key),
        source=state.source,
        without=describe_value(without),
        without_data=json.dumps(_show_in_control(form.fields[state.key], without)),
        shown_data=json.dumps(
            _show_in_control(form.fields[state.key], values_of(form.section, form.standing)[state.key])
        ),
        is_from_project=without != state.declared.default,
        fault=state.fault,
        suggested=SUGGESTED.get(state.key, ""),
        is_removed=state.key in form.removed,
    )


def _show_in_control(field: Field, value: Any) -> Any:
    """Return what the control of a value says: a text, a truth, or a list of texts."""
    if isinstance(value, bool):
        return value
    if isinstance(field, SpanField):
        return [str(part) for part in SpanWidget().decompress(value)]
    if isinstance(field, MultipleChoiceField):
        return list(value)
    return "" if value is None else str(field.prepare_value(value))


def _name_control(form: SettingsForm, key: str) -> str:
    """Return the kind of a control, by which the template and the scripts choose."""
    field, kinds = form.fields[key], SECTIONS[form.section][key].kinds
    if bool in kinds:
        return "switch"
    if isinstance(field, ExclusionsField):
        return "text"
    if isinstance(field, LinesField):
        return "lines"
    if isinstance(field, SpanField):
        return "span"
    return "choices" if hasattr(field, "choices") else "value"


def _describe_span(span: timedelta) -> str:
    days, rest = divmod(span, timedelta(days=1))
    if not rest:
        return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    unit, length = next(((title, length) for _name, title, length in UNITS if not span % length), ("", timedelta()))
    return f"{span // length} {unit}" if length else str(span)
