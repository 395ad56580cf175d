"""Settings as a project has them in production, on the database that BENCH_DATABASE_URL names.

BENCH_FOLDER names where the log goes, BENCH_MODELS how many further models there are.
"""

from __future__ import annotations

import os
from typing import Any, Dict
from urllib.parse import parse_qs, unquote, urlsplit

FOLDER = os.environ["BENCH_FOLDER"]
MODELS = int(os.environ.get("BENCH_MODELS", "0"))

SECRET_KEY = "measured-on-the-loopback-address-only-by-benchmarks"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "rest_framework",
    "rest_framework.authtoken",
    "simple_history",
    "sb_sync",
    "demo.sales",
    "benchmarks.project.plain",
    *(["benchmarks.project.many"] if MODELS else []),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    *(["benchmarks.project.counting.count_statements"] if os.environ.get("BENCH_COUNT") else []),
]
ROOT_URLCONF = "benchmarks.project.urls"


def _database() -> Dict[str, Any]:
    """Return the database of the URL, its connections kept open as in production."""
    parts = urlsplit(os.environ["BENCH_DATABASE_URL"])
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path),
            "OPTIONS": {"timeout": 20},
            "CONN_MAX_AGE": None,
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parse_qs(parts.query).get("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
SB_SYNC: Dict[str, Any] = {}
SB_SYNC_LOG_DIR = os.path.join(FOLDER, "logs")
