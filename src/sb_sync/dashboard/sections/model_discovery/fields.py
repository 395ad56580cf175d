"""The control of each setting: how its value is shown, and what is read back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Dict, List, Optional, Tuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sb_sync.config import Setting
from sb_sync.config.model_discovery import ABSTRACT, CONCRETE, PROXY

__all__ = ["SUGGESTED", "UNITS", "ExclusionsField", "LinesField", "SpanField", "SpanWidget", "make_field"]

#: Longer ones belong into a file: the form is sent back as it was typed.
MAX_LENGTH = 100_000
KINDS = ((CONCRETE, _("concrete")), (ABSTRACT, _("abstract")), (PROXY, _("proxy")))
UNITS: Tuple[Tuple[str, Any, timedelta], ...] = (
    ("days", _("days"), timedelta(days=1)),
    ("hours", _("hours"), timedelta(hours=1)),
    ("minutes", _("minutes"), timedelta(minutes=1)),
    ("seconds", _("seconds"), timedelta(seconds=1)),
)
#: A list that names what is installed: what the page suggests for it.
SUGGESTED = {
    "INCLUDE_APPS": "apps",
    "EXCLUDE_MODELS": "models",
    "CAPTURE": "models",
    "EXCLUDE_MODELS_WITH_FIELDS": "fields",
    "REQUIRE_MODELS_WITH_FIELDS": "fields",
}
#: A space in a regular expression means a space.
PATTERNS = frozenset({"INCLUDE_MODEL_PATTERNS", "EXCLUDE_MODEL_PATTERNS"})


class LinesField(forms.CharField):
    """A list of texts, each on a line of its own."""

    def __init__(self, *, keeps_spaces: bool = False, **options: Any) -> None:
        """Let texts keep the spaces around them where those mean something."""
        box = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"})
        super().__init__(strip=False, required=False, max_length=MAX_LENGTH, widget=box, **options)
        self.keeps_spaces = keeps_spaces

    def prepare_value(self, value: Any) -> Any:
        """Return a list as lines."""
        return "\n".join(str(item) for item in value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        """Return the texts."""
        lines = str(super().to_python(self.prepare_value(value)) or "").replace("\r\n", "\n").split("\n")
        texts = lines if self.keeps_spaces else [line.strip() for line in lines]
        return [text for text in texts if text.strip()]

    def validate(self, value: Any) -> None:
        """Leave it to the setting."""

    def run_validators(self, value: Any) -> None:
        """Look at how long it is as it was typed."""
        super().run_validators(self.prepare_value(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether other texts stand there: one that holds a line break is shown as two, and is not changed."""
        return not self.disabled and bool(self.to_python(initial) != self.to_python(data))


class ExclusionsField(LinesField):
    """Names of models by app, such as `auth: Group, Permission`, each app on a line of its own."""

    def prepare_value(self, value: Any) -> Any:
        """Return a dict as lines."""
        if not isinstance(value, dict):
            return value
        return "\n".join("{}: {}".format(app, ", ".join(map(str, names))) for app, names in value.items())

    def to_python(self, value: Any) -> Any:
        """Return the names by app."""
        found: Dict[str, List[str]] = {}
        for line in super().to_python(value):
            app, colon, names = line.partition(":")
            if not colon or not app.strip():
                raise ValidationError(
                    _("“%(line)s” must look like auth: Group, Permission"), params={"line": line[:100]}
                )
            listed = [name.strip() for name in names.split(",") if name.strip()]
            found.setdefault(app.strip(), []).extend(listed)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether it says something else; what cannot be read does."""
        try:
            return super().has_changed(initial, data)
        except ValidationError:
            return True


class SpanWidget(forms.MultiWidget):
    """A number, and what it counts."""

    def __init__(self, attrs: Optional[Dict[str, Any]] = None) -> None:
        """Put a box and a choice side by side."""
        number = forms.NumberInput(attrs={"min": 0, "step": "any", "inputmode": "decimal", "aria-label": _("Number")})
        units = [(name, text) for name, text, _length in UNITS]
        unit = forms.Select(choices=units, attrs={"aria-label": _("Unit")})
        super().__init__({"number": number, "unit": unit}, attrs)

    def decompress(self, value: Any) -> List[Any]:
        """Return a span in the largest unit that leaves a whole number."""
        if not isinstance(value, timedelta):
            return [None, "days"]
        name, unit = next(((name, unit) for name, _, unit in UNITS if not value % unit), ("seconds", UNITS[-1][2]))
        number = value // unit if not value % unit else value / unit
        return [number, name]


class SpanField(forms.MultiValueField):
    """A time span."""

    widget = SpanWidget

    def __init__(self, **options: Any) -> None:
        """Take a number and a unit."""
        fields = (
            forms.DecimalField(min_value=0, max_digits=20),
            forms.ChoiceField(choices=[(name, text) for name, text, _ in UNITS]),
        )
        super().__init__(fields, require_all_fields=True, **options)

    def compress(self, data_list: Any) -> Optional[timedelta]:
        """Return the span."""
        if not data_list:
            return None
        number: Decimal = data_list[0]
        unit = next(unit for name, _, unit in UNITS if name == data_list[1])
        try:
            return timedelta(microseconds=int(number * (unit // timedelta(microseconds=1))))
        except OverflowError as error:
            raise ValidationError(_("Enter a shorter time.")) from error


def make_field(key: str, declared: Setting) -> forms.Field:
    """Return the control that fits what a key may hold."""
    kinds = declared.kinds
    if key == "INCLUDE_MODEL_TYPES":
        return forms.MultipleChoiceField(choices=KINDS, widget=forms.CheckboxSelectMultiple, required=False)
    if dict in kinds:
        return ExclusionsField()
    if list in kinds:
        return LinesField(keeps_spaces=key in PATTERNS)
    if timedelta in kinds:
        return SpanField()
    if declared.choices:
        return forms.ChoiceField(choices=[(choice, choice) for choice in declared.choices])
    return _make_plain(declared)


def _make_plain(declared: Setting) -> forms.Field:
    """Return the control of one value."""
    if bool in declared.kinds:
        switch = forms.CheckboxInput(attrs={"role": "switch"})
        return forms.BooleanField(required=False, widget=switch)
    bounds: Any = {"min_value": declared.minimum, "max_value": declared.maximum}
    if float in declared.kinds:
        return forms.FloatField(**bounds)
    if int in declared.kinds:
        return forms.IntegerField(required=declared.default is not None, **bounds)
    return forms.CharField(required=bool(declared.pattern), max_length=200)
