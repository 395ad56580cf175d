"""Cursors come back as they were given out, or not at all."""

from __future__ import annotations

import base64
import random
from dataclasses import replace
from typing import Any

import pytest

from sb_sync.errors import InvalidCursor
from sb_sync.feed import CheckpointRef, Cursor, Identity, KeyPosition, Position, Start, decode_cursor, encode_cursor

IDENTITY = Identity("0123456789abcdef", b"s" * 32, "")
OTHER = Identity("fedcba9876543210", b"t" * 32, "")
CURSOR = Cursor("7", 3, "shop.Customer", "f" * 64, CheckpointRef(5, "n" * 32), CheckpointRef(9, "m" * 32), None)


@pytest.mark.parametrize("position", [None, Start(), KeyPosition("ключ/1"), Position(2**63, 5, 999)])
def test_a_cursor_comes_back_as_it_was(position: Any) -> None:
    cursor = replace(CURSOR, position=position)
    assert decode_cursor(IDENTITY, encode_cursor(IDENTITY, cursor)) == cursor


@pytest.mark.parametrize("length", [1, 6_000, 100_000])
def test_a_key_may_be_of_any_length(length: int) -> None:
    dice = random.Random(length)
    # Nothing that could be compressed, in letters of three bytes each.
    key = "".join(chr(dice.randrange(0x4E00, 0x9FFF)) for _ in range(length))
    for position in (KeyPosition(key), Position(7, 5, 3, key)):
        cursor = replace(CURSOR, position=position)
        assert decode_cursor(IDENTITY, encode_cursor(IDENTITY, cursor)) == cursor


def test_a_cursor_is_safe_in_an_address() -> None:
    text = encode_cursor(IDENTITY, CURSOR)
    assert text.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("cut", [1, 2, 3, 10, 100])
def test_a_cut_cursor_is_none(cut: int) -> None:
    text = encode_cursor(IDENTITY, CURSOR)
    for part in (text[:-cut], text[cut:]):
        for identity in (IDENTITY, OTHER):
            with pytest.raises(InvalidCursor):
                decode_cursor(identity, part)


def test_an_altered_cursor_is_none_wherever_it_was_altered() -> None:
    text = encode_cursor(IDENTITY, CURSOR)
    for place, letter in enumerate(text):
        altered = text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
        for identity in (IDENTITY, OTHER):
            with pytest.raises(InvalidCursor):
                decode_cursor(identity, altered)


@pytest.mark.parametrize(
    "text", ["", "x", "2024-01-01", "=" * 40, "A" * 40, "A" * 9000, "é" * 40, None, 5, True, [], {}, b"bytes", "a b\n"]
)
def test_what_is_no_cursor_is_refused(text: Any) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(IDENTITY, text)


def test_a_cursor_signed_by_somebody_else_under_our_name_is_refused() -> None:
    forger = Identity(IDENTITY.key_id, b"guess" * 8, "")
    with pytest.raises(InvalidCursor):
        decode_cursor(IDENTITY, encode_cursor(forger, CURSOR))


def test_a_cursor_of_another_database_no_longer_serves() -> None:
    assert decode_cursor(IDENTITY, encode_cursor(OTHER, CURSOR)) is None


def test_a_second_spelling_of_the_same_bytes_is_refused() -> None:
    text = encode_cursor(IDENTITY, CURSOR)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for other in (base64.urlsafe_b64encode(data).decode() + "====", base64.b64encode(data).decode() + "\n"):
        with pytest.raises(InvalidCursor):
            decode_cursor(IDENTITY, other)
