"""A pull as lines: one JSON document on each."""

from __future__ import annotations

from typing import Any, Dict, Generator, Mapping, Sequence

from django.http import HttpRequest, StreamingHttpResponse

from sb_sync import compat
from sb_sync.api.compression import accepts_gzip, compress_stream, read_qualities
from sb_sync.api.exceptions import answer_error
from sb_sync.api.rendering import render_lines

__all__ = ["NDJSON", "answer_stream", "wants_lines"]

NDJSON = "application/x-ndjson"
JSON_RANGES = ("application/json", "application/*", "*/*")
ERROR_LINE = "_error"
Pages = Generator[Sequence[Dict[str, Any]], None, None]


def wants_lines(headers: Mapping[str, Any]) -> bool:
    """Tell whether a request likes lines better than one document; a tie goes to the document."""
    qualities = read_qualities(headers.get("HTTP_ACCEPT", ""))
    document = next((qualities[name] for name in JSON_RANGES if name in qualities), 0.0)
    return qualities.get(NDJSON, 0.0) > document


def answer_stream(pages: Pages, request: HttpRequest, request_id: str) -> StreamingHttpResponse:
    """Answer with the lines of pages. What keeps the first page from being read is raised here."""
    is_compressed = accepts_gzip(request.META)
    chunks = _encode(pages, request, request_id)
    begun = _Begun(compress_stream(chunks) if is_compressed else chunks)
    response = StreamingHttpResponse(compat.streaming_body(request, begun), content_type=NDJSON)
    if is_compressed:
        response["Content-Encoding"] = "gzip"
    # A proxy that gathers the lines would hold them back (nginx knows this header).
    response["X-Accel-Buffering"] = "no"
    return response


def _encode(pages: Pages, request: HttpRequest, request_id: str) -> Generator[bytes, None, None]:
    """Yield the bytes of each page. After the first one, an error is the last line: the status has left already."""
    first = render_lines(next(pages))
    try:
        yield first
        for lines in pages:
            yield render_lines(lines)
    except Exception as error:  # noqa: BLE001 - a border: what is a fault of the server is logged as in any answer
        yield render_lines([{ERROR_LINE: answer_error(error, request, request_id).data}])
    finally:
        pages.close()


class _Begun:
    """Chunks of which the first was taken already, so that closing them unread closes what they come from too."""

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        self._first = [next(chunks)]
        self._chunks = chunks

    def __iter__(self) -> _Begun:
        return self

    def __next__(self) -> bytes:
        return self._first.pop() if self._first else next(self._chunks)

    def close(self) -> None:
        """Let what the chunks come from write down how far it came."""
        self._chunks.close()
