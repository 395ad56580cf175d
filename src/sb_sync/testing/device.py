"""A client in the same process: it keeps rows and cursors by the rules that clients of the API keep."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Iterable, List, Mapping, Optional, Union

from sb_sync.access import resolve_scope
from sb_sync.protocol import DELETED, KEY, MODEL, RequestInfo
from sb_sync.pull import run as run_pull
from sb_sync.push import run as run_push

__all__ = ["Device"]

Record = Dict[str, Any]


class Device:
    """The store of one user in one organization.

    `rows` holds the records by label and key, `cursors` where to go on. `batch_size` bounds each answer, so that
    tests can make passes span many of them; `models` names what is pulled, None for all that is granted.
    """

    def __init__(
        self,
        user: Any,
        organization: Optional[Union[str, int]] = None,
        *,
        models: Optional[Iterable[str]] = None,
        batch_size: Optional[int] = None,
    ) -> None:
        """Start with an empty store."""
        self.user = user
        self.organization = organization
        self.models = None if models is None else list(models)
        self.batch_size = batch_size
        self.rows: Dict[str, Dict[str, Record]] = {}
        self.cursors: Dict[str, Optional[str]] = {}
        self.resets: List[str] = []

    def push(self, records: Iterable[Mapping[str, Any]], *, atomic: bool = False) -> Dict[str, Any]:
        """Push records and return the answer's body."""
        answer = run_push(self._scope(), {"data": list(records), "atomic": atomic}, request=_request())
        return dict(answer.body)

    def pull(self) -> int:
        """Pull until the store is whole and return how many records came."""
        received = 0
        while True:
            body = self.pull_once()
            received += len(body["data"])
            if not body["batch_info"]["has_more"]:
                return received

    def pull_once(self) -> Dict[str, Any]:
        """Ask once, apply the answer and return its body."""
        request: Dict[str, Any] = {}
        if self.cursors:
            request["models"] = dict(self.cursors)
        elif self.models is not None:
            request["models"] = self.models
        if self.batch_size is not None:
            request["batch_size"] = self.batch_size
        body = dict(run_pull(self._scope(), request, request=_request()).body)
        self._apply(body)
        return body

    def keys(self, label: str) -> List[str]:
        """Return the sorted keys of what the store holds of a model."""
        return sorted(self.rows.get(label, {}))

    def _apply(self, body: Mapping[str, Any]) -> None:
        for refused in body.get("errors", []):
            if refused["code"] in ("permission_denied", "not_enabled"):
                self.rows.pop(refused[MODEL], None)
                self.cursors.pop(refused[MODEL], None)
        for label, told in body["metadata"].items():
            if told.get("reset"):
                self.resets.append(label)
                self.rows.pop(label, None)
            self.cursors[label] = told["cursor"]
        for record in body["data"]:
            store = self.rows.setdefault(record[MODEL], {})
            if record.get(DELETED):
                store.pop(str(record[KEY]), None)
            else:
                store[str(record[KEY])] = record

    def _scope(self) -> Any:
        return resolve_scope(self.user, self.organization)


def _request() -> RequestInfo:
    return RequestInfo(request_id=uuid.uuid4().hex)
