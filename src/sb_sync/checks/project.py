"""What is wrong with a project: its settings, apps, addresses, folders and cache.

E001 a fault in SB_SYNC · E002 SECRET_KEY too short · E003 a missing app · W004 no SITE_ID for Django's own pages · W010
the log folder cannot be written · W011 the API has no address · W012 it has several · W013 attempts to log in are not
counted, or by each process alone (with `check --deploy`).
"""

from __future__ import annotations

import os
from typing import Any, Iterator, List

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLResolver, get_resolver

from sb_sync.config import DISCOVERY_SECTION, SETTINGS, find_faults
from sb_sync.ops import find_log_folder
from sb_sync.urls import app_name

__all__ = [
    "check_addresses",
    "check_apps",
    "check_cache",
    "check_log_folder",
    "check_secret_key",
    "check_settings",
    "check_site",
]

MIN_KEY_BYTES = 32
REQUIRED_APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sites",
    "rest_framework",
    "simple_history",
)


def check_settings(**_: Any) -> List[CheckMessage]:
    """Check every key of `SB_SYNC`."""
    return [
        Error(
            f"SB_SYNC[{name!r}] {fault}." if name != "SB_SYNC" else f"SB_SYNC {fault}.",
            hint="Correct it in the project's settings. Known keys: {}.".format(
                ", ".join([*SETTINGS, DISCOVERY_SECTION])
            ),
            id="sb_sync.E001",
        )
        for name, fault in find_faults()
    ]


def check_secret_key(**_: Any) -> List[CheckMessage]:
    """Check that tokens can be signed safely."""
    try:
        key: Any = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    size = len(key if isinstance(key, bytes) else str(key).encode())
    if size >= MIN_KEY_BYTES:
        return []
    return [
        Error(
            f"SECRET_KEY has {size} bytes; tokens signed with fewer than {MIN_KEY_BYTES} can be forged.",
            hint="Make one by django.core.management.utils.get_random_secret_key().",
            id="sb_sync.E002",
        )
    ]


def check_apps(**_: Any) -> List[CheckMessage]:
    """Check that the apps which this one stands on are installed."""
    return [
        Error(f"{name} is not installed.", hint=f"Add {name!r} to INSTALLED_APPS, above 'sb_sync'.", id="sb_sync.E003")
        for name in REQUIRED_APPS
        if not apps.is_installed(name)
    ]


def check_site(**_: Any) -> List[CheckMessage]:
    """Check that Django's own pages find the project's site: without SITE_ID they look for one named by the host."""
    if not apps.is_installed("django.contrib.admin") or hasattr(settings, "SITE_ID"):
        return []
    return [
        CheckWarning(
            "SITE_ID is not set, and the log-in page of the admin fails where no site is named like the host.",
            hint="Set SITE_ID = 1, the site that Django makes for the project; organizations are further sites.",
            id="sb_sync.W004",
        )
    ]


def check_log_folder(**_: Any) -> List[CheckMessage]:
    """Check that the log file can be written, without making anything."""
    folder = os.path.abspath(find_log_folder())
    standing = folder
    while not os.path.lexists(standing):
        standing = os.path.dirname(standing)
    # Files are made by who the process acts as, where the system tells that from who started it.
    by_effect = os.access in os.supports_effective_ids
    if os.path.isdir(standing) and os.access(standing, os.W_OK | os.X_OK, effective_ids=by_effect):
        return []
    return [
        CheckWarning(
            f"The log file cannot be written: {standing} takes no files."
            if os.path.isdir(standing)
            else f"The log file cannot be written: {standing} is no folder.",
            hint="Requests are served, and leave no line. Let SB_SYNC_LOG_DIR name a folder that this process may"
            " write.",
            id="sb_sync.W010",
        )
    ]


def check_addresses(**_: Any) -> List[CheckMessage]:
    """Check that the API can be reached, and by one address."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    count = sum(1 for _ in _find_includes(get_resolver()))
    if count == 1:
        return []
    if count == 0:
        return [
            CheckWarning(
                "No address leads to the API: the project's URLconf does not include sb_sync.urls.",
                hint='Add path("api/sync/", include("sb_sync.urls")) to its urlpatterns.',
                id="sb_sync.W011",
            )
        ]
    return [
        CheckWarning(
            f"The project's URLconf includes sb_sync.urls {count} times.",
            hint="Include it once. An Idempotency-Key is known by the path that it was sent to: a push that is sent"
            " again to the other one would be done again.",
            id="sb_sync.W012",
        )
    ]


def check_cache(**_: Any) -> List[CheckMessage]:
    """Check, for a deployment, that attempts to log in are counted for all processes together."""
    cache = caches["default"]
    if isinstance(cache, DummyCache):
        told = "The default cache keeps nothing, so attempts to log in are not counted: passwords can be guessed."
    elif isinstance(cache, LocMemCache):
        told = "The default cache is each process's own, so LOGIN_THROTTLE holds for each worker by itself."
    else:
        return []
    return [
        CheckWarning(
            told,
            hint="Let CACHES['default'] be one that all processes share: Redis, Memcached, or a table of the database.",
            id="sb_sync.W013",
        )
    ]


def _find_includes(resolver: Any) -> Iterator[Any]:
    """Yield each place in which a URLconf includes ours."""
    for found in resolver.url_patterns:
        if not isinstance(found, URLResolver):
            continue
        if found.app_name == app_name:
            yield found
        else:
            yield from _find_includes(found)
