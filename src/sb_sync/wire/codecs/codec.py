"""What a codec is, and how it refuses a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, NoReturn, Optional

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

__all__ = ["Codec", "check_text", "refuse", "take_short_text", "unchanged"]

# A refusal repeats the value; one of megabytes is cut.
SHOWN_LENGTH = 200


@dataclass(frozen=True)
class Codec:
    """A pair of functions and the word that names the type on the wire. `encode` None: the value is JSON as it is."""

    word: str
    encode: Optional[Callable[[Any], Any]]
    decode: Callable[[Any], Any]


def refuse(field: Any, value: Any, reason: str = "invalid") -> NoReturn:
    """Raise the error with which the field itself refuses a value."""
    message = field.error_messages.get(reason) or field.error_messages.get("invalid") or _("Enter a valid value.")
    shown = str(value)
    if len(shown) > SHOWN_LENGTH:
        shown = shown[:SHOWN_LENGTH] + "…"
    raise ValidationError(message, code=reason, params={"value": shown, "protocol": _("IPv4 or IPv6")})


def take_short_text(field: Any, value: Any) -> str:
    """Return text that may be a date, a key or the like; refuse what is no text, or too long to be read or repeated."""
    if not isinstance(value, str) or not value or len(value) > SHOWN_LENGTH:
        refuse(field, value)
    return check_text(value)


def check_text(value: str) -> str:
    """Return text that every database can hold: no NUL, no half of a surrogate pair."""
    if "\x00" in value:
        raise ValidationError(_("Null characters are not allowed."), code="null_characters_not_allowed")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("Enter a valid value."), code="invalid") from error
    return value


def unchanged(value: Any) -> Any:
    """Return the value."""
    return value
