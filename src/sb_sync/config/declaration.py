"""What one key may hold, and how its value is written as JSON."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Callable, Optional, Tuple, Type, Union

from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string

__all__ = ["InvalidSetting", "Setting"]


class InvalidSetting(ValueError):
    """A section or key that does not exist, or a value that a key cannot hold."""


@dataclass(frozen=True)
class Setting:
    """One key: what it may hold and what holds without it.

    `check` says what else is wrong with a value of the right type; `look_up` what is wrong with what the value names,
    such as a model that is not installed. What names something is refused when it is set; one that stands already
    outlives the model.
    """

    default: Any
    types: Union[Type[Any], Tuple[Type[Any], ...]]
    meaning: str
    minimum: Any = None
    maximum: Any = None
    choices: Tuple[str, ...] = ()
    pattern: str = ""
    check: Optional[Callable[[Any], str]] = None
    look_up: Optional[Callable[[Any], str]] = None

    @property
    def kinds(self) -> Tuple[Type[Any], ...]:
        """Return the types that a value may have."""
        return self.types if isinstance(self.types, tuple) else (self.types,)

    @property
    def type_name(self) -> str:
        """Return the types for people."""
        return " or ".join(kind.__name__ for kind in self.kinds)

    def fault(self, value: Any) -> str:
        """Return what is wrong with a value, or an empty string."""
        is_disguised_bool = isinstance(value, bool) and self.types is not bool
        if is_disguised_bool or not isinstance(value, self.kinds):
            return f"must be {self.type_name}, not {type(value).__name__}"
        if isinstance(value, float) and not math.isfinite(value):
            return "must be a number"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}"
        if self.choices and value not in self.choices:
            return "must be one of {}".format(", ".join(self.choices))
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"must look like {self.default!r}"
        return "" if self.check is None else self.check(value)

    def to_json(self, value: Any) -> Any:
        """Return a value as JSON writes it: a time span as text, ISO 8601."""
        if isinstance(value, timedelta):
            return duration_iso_string(value)
        return list(value) if isinstance(value, tuple) else value

    def from_json(self, value: Any) -> Any:
        """Return the value that JSON means; what means none is returned as it is, for `fault` to name."""
        if timedelta in self.kinds and isinstance(value, str):
            try:
                span = parse_duration(value)
            except (OverflowError, ValueError):
                span = None
            return value if span is None else span
        return value
