"""Models that cannot be worked on: by a `get_queryset` that fails, or a stored value that Python cannot hold."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from django.db import IntegrityError, InterfaceError, OperationalError

from sb_sync.errors import SyncError

__all__ = ["Unworkable", "working_on"]


class Unworkable(Exception):
    """Something failed that no record is to blame for: the push begins again, without the records of this model."""

    def __init__(self, label: str) -> None:
        """Take the model's label."""
        self.label = label
        super().__init__(label)


@contextmanager
def working_on(label: str) -> Iterator[None]:
    """Let what fails within be the failure of one model; what ends the push, or has it tried again, still does."""
    try:
        yield
    except (SyncError, OperationalError, InterfaceError, IntegrityError, Unworkable):
        raise
    except Exception as error:
        raise Unworkable(label) from error
