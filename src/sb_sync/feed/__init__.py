"""The feed: what changed in which order, and how to go on from a place in it.

Here belong capture by triggers, the log, snapshots, checkpoints and cursors; nothing of users, rights or JSON.
plan: what is captured · installation: triggers in place · reader: one snapshot and what changed since another ·
cursor: places as text · identity: whose places they are · backends: all that depends on the database.
"""

from __future__ import annotations

from sb_sync.feed.backends import UnsupportedDatabase, backend_for, working_backend_for
from sb_sync.feed.backends.base import Position
from sb_sync.feed.cursor import CheckpointRef, Cursor, KeyPosition, Start, decode_cursor, encode_cursor
from sb_sync.feed.identity import EpochChanged, Identity, begin_epoch, find_last_pull
from sb_sync.feed.installation import CaptureState, InstallReport, State, find_captured, find_states, install
from sb_sync.feed.reader import (
    ChangedKey,
    ChangePage,
    Checkpoint,
    OpenTransaction,
    Reading,
    begin_push,
    open_transactions_allowed,
    reading,
    refuse_open_transaction,
    write_checkpoint,
)
from sb_sync.feed.times import to_stored, to_utc

__all__ = [
    "CaptureState",
    "ChangePage",
    "ChangedKey",
    "Checkpoint",
    "CheckpointRef",
    "Cursor",
    "EpochChanged",
    "Identity",
    "InstallReport",
    "KeyPosition",
    "OpenTransaction",
    "Position",
    "Reading",
    "Start",
    "State",
    "UnsupportedDatabase",
    "backend_for",
    "begin_epoch",
    "begin_push",
    "decode_cursor",
    "encode_cursor",
    "find_captured",
    "find_last_pull",
    "find_states",
    "install",
    "open_transactions_allowed",
    "reading",
    "refuse_open_transaction",
    "to_stored",
    "to_utc",
    "working_backend_for",
    "write_checkpoint",
]
