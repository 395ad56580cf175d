"""A client over HTTP, as small as one can be: its rows, its cursors, and what it may not forget."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

Record = Dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the server said to one request, and after how many milliseconds."""

    status: int
    body: Dict[str, Any]
    milliseconds: float


@dataclass
class Pulled:
    """What came in one pull, over all its answers."""

    records: int = 0
    tombstones: int = 0
    answers: int = 0
    milliseconds: float = 0.0


class Refused(Exception):
    """The server refused the request as a whole."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {json.dumps(answer.body)[:2000]}")
        self.answer = answer


class Device:
    """The phone of one user in one organization; it keeps rows by model and key."""

    def __init__(self, host: str, port: int, username: str, organization: Optional[str] = None) -> None:
        self.username = username
        self.organization = organization
        self.rows: Dict[str, Dict[str, Record]] = {}
        self.cursors: Dict[str, Optional[str]] = {}
        self.tombstones: List[Record] = []
        self.resets: List[str] = []
        self.received: List[Record] = []
        self._token = ""
        self._connection = http.client.HTTPConnection(host, port, timeout=60)

    def log_in(self, password: str) -> Answer:
        """Get a token."""
        answer = self._require(self.ask("auth/token/", {"username": self.username, "password": password}))
        self._token = answer.body["token"]
        return answer

    def push(self, records: Iterable[Record]) -> Answer:
        """Send records as one batch."""
        return self._require(self.ask("push/", {"data": list(records)}))

    def pull(self, batch_size: int = 1000, between: Optional[Callable[[], None]] = None) -> Pulled:
        """Ask until what we hold is whole; `between` is called after each answer that is not the last."""
        pulled = Pulled()
        self.received, self.tombstones = [], []
        while True:
            body: Dict[str, Any] = {"batch_size": batch_size}
            if self.cursors:
                body["models"] = self.cursors
            answer = self._require(self.ask("pull/", body))
            self._apply(answer.body, pulled)
            pulled.milliseconds += answer.milliseconds
            if not answer.body["batch_info"]["has_more"]:
                return pulled
            if between is not None:
                between()

    def row(self, label: str, key: Any) -> Record:
        """Return one of the rows that we hold."""
        return self.rows[label][str(key)]

    def count(self) -> int:
        """Return how many rows we hold."""
        return sum(len(rows) for rows in self.rows.values())

    def ask_for(self, label: str) -> None:
        """Ask for a model from its start at the next pull."""
        self.cursors[label] = None

    def ask(self, path: str, body: Optional[Mapping[str, Any]] = None) -> Answer:
        """Send one request, by POST where there is a body, and return the answer, whatever its status."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        if self.organization:
            headers["X-Organization"] = self.organization
        data = None if body is None else json.dumps(body).encode()
        started = time.perf_counter()
        status, text = self._send("/api/sync/" + path, data, headers)
        milliseconds = (time.perf_counter() - started) * 1000
        try:
            return Answer(status, json.loads(text), milliseconds)
        except ValueError:
            return Answer(status, {"text": text.decode(errors="replace")}, milliseconds)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, path: str, data: Optional[bytes], headers: Mapping[str, str]) -> Tuple[int, bytes]:
        """Send a request, once more where the server had hung up meanwhile: a push sent twice does no harm."""
        for is_last in (False, True):
            try:
                self._connection.request("GET" if data is None else "POST", path, data, dict(headers))
                response = self._connection.getresponse()
                return response.status, response.read()
            except (ConnectionError, http.client.HTTPException):
                self._connection.close()
                if is_last:
                    raise
        raise AssertionError("unreachable")

    def _apply(self, body: Mapping[str, Any], pulled: Pulled) -> None:
        """Take over one answer: first what begins again, then what came and what went."""
        for refused in body.get("errors", []):
            if refused["code"] in ("permission_denied", "not_enabled"):
                self.rows.pop(refused["_model"], None)
                self.cursors.pop(refused["_model"], None)
        for label, told in body["metadata"].items():
            if told.get("reset"):
                self.resets.append(label)
                self.rows.pop(label, None)
            self.cursors[label] = told["cursor"]
        for record in body["data"]:
            rows = self.rows.setdefault(record["_model"], {})
            if record.get("_deleted"):
                rows.pop(str(record["id"]), None)
                self.tombstones.append(record)
            else:
                rows[str(record["id"])] = record
        self.received += body["data"]
        pulled.records = len(self.received)
        pulled.tombstones = len(self.tombstones)
        pulled.answers += 1

    def _require(self, answer: Answer) -> Answer:
        if answer.status != http.client.OK:
            raise Refused(answer)
        return answer
