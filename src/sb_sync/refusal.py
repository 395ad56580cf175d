"""What a command or task says when it cannot do what it was asked."""

from __future__ import annotations

from typing import List, Sequence, Union

__all__ = ["Refused"]


class Refused(Exception):
    """Nothing was done; `reasons` says why, in sentences for the person who asked."""

    def __init__(self, reasons: Union[str, Sequence[str]]) -> None:
        """Take one reason or several."""
        self.reasons: List[str] = [reasons] if isinstance(reasons, str) else list(reasons)
        super().__init__("\n".join(self.reasons))
