"""Keeping tables quick, and processes small and warm."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from dataclasses import dataclass
from typing import Callable, List, Optional

from django.apps import apps
from django.db import connections, router

from sb_sync import catalog
from sb_sync.feed import backend_for, find_states
from sb_sync.feed.backends.upkeep import optimize_table_statements
from sb_sync.maintenance.verify import feed_databases
from sb_sync.optimizations import MemoryOptimizer, ModelMetadataCache
from sb_sync.refusal import Refused
from sb_sync.wire import schema_of

__all__ = ["MemoryReport", "StatementReport", "WarmthReport", "free_memory", "optimize_tables", "warm_up"]


@dataclass(frozen=True)
class StatementReport:
    """One statement that looked after a table, and how long it took."""

    database: str
    statement: str
    seconds: float


@dataclass(frozen=True)
class MemoryReport:
    """What this process held before and after, in MiB, and how many objects nobody could reach any more."""

    before: float
    after: float
    collected: int


@dataclass(frozen=True)
class WarmthReport:
    """Of how many models and captured tables this process knows now what else the first request would look up."""

    models: int
    tables: int
    seconds: float


def optimize_tables(
    using: str, *, force: bool = False, progress: Optional[Callable[[int, int, str], None]] = None
) -> List[StatementReport]:
    """Renew what the planner knows of this package's tables in a database, and give back what dead rows hold there.

    With force tables are made anew, which locks them meanwhile. Raises `Refused` inside a transaction.
    """
    connection = connections[using]
    if connection.in_atomic_block:
        raise Refused("Tables cannot be looked after inside a transaction.")
    reports: List[StatementReport] = []
    statements = optimize_table_statements(using, _find_tables(using), force=force)
    for number, statement in enumerate(statements):
        if progress is not None:
            progress(number, len(statements), statement)
        began = time.perf_counter()
        backend_for(using).execute(statement)
        reports.append(StatementReport(using, statement, round(time.perf_counter() - began, 3)))
    return reports


def free_memory() -> MemoryReport:
    """Let this process give back what it does not need: caches of its own, unreachable objects, free pages."""
    before = MemoryOptimizer.get_memory_usage()
    ModelMetadataCache.clear()
    collected = gc.collect()
    _trim()
    return MemoryReport(before, MemoryOptimizer.get_memory_usage(), collected)


def warm_up() -> WarmthReport:
    """Look up what this process would else look up at its first request: models, fields, how triggers should stand."""
    began = time.perf_counter()
    catalog.refresh()
    synced = catalog.synced_models()
    for label, each in synced.items():
        schema_of(each)
        ModelMetadataCache.get_model_fields(label)
    tables = sum(len(find_states(using)) for using in feed_databases())
    return WarmthReport(len(synced), tables, round(time.perf_counter() - began, 3))


def _find_tables(using: str) -> List[str]:
    """Return this package's tables that are there."""
    models = apps.get_app_config("sb_sync").get_models()
    ours = {model._meta.db_table for model in models if router.allow_migrate_model(using, model)}
    return sorted(ours.intersection(connections[using].introspection.table_names()))


def _trim() -> None:
    """Give free pages back to the system, where its C library can."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
