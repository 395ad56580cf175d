"""Where set values are kept: the port that `models.configuration` fills, and memory until it does."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

__all__ = ["REMOVED", "Change", "Guard", "MemoryStore", "Place", "Row", "Store"]

#: A section and a key.
Place = Tuple[str, str]
#: Section, key and value, the value as JSON text.
Row = Tuple[str, str, str]
#: Gets what is set, by place, while nobody else can set it; raises to stop the writing.
Guard = Callable[[Mapping[Place, Any]], None]
#: In place of a value: what is set is taken away.
REMOVED: Any = object()


@dataclass(frozen=True)
class Change:
    """What one key is set to, as JSON; `REMOVED` where it is to have its default again.

    `description` is for people; None leaves the one that stands.
    """

    section: str
    key: str
    value: Any
    description: Optional[str] = None

    @property
    def place(self) -> Place:
        """Return section and key."""
        return (self.section, self.key)


class Store(ABC):
    """Set values, one row a key."""

    @abstractmethod
    def read(self) -> Optional[Tuple[Row, ...]]:
        """Return all rows in one statement; None where there is no table yet, or no database."""

    def is_in_transaction(self) -> bool:
        """Tell whether what is read now may be what is not committed yet."""
        return False

    @abstractmethod
    def write(
        self, changes: Sequence[Change], *, guard: Guard, user: Any, reason: str, committed: Callable[[], None]
    ) -> None:
        """Make changes, all or none, after each other where several do; then call `committed`."""


class MemoryStore(Store):
    """What is set while there is no database yet: this process's alone."""

    def __init__(self) -> None:
        """Begin with nothing set."""
        self._values: Dict[Place, Any] = {}

    def read(self) -> Tuple[Row, ...]:
        """Return all rows."""
        return tuple((section, key, json.dumps(value)) for (section, key), value in sorted(self._values.items()))

    def write(
        self, changes: Sequence[Change], *, guard: Guard, user: Any, reason: str, committed: Callable[[], None]
    ) -> None:
        """Make changes."""
        guard(dict(self._values))
        for change in changes:
            if change.value is REMOVED:
                self._values.pop(change.place, None)
            else:
                self._values[change.place] = change.value
        committed()
