"""Settings of the demo: what `startproject` writes, and the few lines that sb_sync asks for.

DEMO_FOLDER names where the database and the logs go, DEMO_DATABASE_URL a PostgreSQL database instead of SQLite.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / ".dev" / "demo")
FOLDER.mkdir(parents=True, exist_ok=True)

# A demo on the loopback address only: never serve real data with these three lines.
SECRET_KEY = "the-demo-of-sb-sync-has-no-secret-worth-keeping"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "rest_framework",
    "simple_history",
    "sb_sync",
    "demo.sales",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
# The site of the project itself, which the log-in page of the admin asks for; organizations are further sites.
SITE_ID = 1
ROOT_URLCONF = "demo.urls"
WSGI_APPLICATION = "demo.wsgi.application"
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


def _database() -> Dict[str, Any]:
    """Return SQLite in the folder, or the PostgreSQL of the URL in the environment."""
    url = os.environ.get("DEMO_DATABASE_URL")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(FOLDER / "demo.sqlite3"),
            "OPTIONS": {"timeout": 20},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parse_qs(parts.query).get("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or ""),
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "/static/"

# The story logs in more often in a minute than people do.
SB_SYNC: Dict[str, Any] = {"LOGIN_THROTTLE": "60/min"}
SB_SYNC_LOG_DIR = str(FOLDER / "logs")
