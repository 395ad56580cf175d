"""A client that costs little: bodies are bytes before the clock starts, and answers are read after it has stopped."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

__all__ = ["Answer", "Client", "RequestRefused", "Streamed", "decode", "encode"]

SYNC = "/api/sync/"
TIMEOUT_SECONDS = 600
CHUNK = 1 << 18
# More than the last line of a stream, which tells the cursors.
TAIL = 1 << 16


class RequestRefused(Exception):
    """The server did not do what was asked; the message shows its answer."""


def encode(body: Any) -> bytes:
    """Return JSON as bytes."""
    try:
        import orjson
    except ImportError:
        return json.dumps(body).encode()
    return bytes(orjson.dumps(body))


def decode(body: bytes) -> Any:
    """Return what JSON holds."""
    try:
        import orjson
    except ImportError:
        return json.loads(body)
    return orjson.loads(body)


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took from the first byte sent to the last one read."""

    status: int
    body: bytes
    seconds: float
    headers: Any

    @property
    def json(self) -> Any:
        """Return what it says."""
        return decode(self.body)


@dataclass(frozen=True)
class Streamed:
    """How many lines came, and the last of them."""

    lines: int
    last: Any
    seconds: float


class Client:
    """One user of a server, by tokens of sb_sync and of DRF."""

    def __init__(self, port: int, drf_token: str = "", token: str = "") -> None:
        self.port = port
        self._drf = {"Authorization": f"Token {drf_token}"}
        self._sync = {"Authorization": f"Bearer {token}"}

    def log_in(self, username: str, password: str) -> None:
        """Get a token of sb_sync."""
        answer = self.sync("auth/token/", encode({"username": username, "password": password}))
        self._sync = {"Authorization": "Bearer {}".format(answer.json["token"])}

    def request(
        self, method: str, path: str, body: Optional[bytes] = None, headers: Optional[Dict[str, str]] = None
    ) -> Answer:
        """Send one request and read its answer. Raises `RequestRefused` for any status but success."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        told = {"Content-Type": "application/json", **(headers or {})}
        try:
            started = time.perf_counter()
            connection.request(method, path, body, told)
            response = connection.getresponse()
            content = response.read()
            seconds = time.perf_counter() - started
        finally:
            connection.close()
        if response.status >= 300:
            raise RequestRefused(f"{method} {path}: {response.status} {content[:2000]!r}")
        return Answer(response.status, content, seconds, response.headers)

    def sync(self, path: str, body: bytes) -> Answer:
        """Post to sb_sync."""
        return self.request("POST", SYNC + path, body, self._sync)

    def drf(self, method: str, path: str, body: Optional[bytes] = None) -> Answer:
        """Ask a view that was written by hand."""
        return self.request(method, "/drf/" + path, body, self._drf)

    def push(self, bodies: Iterable[bytes]) -> Tuple[float, List[Dict[str, Any]]]:
        """Push each body and return the seconds with all results. Raises `RequestRefused` where a record failed."""
        seconds, results = 0.0, []
        for body in bodies:
            answer = self.sync("push/", body)
            seconds += answer.seconds
            told = answer.json
            if told["status"] != "success":
                raise RequestRefused(f"a push came to {told['status']}: {answer.body[:2000]!r}")
            results += told["results"]
        return seconds, results

    def pull(self, models: Optional[Dict[str, Any]], batch_size: int) -> Iterator[Tuple[Answer, Any]]:
        """Yield each answer of a pull with what it says, until there is no more; of all models where none is named."""
        asked, has_more = models, True
        while has_more:
            answer = self.sync("pull/", encode({**({"models": asked} if asked else {}), "batch_size": batch_size}))
            told = answer.json
            asked = {label: item["cursor"] for label, item in told["metadata"].items()}
            has_more = told["batch_info"]["has_more"]
            yield answer, told

    def as_bytes(self, kind: str, method: str, path: str, body: bytes = b"") -> bytes:
        """Return a request as it goes over a connection that serves for it alone."""
        prefix, headers = (SYNC, self._sync) if kind == "sync" else ("/drf/", self._drf)
        told = {"Host": "127.0.0.1", "Connection": "close", "Content-Type": "application/json", **headers}
        told["Content-Length"] = str(len(body))
        lines = [f"{method} {prefix}{path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
        return "\r\n".join(lines).encode() + body

    def stream(self, models: Dict[str, Any], batch_size: Optional[int] = None) -> Streamed:
        """Read a whole stream and keep nothing but its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        headers = {"Content-Type": "application/json", "Accept": "application/x-ndjson", **self._sync}
        lines, tail = 0, b""
        try:
            started = time.perf_counter()
            connection.request("POST", SYNC + "pull/", encode({"models": models, "batch_size": batch_size}), headers)
            response = connection.getresponse()
            for chunk in iter(lambda: response.read(CHUNK), b""):
                lines += chunk.count(b"\n")
                tail = (tail + chunk)[-TAIL:]
            seconds = time.perf_counter() - started
        finally:
            connection.close()
        if response.status >= 300:
            raise RequestRefused(f"the stream: {response.status} {tail[:2000]!r}")
        last = decode(tail.rstrip(b"\n").rsplit(b"\n", 1)[-1])
        if "_metadata" not in last:
            raise RequestRefused(f"the stream broke off: {last}")
        return Streamed(lines, last, seconds)
