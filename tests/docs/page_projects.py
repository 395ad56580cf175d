"""Follow a page in a small project of its own: write its files, run its commands, compare what they print."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict

from tests.docs.pages import Snippet, resembles, snippets

__all__ = ["PageProject"]

SOURCES = Path(__file__).resolve().parents[2] / "src"
PATIENCE_SECONDS = 300
MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "only-for-a-project-of-the-tests-and-long-enough"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(BASE_DIR / "db.sqlite3")}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
SITE_ID = 1
ROOT_URLCONF = "mysite.urls"
STATIC_URL = "/static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", "django.contrib.staticfiles",
    "rest_framework", "simple_history", "sb_sync", "crm",
]
"""
ADDRESSES = """
from django.urls import include, path
urlpatterns = [path("api/sync/", include("sb_sync.urls"))]
"""
WSGI = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
MODELS = """
import uuid
from django.db import models

class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("sb_sync.Organization", on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    updated_at = models.DateTimeField(auto_now=True)
"""
# What `manage.py shell` does, and nothing more: each version of Django prints other lines there.
SHELL = "import django; django.setup(); import sys; exec(compile(sys.stdin.read(), 'page', 'exec'), {})"


class PageProject:
    """The project `mysite` with an app `crm`, both as small as can be."""

    def __init__(self, folder: Path, models: str = MODELS) -> None:
        """Write the files that each page takes for granted."""
        self.folder = folder
        files = {"manage.py": MANAGE, "mysite/__init__.py": "", "mysite/settings.py": SETTINGS,
                 "mysite/urls.py": ADDRESSES, "mysite/wsgi.py": WSGI, "crm/__init__.py": "",
                 "crm/migrations/__init__.py": "", "crm/models.py": models}  # fmt: skip
        for name, text in files.items():
            self.write(name, text)

    def write(self, name: str, text: str, *, append: bool = False) -> None:
        """Write a file, or go on with it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, text: str, language: str = "sh") -> str:
        """Run shell lines, or Python within the project, and return what they print."""
        command = ["bash", "-euo", "pipefail", "-c", text] if language == "sh" else [sys.executable, "-c", SHELL]
        done = subprocess.run(
            command,
            cwd=str(self.folder),
            env=self.environment(),
            input="" if language == "sh" else text,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def environment(self) -> Dict[str, str]:
        """Return the variables of a shell in which the project runs on the sources under test."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mysite.settings",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join([str(SOURCES), str(self.folder)]),
            "PYTHONWARNINGS": "ignore",
        }

    def follow(self, page: str) -> int:
        """Do what a page says from top to bottom; return how many answers were as it shows."""
        printed, compared = "", 0
        for snippet in snippets(page):
            if snippet.kind == "answer":
                assert resembles(snippet.text, printed, snippet.language), (
                    f"the page shows\n{snippet.text}\nand it is\n{printed}"
                )
                compared += 1
            else:
                printed = self._do(snippet)
        return compared

    def _do(self, snippet: Snippet) -> str:
        if snippet.kind == "run":
            return self.run(snippet.text, snippet.language)
        if snippet.kind in ("write", "append"):
            self.write(snippet.file, snippet.text, append=snippet.kind == "append")
        else:
            assert snippet.kind == "reader", snippet
        return ""
