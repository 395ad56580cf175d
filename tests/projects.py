"""A Django project in a folder, as a user of the package has one: what only a new process can show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

__all__ = ["Project"]

SOURCES = Path(__file__).resolve().parents[1] / "src"
SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-a-project-of-the-tests-and-long-enough"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(BASE_DIR / "db.sqlite3")}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
SITE_ID = 1
ROOT_URLCONF = "urls"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", "rest_framework", "simple_history",
    "sb_sync",
]
"""
ADDRESSES = """
from django.urls import include, path
urlpatterns = [path("api/sync/", include("sb_sync.urls"))]
"""


class Project:
    """Files, and the commands of `manage.py`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        """Write the settings, with these in place of the usual ones, and the addresses."""
        self.folder = folder
        lines = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
        self.write("settings.py", SETTINGS + lines)
        self.write("urls.py", ADDRESSES)

    def write(self, name: str, text: str) -> None:
        """Write one file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as `manage.py` does, and return what it printed."""
        environment: Dict[str, str] = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": f"{SOURCES}{os.pathsep}{self.folder}",
        }
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=str(self.folder),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
