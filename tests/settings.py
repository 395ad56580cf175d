"""The Django project in which the tests run; the database is the one that `pytest --db` names."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict
from urllib.parse import parse_qs, unquote, urlsplit

FOLDER = os.environ.get("SB_SYNC_TEST_FOLDER") or tempfile.gettempdir()


def _sqlite() -> Dict[str, Any]:
    """Return a database in a file: one in memory cannot be shared by threads that each write."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(FOLDER, "sb_sync.sqlite3"),
        "OPTIONS": {"timeout": 30},
        "TEST": {"NAME": os.path.join(FOLDER, "test_sb_sync.sqlite3")},
    }


def _postgresql(url: str) -> Dict[str, Any]:
    """Return the database of a URL such as postgresql://user:password@host:port/name?host=/folder/of/socket."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or ""),
        # Several sessions may share one server.
        "TEST": {"NAME": f"test_sb_sync_{os.getpid()}"},
    }


def _mariadb(url: str) -> Dict[str, Any]:
    """Return the database of a URL such as mysql://user:password@host:port/name?socket=/path/of/socket."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("socket", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or ""),
        "OPTIONS": {"charset": "utf8mb4", "init_command": "SET sql_mode = 'STRICT_TRANS_TABLES'"},
        # Several sessions may share one server.
        "TEST": {"NAME": f"test_sb_sync_{os.getpid()}", "CHARSET": "utf8mb4"},
    }


def _default() -> Dict[str, Any]:
    """Return the database that the session is to run on."""
    name = os.environ.get("SB_SYNC_TEST_DB")
    if name == "postgresql":
        return _postgresql(os.environ["SB_SYNC_TEST_POSTGRES"])
    if name == "mariadb":
        return _mariadb(os.environ["SB_SYNC_TEST_MARIADB"])
    return _sqlite()


DATABASES = {"default": _default()}

SECRET_KEY = "only-for-the-tests-and-long-enough-for-HS256"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.sites",
    "rest_framework",
    "simple_history",
    "sb_sync",
    "tests.testapp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "tests.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "/static/"
MEDIA_ROOT = os.path.join(FOLDER, "media")
MEDIA_URL = "/media/"
SB_SYNC_LOG_DIR = os.path.join(FOLDER, "logs")
# Only the processes that are started as workers have one by themselves.
CELERY_BROKER_URL = os.environ.get("SB_SYNC_TEST_BROKER")
SITE_ID = 1
SB_SYNC: Dict[str, Any] = {}
# The test app has a model with two keys to organizations, which commands would else refuse to start with.
SILENCED_SYSTEM_CHECKS = ["sb_sync.E004"]
