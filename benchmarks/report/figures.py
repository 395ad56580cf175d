"""Write figures for people."""

from __future__ import annotations

from typing import Any, Mapping, Optional

__all__ = ["figure", "limit", "percent", "ratio"]


def figure(number: Optional[float], unit: str = "") -> str:
    """Return a median with its unit, as exact as it deserves."""
    if number is None:
        return "-"
    if unit == "s" and 0 < number < 1:
        number, unit = (number * 1e3, "ms") if number >= 1e-3 else (number * 1e6, "µs")
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 3
    return f"{number:,.{digits}f} {unit}".strip()


def ratio(row: Mapping[str, Any], number: Optional[float] = None) -> str:
    """Return a ratio, or the figure with its unit where there is nothing to divide by."""
    number = row["ratio"] if number is None else number
    if number is None:
        return "-"
    return f"{number:.1f} {row['unit']}" if row["unit"] else f"{number:.{4 if number < 0.1 else 2}f}"


def limit(row: Mapping[str, Any], name: str) -> str:
    """Return what a ratio must come to."""
    if row[name] is None:
        return "-"
    sign = "≤" if row["sense"] == "at most" else "≥"
    return f"{sign} {row[name]:g} {row['unit']}".strip()


def percent(number: Optional[float]) -> str:
    """Return a spread."""
    return "-" if number is None else f"{number:.0%}"
