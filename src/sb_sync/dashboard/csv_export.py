"""Lists as CSV: sent as they are read, and nothing in them is a formula to the program that opens them."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from typing import Any, Iterable, Iterator, List, Sequence

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.timezone import now

from sb_sync import compat
from sb_sync.dashboard.texts import encode

__all__ = ["guard", "stream_csv"]

#: What a spreadsheet takes for the beginning of a formula, some of them in its full width too, or for another cell.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")  # noqa: RUF001
#: Without it some spreadsheets take UTF-8 for something else.
BYTE_ORDER_MARK = "\ufeff"
#: Rows sent at a time.
CHUNK = 200


def stream_csv(
    request: HttpRequest, name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """Return a file of a heading and rows; it carries the name and the time.

    Times become ISO 8601 in UTC, None an empty cell. `rows` is read while it is sent.
    """
    chunks = _Chunks(header, rows)
    response = StreamingHttpResponse(compat.streaming_body(request, chunks), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{now():%Y%m%d-%H%M%S}.csv"'
    return response


def guard(value: Any) -> Any:
    """Return a cell that is what it shows: a text that would be a formula is marked as a text. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


class _Chunks:
    """The file in parts, made while they are sent."""

    def __init__(self, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
        self._parts: Iterator[bytes] = self._write(header, rows)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Stop, as nobody reads any more."""
        self._parts.close()  # type: ignore[attr-defined]  # a generator

    def _write(self, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Any:
        lines: List[str] = [BYTE_ORDER_MARK]
        writer = csv.writer(_Lines(lines))
        writer.writerow([guard(cell) for cell in header])
        for row in rows:
            writer.writerow([guard(cell) for cell in row])
            if len(lines) >= CHUNK:
                yield encode("".join(lines))
                lines.clear()
        yield encode("".join(lines))


class _Lines:
    """A file that is a list."""

    def __init__(self, lines: List[str]) -> None:
        self.write = lines.append
