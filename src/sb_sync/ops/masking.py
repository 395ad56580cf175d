"""Bodies of requests as they may be kept: without secrets, and no longer than a limit."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from typing import Any, Dict, List, Match, Pattern, Sequence, Tuple

from sb_sync.config import setting

__all__ = ["MASK", "clean_text", "is_masked", "mask_body", "mask_text", "mask_value"]

MASK = "***"
CUT = "…"
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NO_WORD = re.compile(r"[\W_]+")
# What quotes, commas and brackets cost, about.
OVERHEAD = 4
# From here on an integer is text: no database's own is larger.
LARGE = 2**63
# What authenticates, by its form: the header, a token, user and password in an address.
CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+(?=@)|\b(?:bearer|basic)\s+[\w.~+/=-]+|\beyJ[\w-]+\.[\w.-]+", re.IGNORECASE)
# A name with what is given to it, as in `password=x`, `{'password': 'x'}`.
GIVEN = re.compile(r"(?<![\w-])([\w-]+)(['\"]?\s?[:=]\s?)('[^']*'|\"[^\"]*\"|[^\s,;&}\])]+)")


def mask_body(body: Any) -> Any:
    """Return a copy of a JSON value with secrets masked, cut where it reaches `LOG_BODY_BYTES`.

    A field is secret where one of `REDACT_FIELDS` is its name or a part of it: "user_password", "apiKey".
    """
    return _Masker(setting("LOG_BODY_BYTES"), setting("REDACT_FIELDS")).copy(body)


def mask_value(name: str, value: Any) -> Any:
    """Return a copy of the value of a field with secrets masked, uncut."""
    secrets = setting("REDACT_FIELDS")
    return MASK if value is not None and is_masked(name, secrets) else _Masker(sys.maxsize, secrets).copy(value)


def is_masked(name: str, secrets: Sequence[Any]) -> bool:
    """Tell whether a field of this name is secret by a list such as `REDACT_FIELDS`."""
    return _pattern(secrets).search(_split_words(name)) is not None


def mask_text(text: str) -> str:
    """Return a text without what authenticates, and without values that are given to names of `REDACT_FIELDS`.

    What is no JSON can only be looked through: the message of an error, the line of a command.
    """
    secrets = setting("REDACT_FIELDS")

    def mask_given(found: Match[str]) -> str:
        return f"{found[1]}{found[2]}{MASK}" if is_masked(found[1], secrets) else found[0]

    return GIVEN.sub(mask_given, CREDENTIALS.sub(MASK, text))


def clean_text(text: str) -> str:
    """Return a text that every database takes: without NUL, and without half a pair of surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


class _Masker:
    """Copy a value until the room is used up."""

    def __init__(self, room: int, secrets: Any) -> None:
        self.room = room
        self.secret = _pattern(secrets)

    def copy(self, value: Any) -> Any:
        """Return the copy of one value."""
        if isinstance(value, dict):
            return self._copy_object(value)
        if isinstance(value, list):
            return self._copy_list(value)
        if isinstance(value, str):
            return self._copy_text(value)
        if isinstance(value, int) and abs(value) >= LARGE:
            # Thousands of digits are no small value, and not every database takes them as a number.
            return self._copy_text(str(value))
        self.room -= OVERHEAD
        # NaN and Infinity are no JSON; a database refuses them.
        return value if not isinstance(value, float) or abs(value) < float("inf") else str(value)

    def _copy_object(self, value: Dict[str, Any]) -> Dict[str, Any]:
        copied: Dict[str, Any] = {}
        for number, (name, item) in enumerate(value.items()):
            if self.room <= 0:
                copied[CUT] = f"{len(value) - number} more"
                break
            kept = self._copy_text(name)
            copied[kept] = MASK if self._is_secret(name) else self.copy(item)
        return copied

    def _copy_list(self, value: List[Any]) -> List[Any]:
        copied: List[Any] = []
        for number, item in enumerate(value):
            if self.room <= 0:
                copied.append(f"{CUT} {len(value) - number} more")
                break
            copied.append(self.copy(item))
        return copied

    def _copy_text(self, value: str) -> str:
        kept = value[: max(self.room, 0)]
        self.room -= len(kept.encode("utf-8", "replace")) + OVERHEAD
        return clean_text(kept) if len(kept) == len(value) else clean_text(kept) + CUT

    def _is_secret(self, name: str) -> bool:
        return self.secret.search(_split_words(name)) is not None


def _pattern(secrets: Sequence[Any]) -> Pattern[str]:
    """Return what finds any of these words in a name that was split into its own."""
    return _compile(tuple(map(str, secrets)))


@lru_cache(maxsize=8)
def _compile(secrets: Tuple[str, ...]) -> Pattern[str]:
    words = "|".join(re.escape(_split_words(word)).replace("_", "_?") for word in secrets)
    # Also in the plural and numbered, as in "passwords" and "password2".
    return re.compile(rf"(?:^|_)(?:{words})s?\d*(?:$|_)" if words else r"(?!)")


def _split_words(name: str) -> str:
    """Return a name in one way of writing: "apiKey", "API-Key" and "api_key" are the same, in letters of any width."""
    return NO_WORD.sub("_", HUMP.sub("_", unicodedata.normalize("NFKC", name)).lower())
