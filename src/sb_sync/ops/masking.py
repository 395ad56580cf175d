"""Bodies of requests as they may be kept: without secrets, and no longer than a limit."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from sb_sync.config import setting

__all__ = ["MASK", "clean_text", "mask_body"]

MASK = "***"
CUT = "…"
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NO_WORD = re.compile(r"[\W_]+")
# What quotes, commas and brackets cost, about.
OVERHEAD = 4
# From here on an integer is text: no database's own is larger.
LARGE = 2**63


def mask_body(body: Any) -> Any:
    """Return a copy of a JSON value with secrets masked, cut where it reaches `LOG_BODY_BYTES`.

    A field is secret where one of `REDACT_FIELDS` is its name or a part of it: "user_password", "apiKey".
    """
    return _Masker(setting("LOG_BODY_BYTES"), setting("REDACT_FIELDS")).copy(body)


def clean_text(text: str) -> str:
    """Return a text that every database takes: without NUL, and without half a pair of surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


class _Masker:
    """Copy a value until the room is used up."""

    def __init__(self, room: int, secrets: Any) -> None:
        self.room = room
        words = "|".join(re.escape(_split_words(str(word))) for word in secrets)
        self.secret = re.compile(rf"(?:^|_)(?:{words})(?:$|_)" if words else r"(?!)")

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


def _split_words(name: str) -> str:
    """Return a name in one way of writing: "apiKey", "API-Key" and "api_key" are the same."""
    return NO_WORD.sub("_", HUMP.sub("_", name).lower())
