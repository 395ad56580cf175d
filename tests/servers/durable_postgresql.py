"""A throw-away PostgreSQL that writes as one in production does: a commit waits for the disk."""

from __future__ import annotations

from tests.servers.postgresql import ACCOUNTS, SETTINGS
from tests.servers.postgresql import serve as serve_with
from tests.servers.supervisor import Place, Server

__all__ = ["ACCOUNTS", "serve"]

DURABLE = dict(SETTINGS, fsync="on", full_page_writes="on", shared_buffers="512MB", max_wal_size="4GB")


def serve(place: Place) -> Server:
    """Make the cluster, start the server and return it once it answers."""
    return serve_with(place, DURABLE)
