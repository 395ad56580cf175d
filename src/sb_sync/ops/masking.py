"""Bodies of requests as they may be kept: without secrets, and no longer than a limit."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from sb_sync.config import setting

__all__ = ["MASK", "mask_body"]

MASK = "***"
CUT = "…"
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# What quotes, commas and brackets cost, about.
OVERHEAD = 4


def mask_body(body: Any) -> Any:
    """Return a copy of a JSON value with secrets masked, cut where it reaches `LOG_BODY_BYTES`.

    A field is secret where one of `REDACT_FIELDS` is its name or a part of it: "user_password", "apiKey".
    """
    return _Masker(setting("LOG_BODY_BYTES"), setting("REDACT_FIELDS")).copy(body)


class _Masker:
    """Copy a value until the room is used up."""

    def __init__(self, room: int, secrets: Any) -> None:
        self.room = room
        words = "|".join(re.escape(str(word).lower()) for word in secrets)
        self.secret = re.compile(rf"(?:^|[^a-z0-9])(?:{words})(?:$|[^a-z0-9])" if words else r"(?!)")

    def copy(self, value: Any) -> Any:
        """Return the copy of one value."""
        if isinstance(value, dict):
            return self._copy_object(value)
        if isinstance(value, list):
            return self._copy_list(value)
        if isinstance(value, str):
            return self._copy_text(value)
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
        # A lone half of a pair, or a NUL, is text to Python and to no database.
        safe = kept.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
        return safe if len(kept) == len(value) else safe + CUT

    def _is_secret(self, name: str) -> bool:
        return self.secret.search(HUMP.sub("_", name).lower()) is not None
