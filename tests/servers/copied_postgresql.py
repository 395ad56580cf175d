"""A throw-away PostgreSQL that begins as a copy of another one that runs, down to its transaction numbers.

The environment names the folder of the other one's socket: `SB_SYNC_TEST_COPY_OF`.
"""

from __future__ import annotations

import os

from tests.servers.postgresql import ACCOUNTS, reachable_binaries, serve_cluster
from tests.servers.supervisor import Place, Server, kept_environment, run

__all__ = ["ACCOUNTS", "SOURCE", "serve"]

SOURCE = "SB_SYNC_TEST_COPY_OF"


def serve(place: Place) -> Server:
    """Copy the cluster, start a server of the copy and return it once it answers."""
    binaries = reachable_binaries(place)
    copy = [str(binaries / "pg_basebackup"), "-h", os.environ[SOURCE], "-U", "postgres", "-c", "fast", "--no-sync"]
    run(place, [*copy, "-D", str(place.folder / "data")], environment=kept_environment(place, "PG"))
    return serve_cluster(place, binaries)
