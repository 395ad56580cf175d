"""What a database's feed is known by: the key of its cursors, and the system that its transaction numbers belong to."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from typing import Optional

from django.db import DatabaseError, IntegrityError, transaction

from sb_sync.feed.backends import FeedBackend, backend_for
from sb_sync.feed.backends.base import Identity
from sb_sync.models import Change, Checkpoint, FeedIdentity

__all__ = ["EpochChanged", "Identity", "begin_epoch", "ensure_identity", "find_identity", "find_last_pull"]

logger = logging.getLogger("sb_sync")


class EpochChanged(Exception):
    """The database was moved into another system, where its old transaction numbers mean nothing."""


def find_identity(using: str) -> Optional[Identity]:
    """Return the identity, None where none was made yet."""
    row = FeedIdentity.objects.using(using).filter(pk=1).first()
    return None if row is None else Identity(row.key_id, bytes.fromhex(row.secret), row.system)


def ensure_identity(using: str, system: str) -> None:
    """Make the identity unless it is there; others may try at the same time.

    A first checkpoint comes with it, for clients that go on from the time of their first pull.
    """
    backend = backend_for(using)
    fresh = {"key_id": secrets.token_hex(8), "secret": secrets.token_hex(32), "system": system}
    try:
        with transaction.atomic(using=using):
            # A transaction of SQLite that read before it writes fails at once where another writes.
            backend.begin_push()
            _, is_new = FeedIdentity.objects.using(using).get_or_create(pk=1, defaults=fresh)
            if is_new:
                backend.write_checkpoint(_first_nonce(fresh["key_id"]), backend.observe(own_writes=False).snapshot)
    except IntegrityError:
        # Somebody else was faster, which is as good.
        return


def find_last_pull(using: str) -> Optional[datetime]:
    """Return when a client last got a checkpoint, as it is stored; None where nobody ever did, as far as is known."""
    checkpoints = Checkpoint.objects.using(using).order_by("-id")
    identity = find_identity(using)
    if identity is not None:
        checkpoints = checkpoints.exclude(nonce=_first_nonce(identity.key_id))
    return checkpoints.values_list("taken_at", flat=True).first()


def _first_nonce(key_id: str) -> str:
    """Return what tells the checkpoint that came with an identity from those of pulls."""
    return key_id.ljust(32, "0")


def begin_epoch(using: str, *, force: bool = False) -> bool:
    """Forget all that was logged if the database stands in another system than before, or if forced.

    Every cursor then begins again, so that the tables may be taken as they are. Returns whether that was done; another
    process may have done it already.
    """
    backend = backend_for(using)
    with transaction.atomic(using=using):
        backend.lock_identity()
        system = backend.system()
        ensure_identity(using, system)
        known = find_identity(using)
        if not force and known is not None and known.system == system:
            return False
        Checkpoint.objects.using(using).all()._raw_delete(using)
        Change.objects.using(using).all()._raw_delete(using)
        FeedIdentity.objects.using(using).filter(pk=1).update(system=system)
        _adopt_tables(backend)
        return True


def _adopt_tables(backend: FeedBackend) -> None:
    """Let the triggers stand that came with the database; who may not change them leaves that to an installation."""
    try:
        with transaction.atomic(using=backend.using):
            backend.adopt_tables()
    except DatabaseError:
        logger.warning(
            "The triggers in database %s were made for other tables. Run manage.py sync_feed --action install.",
            backend.using,
            exc_info=True,
        )
