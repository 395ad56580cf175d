"""Cursors: opaque, authenticated places to go on from.

A cursor is url-safe text of version, key, payload, a keyed hash and a checksum. The checksum tells text that is no
cursor at all from a cursor that another database (or this one, before it was flushed) handed out: the first is an
error of the client, the second makes it begin again.

A cursor may hold a key, and is as long as that: what bounds it is the bound of a request's body. Nothing is unpacked
before it is authenticated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from typing import Any, List, Optional, Union

from sb_sync.errors import InvalidCursor
from sb_sync.feed.backends.base import Position
from sb_sync.feed.identity import Identity

__all__ = ["CheckpointRef", "Cursor", "KeyPosition", "Start", "decode_cursor", "encode_cursor"]

VERSION = 1
KEY_ID_BYTES = 8
MAC_BYTES = 16
CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class CheckpointRef:
    """The name of a checkpoint; the nonce tells one that was written again under an old number."""

    id: int
    nonce: str


@dataclass(frozen=True)
class Start:
    """The beginning of a first pull."""


@dataclass(frozen=True)
class KeyPosition:
    """A place in a first pull: rows up to this key were given."""

    key: str


@dataclass(frozen=True)
class Cursor:
    """Where a user's pull of a model goes on.

    `base` is the checkpoint of what the client holds, `target` that of the pass it is in. `position` is None between
    passes.
    """

    user_id: str
    site_id: int
    label: str
    fingerprint: str
    base: Optional[CheckpointRef]
    target: Optional[CheckpointRef]
    position: Optional[Union[Start, KeyPosition, Position]]


def encode_cursor(identity: Identity, cursor: Cursor) -> str:
    """Return a cursor as text for the client."""
    payload = json.dumps(_pack(cursor), separators=(",", ":"), ensure_ascii=False).encode()
    body = bytes([VERSION]) + bytes.fromhex(identity.key_id) + zlib.compress(payload, 9)
    signed = body + _mac(identity, body)
    text = signed + zlib.crc32(signed).to_bytes(CHECKSUM_BYTES, "big")
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode("ascii")


def decode_cursor(identity: Identity, text: Any) -> Optional[Cursor]:
    """Return the cursor that a text is, None where another key than the present one made it.

    Raises `InvalidCursor` where it is no cursor: cut, forged, or of another type.
    """
    signed = _signed_part(text)
    body, mac = signed[:-MAC_BYTES], signed[-MAC_BYTES:]
    if body[1 : 1 + KEY_ID_BYTES].hex() != identity.key_id or body[0] != VERSION:
        return None
    if not hmac.compare_digest(mac, _mac(identity, body)):
        raise InvalidCursor
    return _unpack(json.loads(zlib.decompress(body[1 + KEY_ID_BYTES :])))


def _signed_part(text: Any) -> bytes:
    """Return what the checksum covers."""
    if not isinstance(text, str) or not text or not text.isascii():
        raise InvalidCursor
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    signed, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    is_long_enough = len(signed) > 1 + KEY_ID_BYTES + MAC_BYTES
    # The same bytes have one text only.
    is_canonical = base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") == text
    if not is_long_enough or not is_canonical or zlib.crc32(signed).to_bytes(CHECKSUM_BYTES, "big") != checksum:
        raise InvalidCursor
    return signed


def _mac(identity: Identity, body: bytes) -> bytes:
    return hmac.new(identity.secret, body, hashlib.sha256).digest()[:MAC_BYTES]


def _pack(cursor: Cursor) -> List[Any]:
    return [
        cursor.user_id,
        cursor.site_id,
        cursor.label,
        cursor.fingerprint,
        None if cursor.base is None else [cursor.base.id, cursor.base.nonce],
        None if cursor.target is None else [cursor.target.id, cursor.target.nonce],
        _pack_position(cursor.position),
    ]


def _pack_position(position: Optional[Union[Start, KeyPosition, Position]]) -> Optional[List[Any]]:
    if position is None:
        return None
    if isinstance(position, Start):
        return []
    if isinstance(position, KeyPosition):
        return [position.key]
    place: List[Any] = [position.txid, position.id, position.ordinal]
    return place if position.dependent is None else [*place, position.dependent]


def _unpack(packed: List[Any]) -> Cursor:
    user_id, site_id, label, fingerprint, base, target, position = packed
    return Cursor(
        user_id=user_id,
        site_id=site_id,
        label=label,
        fingerprint=fingerprint,
        base=None if base is None else CheckpointRef(*base),
        target=None if target is None else CheckpointRef(*target),
        position=_unpack_position(position),
    )


def _unpack_position(packed: Optional[List[Any]]) -> Optional[Union[Start, KeyPosition, Position]]:
    if packed is None:
        return None
    if not packed:
        return Start()
    return KeyPosition(packed[0]) if len(packed) == 1 else Position(*packed)
