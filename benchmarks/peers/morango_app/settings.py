"""Settings of the project, on the PostgreSQL of BENCH_DATABASE_URL."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlsplit

PARTS = urlsplit(os.environ["BENCH_DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": PARTS.path.lstrip("/"),
        "USER": PARTS.username,
        "HOST": parse_qs(PARTS.query).get("host", [PARTS.hostname or ""])[0],
        "PORT": str(PARTS.port or ""),
    }
}
SECRET_KEY = "measured"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "morango", "benchmarks.peers.morango_app"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
