"""What could be better: each suggestion follows from one figure, and says from which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Optional

from django.utils.translation import gettext_noop as _

from sb_sync.ops.metrics import LONGEST_TAIL, CacheFigures, Figures, OperationFigures
from sb_sync.sentence import Sentence

__all__ = ["Suggestion", "suggest"]

#: Fewer operations than this say nothing of the usual case.
FEWEST_OPERATIONS = 20
FEWEST_LOOK_UPS = 100
SLOW_SECONDS = 2.0
#: A page or batch of thousands takes some statements more than one of ten; one for each record is another matter.
QUERIES_PER_RECORD = 1.0
FEWEST_RECORDS = 10.0
RECORDS_PER_PUSH = 3.0
MANY_PUSHES = 1000
HIT_RATE = 0.5
MEMORY_SHARE = 0.8


@dataclass(frozen=True)
class Suggestion:
    """Something to do, and the `figure` that it follows from, with its value and the limit that it went beyond."""

    code: str
    detail: Sentence
    figure: Sentence
    value: float
    limit: float


def suggest(figures: Figures, caches: CacheFigures, memory: float, memory_limit: Optional[float]) -> List[Suggestion]:
    """Return what the figures suggest, `memory` and its limit in MiB."""
    return [
        *(suggestion for each in figures.by_kind for suggestion in _judge_kind(each)),
        *_judge_process(caches, memory, memory_limit),
        *_judge_rollups(figures),
    ]


def _judge_kind(each: OperationFigures) -> Iterator[Suggestion]:
    if each.operations < FEWEST_OPERATIONS:
        return
    what = Sentence(
        _("{operation} of {model}"), operation=each.operation, model=each.model or Sentence(_("several models"))
    )
    slowest = each.percentile(0.95) or 0.0
    if slowest > SLOW_SECONDS:
        yield Suggestion(
            "slow",
            Sentence(
                _("One {what} in twenty takes more than {seconds} s. Smaller batches answer sooner."),
                what=what, seconds=f"{slowest:.1f}",
            ),
            Sentence(_("p95 of {what}, seconds"), what=what), round(slowest, 3), SLOW_SECONDS,
        )  # fmt: skip
    records, queries = each.records / each.operations, each.queries / each.operations
    if records >= FEWEST_RECORDS and queries / records > QUERIES_PER_RECORD:
        yield Suggestion(
            "row_by_row",
            Sentence(
                _(
                    "A {what} takes {count} statements for each record. Look with manage.py show_models --action"
                    " details why its rows are saved one by one."
                ),
                what=what, count=f"{queries / records:.1f}",
            ),
            Sentence(_("queries per record of {what}"), what=what), round(queries / records, 3), QUERIES_PER_RECORD,
        )  # fmt: skip
    if each.operation == "push" and each.operations >= MANY_PUSHES and records < RECORDS_PER_PUSH:
        yield Suggestion(
            "small_pushes",
            Sentence(
                _("A {what} brings {count} records. Clients that gather several in one request cost less."),
                what=what, count=f"{records:.1f}",
            ),
            Sentence(_("records per {what}"), what=what), round(records, 3), RECORDS_PER_PUSH,
        )  # fmt: skip


def _judge_process(caches: CacheFigures, memory: float, memory_limit: Optional[float]) -> Iterator[Suggestion]:
    rate = caches.hit_rate
    if rate is not None and caches.hits + caches.misses >= FEWEST_LOOK_UPS and rate < HIT_RATE:
        yield Suggestion(
            "cache_misses",
            Sentence(
                _(
                    "The caches of this process knew {share} of what was looked up. Longer time-outs of CacheOptimizer,"
                    " or settings that change less often, would help."
                ),
                share=f"{rate:.0%}",
            ),
            Sentence(_("cache hit rate")), round(rate, 3), HIT_RATE,
        )  # fmt: skip
    if memory_limit and memory / memory_limit > MEMORY_SHARE:
        yield Suggestion(
            "memory",
            Sentence(
                _("This process holds {held} of {limit} MiB. Smaller batches, or more memory, would help."),
                held=f"{memory:.0f}", limit=f"{memory_limit:.0f}",
            ),
            Sentence(_("share of memory")), round(memory / memory_limit, 3), MEMORY_SHARE,
        )  # fmt: skip


def _judge_rollups(figures: Figures) -> Iterator[Suggestion]:
    if not figures.is_whole:
        yield Suggestion(
            "rollups_late",
            Sentence(
                _(
                    "More than {count} measurements wait to be rolled up, and the figures lack some. Run manage.py"
                    " optimize_performance --action cleanup, or the tasks of sb_sync.tasks.BEAT_SCHEDULE."
                ),
                count=LONGEST_TAIL,
            ),
            Sentence(_("measurements that wait")), LONGEST_TAIL + 1, LONGEST_TAIL,
        )  # fmt: skip
