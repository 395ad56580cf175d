"""All that the page tells of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import List, Optional, Tuple

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from sb_sync import feed
from sb_sync.config import setting
from sb_sync.dashboard.sections.metrics.charts import Chart, make_charts
from sb_sync.dashboard.sections.metrics.figures import Kind, Tile, make_kinds, make_tiles
from sb_sync.dashboard.sections.metrics.steps import NAMES, Step, divide, find_size
from sb_sync.models import MetricRollup
from sb_sync.models.rollups import EVER, TOGETHER
from sb_sync.ops.metrics import read_cache_figures
from sb_sync.ops.series import Period, Selection, read_comparison
from sb_sync.ops.suggestions import Suggestion, suggest
from sb_sync.optimizations.memory import MemoryOptimizer, find_memory_limit

__all__ = ["Report", "make_report"]


@dataclass(frozen=True)
class Report:
    """What was measured in a period, and what follows from it.

    `last_measured` is the beginning of the last hour with measurements, looked for only where the period has none.
    """

    period: Period
    step_name: str
    steps: Tuple[Step, ...]
    tiles: List[Tile]
    charts: List[Chart]
    kinds: List[Kind]
    suggestions: List[Suggestion]
    sample_rate: float
    last_measured: Optional[datetime]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was measured."""
        return not self.kinds

    @property
    def is_sampled(self) -> bool:
        """Tell whether only a share of requests is measured now."""
        return 0 < self.sample_rate < 1

    @property
    def is_before_cut(self) -> bool:
        """Tell whether measurements of the period before may have been deleted for their age."""
        kept: timedelta = timedelta(days=setting("LOG_RETENTION_DAYS"))
        return self.period.before.start < feed.to_utc(timezone.now()) - kept


def make_report(selection: Selection, order: str) -> Report:
    """Read the figures of a period and put them together; a few statements, whatever was measured."""
    found = read_comparison(selection)
    steps = tuple(divide(found.now))
    step_name = str(NAMES[find_size(selection.period)])
    kinds = make_kinds(found, order)
    return Report(
        period=selection.period,
        step_name=step_name,
        steps=steps,
        tiles=make_tiles(found),
        charts=make_charts(steps, step_name) if kinds else [],
        kinds=kinds,
        suggestions=suggest(
            found.figures, read_cache_figures(), MemoryOptimizer.get_memory_usage(), find_memory_limit()
        ),
        sample_rate=setting("METRICS_SAMPLE_RATE"),
        last_measured=None if kinds else _find_last(selection),
    )


def _find_last(selection: Selection) -> Optional[datetime]:
    """Return the last hour in which anything was measured, of whatever operation."""
    sites = (TOGETHER,) if selection.sites is None else selection.sites
    hours = MetricRollup._base_manager.using(DEFAULT_DB_ALIAS).filter(site_id__in=sites, hour__gt=feed.to_stored(EVER))
    found = hours.order_by("-hour").values_list("hour", flat=True).first()
    return None if found is None else feed.to_utc(found)
