"""Morango: rows of Django models that go through its store, in one process and without its HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List

from benchmarks.harness.databases import Databases
from benchmarks.harness.processes import ROOT
from benchmarks.sizes import Plan

__all__ = ["REQUIREMENTS", "measure"]

REQUIREMENTS = ("morango>=0.8", "psycopg2-binary", "setuptools<80")


def measure(python: Path, databases: Databases, plan: Plan) -> Dict[str, List[float]]:
    """Return records a second from the store into the table, and from the table into the store."""
    url = databases.create("morango")
    with tempfile.TemporaryDirectory(prefix="sb_sync_bench_") as folder:
        environment = {
            **os.environ,
            "BENCH_DATABASE_URL": url,
            "BENCH_FOLDER": folder,
            "DJANGO_SETTINGS_MODULE": "benchmarks.peers.morango_app.settings",
        }
        command = [str(python), "-m", "benchmarks.peers.morango_app", str(plan.sizes.slow_records)]
        done = subprocess.run(
            [*command, str(plan.repetitions)], cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, check=True
        )
    databases.drop(url)
    rates: Dict[str, List[float]] = json.loads(done.stdout.decode().splitlines()[-1])
    return rates
