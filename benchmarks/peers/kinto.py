"""Kinto: JSON objects in PostgreSQL, written by its batch requests and read in pages."""

from __future__ import annotations

import os
import subprocess
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Dict, List, Sequence
from urllib.parse import urlsplit

from benchmarks.customers import Customer, make_customers
from benchmarks.harness.client import Client, encode
from benchmarks.harness.databases import Databases
from benchmarks.harness.processes import ROOT
from benchmarks.harness.server import serving
from benchmarks.sizes import Plan

__all__ = ["REQUIREMENTS", "measure"]

REQUIREMENTS = ("kinto[postgresql]>=20", "gunicorn>=20.1")
HEADERS = {"Authorization": "Basic " + b64encode(b"measured:measured").decode()}
PLACE = "/v1/buckets/measured/collections/customers"
BATCH = 1_000
SEED = 90_000


def measure(python: Path, databases: Databases, plan: Plan) -> Dict[str, List[float]]:
    """Return records a second of new records and of reading them all."""
    count = plan.sizes.slow_records
    rates: Dict[str, List[float]] = {"create": [], "pull": []}
    with tempfile.TemporaryDirectory(prefix="sb_sync_bench_") as folder:
        url = databases.create("kinto")
        environment = {**os.environ, "BENCH_DATABASE_URL": url}
        subprocess.run([str(python), "-m", "benchmarks.peers.kinto_app"], cwd=str(ROOT), env=environment, check=True)
        log = Path(folder) / "kinto.log"
        with serving("benchmarks.peers.kinto_app", environment, log, path="/v1/", python=python) as server:
            client = Client(server.port)
            for path in (PLACE.rsplit("/", 2)[0], PLACE):
                client.request("PUT", path, b"{}", HEADERS)
            for number in range(plan.repetitions + 1):
                created = count / _create(client, make_customers(count, seed=SEED + number, manager=1))
                pulled = (number + 1) * count / _read(client)
                # The first round warms up.
                if number:
                    rates["create"].append(created)
                    rates["pull"].append(pulled)
        databases.drop(url)
    return rates


def _create(client: Client, customers: Sequence[Customer]) -> float:
    """Return the seconds of batches in which each record is a request of its own, as Kinto's clients send them."""
    seconds = 0.0
    for first in range(0, len(customers), BATCH):
        requests = [
            {"method": "PUT", "path": f"{PLACE}/records/{each.id}", "body": {"data": each.values}}
            for each in customers[first : first + BATCH]
        ]
        answer = client.request("POST", "/v1/batch", encode({"requests": requests}), HEADERS)
        assert {each["status"] for each in answer.json["responses"]} == {201}, answer.body[:500]
        seconds += answer.seconds
    return seconds


def _read(client: Client) -> float:
    """Return the seconds of reading every page."""
    seconds, path = 0.0, f"{PLACE}/records"
    while path:
        answer = client.request("GET", path, None, HEADERS)
        seconds += answer.seconds
        following = urlsplit(answer.headers.get("Next-Page", ""))
        path = f"{following.path}?{following.query}" if following.path else ""
    return seconds
