"""Measuring and other helpers that know Django and nothing of sync."""

from __future__ import annotations

from sb_sync.optimizations.measurement import Measurement, measure

__all__ = ["Measurement", "measure"]
