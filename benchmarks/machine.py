"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict
from urllib.parse import urlsplit

import psycopg

from benchmarks.harness.processes import ROOT
from benchmarks.harness.server import WORKERS

__all__ = ["describe_database", "describe_machine", "describe_versions"]

PACKAGES = ("sb-sync", "Django", "djangorestframework", "psycopg", "orjson", "gunicorn", "django-simple-history")
SERVER_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")


def describe_machine() -> Dict[str, Any]:
    """Return what the machine is, and how busy it is before anything is measured."""
    load = os.getloadavg()[0]
    cores = os.cpu_count() or 1
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _read("/proc/cpuinfo", r"^model name\s*:\s*(.+)$") or platform.processor() or platform.machine(),
        "cores": cores,
        "memory_gib": round(int(_read("/proc/meminfo", r"^MemTotal:\s+(\d+) kB") or 0) / 1024**2, 1) or None,
        "load_before": round(load, 2),
        "is_busy": load > cores / 2,
        "gunicorn_workers": WORKERS,
    }


def describe_versions() -> Dict[str, str]:
    """Return the versions of all that takes part."""
    versions = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    commit = _commit()
    return {**versions, "commit": commit} if commit else versions


def describe_database(url: str) -> Dict[str, str]:
    """Return version and settings of a database's product."""
    if urlsplit(url).scheme == "sqlite":
        return {"SQLite": sqlite3.sqlite_version}
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s) ORDER BY name",
            (["server_version", *SERVER_SETTINGS],),
        )
        settings = dict(found.fetchall())
    told = {"PostgreSQL": str(settings.pop("server_version"))}
    told["PostgreSQL settings"] = ", ".join(f"{name} {value}" for name, value in settings.items())
    return told


def _commit() -> str:
    """Return the commit that is checked out, marked where files differ from it; empty without Git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return ""
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def _read(path: str, pattern: str) -> str:
    """Return what a pattern finds in a file of the kernel, or an empty string."""
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found.group(1) if found else ""
