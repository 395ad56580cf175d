"""gzip: bodies from those who send it, answers to those who accept it."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import Any, Dict, Generator, Iterable, Iterator, Mapping

from sb_sync.errors import MalformedRequest, TooLarge

__all__ = ["GZIP_NAMES", "accepts_gzip", "compress", "compress_stream", "inflate", "read_qualities"]

#: What gzip is called in headers (RFC 9110, section 8.4.1.3).
GZIP_NAMES = ("gzip", "x-gzip")
# The format with its head and check sum, and the largest window.
GZIP_WINDOW = 16 + zlib.MAX_WBITS
CHUNK = 64 * 1024
# Below this, head and tail of the format eat what is gained.
SMALLEST = 512
# JSON of rows shrinks to a fifth at the quickest level already; higher ones cost much and gain little.
LEVEL = 1
QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def inflate(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yield what is compressed in chunks, in pieces of bounded size.

    Raises `TooLarge` beyond the limit, before more is built, and `MalformedRequest` for what is not one whole member.
    """
    inflater = zlib.decompressobj(GZIP_WINDOW)
    size = 0
    for chunk in chunks:
        rest = chunk
        while True:
            try:
                piece = inflater.decompress(rest, CHUNK)
            except zlib.error as error:
                raise MalformedRequest("The body is not gzip.") from error
            rest = inflater.unconsumed_tail
            if inflater.unused_data:
                raise MalformedRequest("The body goes on after the end of its gzip data.")
            size += len(piece)
            if size > limit:
                raise TooLarge(f"The body is larger than {limit} bytes when decompressed.")
            yield piece
            if not rest and len(piece) < CHUNK:
                break
    if not inflater.eof:
        raise MalformedRequest("The gzip data of the body broke off.")


def accepts_gzip(headers: Mapping[str, Any]) -> bool:
    """Tell whether a request likes gzip at least as well as no compression (RFC 9110, section 12.5.3)."""
    qualities = read_qualities(headers.get("HTTP_ACCEPT_ENCODING", ""))
    named = [qualities[name] for name in GZIP_NAMES if name in qualities]
    quality = max(named) if named else qualities.get("*", 0.0)
    return quality > 0 and qualities.get("identity", 0.0) <= quality


def read_qualities(header: str) -> Dict[str, float]:
    """Return how much each thing of an `Accept` header is liked; what cannot be read is not liked."""
    qualities: Dict[str, float] = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        given = [text[2:].strip() for text in parameters if text.startswith("q=")]
        liked = 1.0 if not given else float(given[0]) if QUALITY.fullmatch(given[0]) else 0.0
        if name:
            qualities[name] = max(liked, qualities.get(name, 0.0))
    return qualities


def compress(response: Any) -> None:
    """Compress an answer that gains by it; one that somebody compressed already is left alone."""
    content = response.content
    if len(content) < SMALLEST or response.has_header("Content-Encoding"):
        return
    response.content = gzip.compress(content, LEVEL, mtime=0)
    response["Content-Encoding"] = "gzip"


def compress_stream(chunks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """Compress chunk by chunk, so that each can be read when it arrives; closed, it closes the chunks."""
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    try:
        for chunk in chunks:
            yield deflater.compress(chunk) + deflater.flush(zlib.Z_SYNC_FLUSH)
        yield deflater.flush()
    finally:
        chunks.close()
