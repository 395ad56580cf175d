"""Declare a `ModelSync` for the time of a block, as an app's `sync.py` would for good."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

from sb_sync import ModelSync, catalog, register
from sb_sync.registry import registered_sync, unregister


@contextmanager
def declared(model: Any, **attributes: Any) -> Iterator[None]:
    """Let these attributes and methods be what the project says about a model."""
    assert registered_sync(model) is None
    register(model)(type("Declared", (ModelSync,), attributes))
    catalog.reload()
    try:
        yield
    finally:
        unregister(model)
        catalog.reload()
