"""Filters of lists: read from the address, checked, and written into other addresses."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import Any, Dict, List, Optional, Tuple

from django import forms
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from sb_sync import compat
from sb_sync.feed import to_utc

__all__ = ["FIRST_YEAR", "LAST_YEAR", "FilterForm", "MomentField", "PeriodForm", "WordsField"]

#: Years that every database and every calendar knows.
FIRST_YEAR, LAST_YEAR = 1900, 9990


class FilterForm(forms.Form):
    """What a list is narrowed by; always bound to `request.GET`.

    What cannot be read is told beside its field, and the list is empty then: never another one than was asked for.
    """

    def __init__(self, data: Any, **options: Any) -> None:
        """Read the address."""
        options.setdefault("auto_id", "filter_%s")
        super().__init__(data, **options)

    @property
    def status(self) -> int:
        """Return the status of the page: 400 where something cannot be read."""
        return 200 if self.is_valid() else 400

    def value(self, name: str, default: Any = None) -> Any:
        """Return what was chosen, the default where nothing was, or nothing that can be read."""
        self.is_valid()
        found = self.cleaned_data.get(name)
        return default if found in (None, "", []) else found

    @property
    def chosen(self) -> Dict[str, Any]:
        """Return all that was chosen, by name, without what is hidden."""
        return {name: self.value(name) for name in self.fields if self.value(name) and not self[name].is_hidden}

    @property
    def chips(self) -> List[Dict[str, Any]]:
        """Return what was chosen as people read it: name, label, text. Removing one takes its name from the address."""
        return [
            {"name": name, "label": self.fields[name].label, "text": self.describe(name, value)}
            for name, value in self.chosen.items()
        ]

    def describe(self, name: str, value: Any) -> str:
        """Return a chosen value as people read it."""
        choices: Any = getattr(self.fields[name], "choices", None)
        wanted = value if isinstance(value, (list, tuple)) else [value]
        if choices is None:
            return ", ".join(str(each) for each in wanted)
        names = {str(key): str(text) for key, text in choices}
        return ", ".join(names.get(str(each), str(each)) for each in wanted)


class MomentField(forms.CharField):
    """A day or a time: `2026-01-31`, `2026-01-31T12:00`, `2026-01-31T12:00:00Z`. In the address it is a text.

    Without an offset it is meant in the project's time zone. A day means its beginning; with `is_end` its end, so that
    "until the 31st" holds that day.
    """

    default_error_messages = {"invalid": _("Enter a date such as 2026-01-31 or a time such as 2026-01-31T12:00.")}

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        """Take on which side of a range it stands."""
        self.is_end = is_end
        options.setdefault("required", False)
        options.setdefault("max_length", 40)
        options.setdefault("widget", forms.DateTimeInput(attrs={"data-moment": "end" if is_end else "start"}))
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        """Return the moment in UTC; None where there is none."""
        text = super().clean(value)
        return self._read(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        """Return what the field shows: the moment in UTC, for a reader whose zone is another than the project's.

        What cannot be read is shown as it was typed.
        """
        try:
            moment = self.clean(value)
        except forms.ValidationError:
            return value
        return value if moment is None else moment.isoformat().replace("+00:00", "Z")

    def _read(self, text: str) -> datetime:
        try:
            day = parse_date(text)
            moment = (
                datetime.combine(day, time.min)
                if day
                else parse_datetime(text.replace(" ", "+", 1) if "T" in text else text)
            )
        except ValueError:
            day = moment = None
        if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        if day and self.is_end:
            moment += timedelta(days=1) - timedelta(microseconds=1)
        aware = moment if moment.tzinfo else compat.localize(moment)
        return aware.astimezone(timezone.utc)


class PeriodForm(FilterForm):
    """Filters of which two say from when to when; they come last."""

    since = MomentField(label=_("From"))
    until = MomentField(label=_("To"), is_end=True)

    def __init__(self, data: Any, **options: Any) -> None:
        """Put the fields in order."""
        super().__init__(data, **options)
        self.order_fields([name for name in self.fields if name not in PeriodForm.base_fields])

    def describe(self, name: str, value: Any) -> str:
        """Return a chosen value as people read it."""
        return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else super().describe(name, value)

    @property
    def is_over(self) -> bool:
        """Tell whether the time that is asked for has passed: nothing new can come."""
        until: Optional[datetime] = self.value("until")
        return until is not None and until < to_utc(now())


class WordsField(forms.CharField):
    """Words to search for, each of which must be found."""

    MOST = 10

    def __init__(self, **options: Any) -> None:
        """Take a text of some length."""
        options.setdefault("required", False)
        options.setdefault("max_length", 200)
        options.setdefault("label", _("Search"))
        options.setdefault("widget", forms.TextInput(attrs={"type": "search"}))
        super().__init__(**options)

    def clean(self, value: Any) -> Tuple[str, ...]:
        """Return the words."""
        return tuple(super().clean(value).split()[: self.MOST])
