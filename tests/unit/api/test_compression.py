"""gzip data of strangers: pieces, bombs and ruins."""

from __future__ import annotations

import gzip
import itertools
import random
import zlib
from contextlib import suppress
from typing import Iterator, List

import pytest

from sb_sync.api.compression import inflate, read_qualities
from sb_sync.errors import MalformedRequest, TooLarge

LIMIT = 1024 * 1024


def noise(seed: int, size: int) -> bytes:
    return bytes(random.Random(seed).choices(range(256), k=size))


def split(data: bytes, size: int) -> List[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def inflate_all(data: bytes, *, size: int = 1000, limit: int = LIMIT) -> bytes:
    return b"".join(inflate(iter(split(data, size)), limit))


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_data_comes_back_whatever_the_pieces(size: int) -> None:
    for data in (b"", b"x", b" " * 700_000, noise(7, 200_000)):
        assert inflate_all(gzip.compress(data), size=size) == data


def test_the_limit_is_that_of_the_data() -> None:
    assert len(inflate_all(gzip.compress(b" " * 5000), limit=5000)) == 5000
    with pytest.raises(TooLarge):
        inflate_all(gzip.compress(b" " * 5001), limit=5000)


def test_a_bomb_of_ten_gigabytes_ends_at_the_limit() -> None:
    taken = 0

    def bomb() -> Iterator[bytes]:
        nonlocal taken
        deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
        block = b"\0" * 1024 * 1024
        for _ in range(10 * 1024):
            piece = deflater.compress(block)
            taken += len(piece)
            yield piece

    pieces: List[bytes] = []
    with pytest.raises(TooLarge):
        pieces.extend(inflate(bomb(), LIMIT))
    assert max(map(len, pieces)) <= 64 * 1024
    assert sum(map(len, pieces)) <= LIMIT
    assert taken < 64 * 1024


@pytest.mark.parametrize("cut", [0, 1, 9, 10, 11, 50, -9, -8, -1])
def test_what_broke_off_is_refused(cut: int) -> None:
    whole = gzip.compress(noise(3, 100))
    with pytest.raises(MalformedRequest, match="broke off"):
        inflate_all(whole[:cut])


def test_what_goes_on_after_the_end_is_refused() -> None:
    whole = gzip.compress(b"{}")
    for rest in (b"x", b"\0", whole):
        for size in (1, len(whole), 1000):
            with pytest.raises(MalformedRequest, match="goes on"):
                inflate_all(whole + rest, size=size)


def test_ruins_are_refused_and_nothing_else_happens() -> None:
    chance = random.Random(11)
    whole = gzip.compress(bytes(itertools.islice(itertools.cycle(b"abcdef"), 2000)))
    for _ in range(500):
        ruin = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            ruin[chance.randrange(len(ruin))] = chance.randrange(256)
        with suppress(MalformedRequest, TooLarge):
            inflate_all(bytes(ruin), size=chance.randint(1, 200))


@pytest.mark.parametrize("data", [b"{}", zlib.compress(b"{}"), b"PK\x03\x04", b"\x1f\x8b"])
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedRequest):
        inflate_all(data)


def test_what_cannot_be_read_is_not_liked() -> None:
    assert read_qualities("a;q=1.001, b;q=, c;q=-1, d; q=0.250") == {"a": 0.0, "b": 0.0, "c": 0.0, "d": 0.25}
