"""What health asks: each a true measurement that costs little."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Dict, List, Set

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_noop as _

from sb_sync import catalog, feed
from sb_sync.feed.backends.upkeep import find_oldest_writer
from sb_sync.models import Change
from sb_sync.ops import logs
from sb_sync.ops.health import DEGRADED, HEALTHY, UNHEALTHY, Finding, Monitor, Probe, worst
from sb_sync.optimizations.memory import MemoryOptimizer, find_memory_limit
from sb_sync.sentence import Sentence, join_sentences

__all__ = ["make_monitor", "monitor"]

APP = "sb_sync"
#: The catalog of triggers is read for the feed, and a connection is opened for the broker: not each second.
FEED_SECONDS, BROKER_SECONDS = 10.0, 5.0
BROKER_PATIENCE = 1.5
#: Nobody's request takes that long. A purge waits for who does.
LONGEST_WRITER_SECONDS = 600.0
MEMORY_SHARE = 0.9


def make_monitor() -> Monitor:
    """Return a monitor of everything that there is to check in this project."""
    probes = [
        Probe("database", check_database, failing=UNHEALTHY),
        Probe("cache", check_cache, failing=DEGRADED),
        Probe("logging", check_logging, failing=DEGRADED),
        Probe("feed", check_feed, failing=UNHEALTHY, good_for=FEED_SECONDS),
        Probe("memory", check_memory, failing=DEGRADED),
    ]
    if getattr(settings, "CELERY_BROKER_URL", None):
        probes.append(Probe("broker", check_broker, failing=DEGRADED, good_for=BROKER_SECONDS))
    return Monitor(probes)


#: One for the process: what it found last serves everybody who asks. Made when the settings are there.
monitor: Monitor = SimpleLazyObject(make_monitor)  # type: ignore[assignment]  # as good as a monitor


def check_database() -> Finding:
    """Connect to the default database, and ask it for a number."""
    began = time.perf_counter()
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        connected = time.perf_counter()
        cursor.execute("SELECT 1")
        cursor.fetchone()
    answered = time.perf_counter()
    return Finding(HEALTHY, figures={"connect_ms": _ms(connected - began), "round_trip_ms": _ms(answered - connected)})


def check_cache() -> Finding:
    """Put something into Django's default cache and get it out again; log-in attempts are counted there."""
    key, value = f"{APP}.health.{os.getpid()}", secrets.token_hex(8)
    began = time.perf_counter()
    cache.set(key, value, 30)
    found = cache.get(key)
    figures = {"round_trip_ms": _ms(time.perf_counter() - began)}
    if found != value:
        return Finding(
            DEGRADED,
            Sentence(_("The cache did not keep what was put into it: log-ins are not throttled.")),
            figures,
        )
    return Finding(HEALTHY, figures=figures)


def check_logging() -> Finding:
    """Write a byte into the folder of the log."""
    folder = logs.find_log_folder()
    problem = logs.problem()
    if problem:
        return Finding(
            DEGRADED, Sentence(_("The log cannot be written: {problem}"), problem=problem), {"folder": folder}
        )
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
        file.flush()
    return Finding(HEALTHY, figures={"folder": folder})


def check_memory() -> Finding:
    """Compare what this process holds with what it may."""
    held, limit = MemoryOptimizer.get_memory_usage(), find_memory_limit()
    figures = {"used_mib": round(held, 1), "limit_mib": None if limit is None else round(limit, 1)}
    if limit and held / limit > MEMORY_SHARE:
        said = Sentence(_("This process holds more than {share} of what it may."), share=f"{MEMORY_SHARE:.0%}")
        return Finding(DEGRADED, said, figures)
    return Finding(HEALTHY, figures=figures)


def check_broker() -> Finding:
    """Connect to the broker of the background tasks."""
    from kombu.connection import Connection

    connect: Any = Connection
    # Transports know the patience under names of their own.
    options = {"socket_connect_timeout": BROKER_PATIENCE, "socket_timeout": BROKER_PATIENCE}
    url = getattr(settings, "CELERY_BROKER_URL", None)
    began = time.perf_counter()
    with connect(url, connect_timeout=BROKER_PATIENCE, transport_options=options) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_PATIENCE)
    return Finding(HEALTHY, figures={"connect_ms": _ms(time.perf_counter() - began)})


def check_feed() -> Finding:
    """Look at the capture of changes in every database that has synchronised models."""
    catalog.refresh()
    aliases = {synced.database for synced in catalog.synced_models().values()} | {DEFAULT_DB_ALIAS}
    found = {alias: _check_feed_of(alias) for alias in sorted(aliases)}
    return Finding(
        worst([each.status for each in found.values()]),
        join_sentences([each.detail for each in found.values() if each.detail]),
        {alias: each.figures for alias, each in found.items()},
    )


def _check_feed_of(using: str) -> Finding:
    unapplied = sorted(_find_migrations(using) - _find_applied(using))
    if unapplied:
        names = ", ".join(unapplied)
        said = _("Migrations are not applied in database {database} ({names}): run manage.py migrate.")
        return Finding(UNHEALTHY, Sentence(said, database=repr(using), names=names))
    faults = [" ".join(fault) for fault in feed.backend_for(using).find_faults()]
    if faults:
        return Finding(UNHEALTHY, " ".join(faults))
    states = [found for found in feed.find_states(using) if not found.surplus]
    bad = [found for found in states if found.state is not feed.State.INSTALLED]
    writer = find_oldest_writer(using)
    figures: Dict[str, Any] = {
        "tables": len(states),
        "not_captured": {found.table: found.state.value for found in bad},
        "lag_seconds": _find_lag(using),
        "oldest_writer_seconds": None if writer is None else round(writer, 1),
    }
    details: List[str] = []
    if bad:
        details.append(
            Sentence(
                _(
                    "The capture of {count} of {total} tables in database {database} is missing or outdated: run"
                    " manage.py sync_feed --action install."
                ),
                count=len(bad),
                total=len(states),
                database=repr(using),
            )
        )
    if writer is not None and writer > LONGEST_WRITER_SECONDS:
        said = _("A transaction has been writing for {seconds} s: a purge cannot pass it.")
        details.append(Sentence(said, seconds=f"{writer:.0f}"))
    if bad and len(bad) == len(states):
        return Finding(UNHEALTHY, join_sentences(details), figures)
    return Finding(DEGRADED if details else HEALTHY, join_sentences(details), figures)


def _find_migrations(using: str) -> Set[str]:
    """Return the migrations of this package that belong into a database."""
    module, _is_explicit = MigrationLoader.migrations_module(APP)
    if module is None or not router.allow_migrate(using, APP):
        return set()
    return {found.name for found in iter_modules(import_module(module).__path__) if found.name[0] not in "_~"}


def _find_applied(using: str) -> Set[str]:
    return {name for app, name in MigrationRecorder(connections[using]).applied_migrations() if app == APP}


def _find_lag(using: str) -> float:
    """Return for how many seconds at most changes have waited for a client to pull them; 0 where none waits."""
    changes = Change.objects.using(using).values_list("changed_at", flat=True)
    newest, pulled = changes.order_by("-id").first(), feed.find_last_pull(using)
    if newest is None or (pulled is not None and newest <= pulled):
        return 0.0
    # Where nobody ever pulled, the oldest one waits longest.
    waited = timezone.now() - (pulled or changes.order_by("id").first() or newest)
    return round(max(0.0, waited.total_seconds()), 1)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
