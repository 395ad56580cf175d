"""What the models are called."""

from __future__ import annotations

__all__ = ["name_of"]


def name_of(number: int) -> str:
    """Return the name of one of many models."""
    return f"Item{number:03d}"
