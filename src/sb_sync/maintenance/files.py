"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile

from sb_sync.refusal import Refused

__all__ = ["write_whole"]


def write_whole(path: str, text: str) -> None:
    """Write a text where it is wanted. Raises `Refused` where the place does not take it."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".sb_sync-")
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            target.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from error
