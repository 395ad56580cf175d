"""The app of every kind of model, for the time of a block."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from django.test.utils import modify_settings

from sb_sync import catalog

__all__ = ["variety"]


@contextmanager
def variety() -> Iterator[None]:
    """Install the app."""
    try:
        with modify_settings(INSTALLED_APPS={"append": "tests.variety"}):
            catalog.reload()
            yield
    finally:
        catalog.reload()
