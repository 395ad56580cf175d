"""Synchronise any Django model with clients that are often offline."""

from __future__ import annotations

from sb_sync.errors import RecordError
from sb_sync.registry import ModelSync, register

__version__ = "0.1.0"

__all__ = ["ModelSync", "RecordError", "__version__", "register"]
