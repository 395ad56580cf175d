"""An offline client that talks HTTP and keeps the rules that clients of the API keep."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Callable, Dict, List, Optional, Set

from django.test import Client

from sb_sync.api.tokens import log_in
from sb_sync.models import Organization

Record = Dict[str, Any]
#: More answers than any pass of so few rows can take.
LONGEST_PASS = 300


class Wedged(AssertionError):
    """A client that pulls and pulls and never becomes whole."""


class OfflineClient:
    """The store of one device: `rows` by label and key, `cursors` by label.

    By chance it works with times or with cursors only, drops a model at once on `reset` or sweeps it at the end, asks
    for few or many records at a time, and now and then never sees an answer.
    """

    def __init__(self, user: Any, organization: Organization, chance: Random) -> None:
        """Start with an empty store."""
        self.user = user
        self.organization = organization
        self.chance = chance
        self.batch_size = chance.choice([4, 20, 1000])
        self.sweeps = chance.random() < 0.5
        self.works_with_times = False
        self.loses = chance.choice([0.0, 0.0, 0.15])
        self.rows: Dict[str, Dict[Any, Record]] = {}
        self.cursors: Dict[str, Optional[str]] = {}
        self.unswept: Dict[str, Set[Any]] = {}
        self.resets: List[str] = []
        self._browser = Client(raise_request_exception=True)
        self._token = log_in(user).access

    @property
    def name(self) -> str:
        """Return whose device it is."""
        return f"{self.user.get_username()}@{self.organization.slug}"

    def post(self, address: str, body: Any, **headers: Any) -> Any:
        """Send a request; a 500 is never an answer."""
        answer = self._browser.post(
            "/api/sync/" + address,
            data=json.dumps(body),
            content_type="application/json",
            HTTP_AUTHORIZATION="Bearer " + self._token,
            HTTP_X_ORGANIZATION=self.organization.slug,
            **headers,
        )
        assert answer.status_code < 500, answer.content
        return answer

    def sync(self, labels: Set[str], meanwhile: Callable[[], None]) -> None:
        """Pull until whole; `meanwhile` happens between the answers."""
        for _ in range(LONGEST_PASS):
            wanted = {label: self.cursors.get(label) for label in {*labels, *self.cursors}}
            answer = self.post("pull/", {"models": wanted, "batch_size": self.batch_size}) if wanted else None
            if answer is None or not (self._is_lost() or self._apply(answer)):
                return
            meanwhile()
        raise Wedged(f"{self.name} is not whole after {LONGEST_PASS} answers")

    def _is_lost(self) -> bool:
        return self.chance.random() < self.loses

    def _apply(self, answer: Any) -> bool:
        """Take an answer into the store; tell whether there is more."""
        body = answer.json()
        if answer.status_code == 403 and "errors" not in body:
            self.rows, self.cursors, self.unswept = {}, {}, {}
            return False
        assert answer.status_code in (200, 403), body
        for refused in body.get("errors", []):
            if refused["code"] in ("permission_denied", "not_enabled"):
                for store in (self.rows, self.cursors, self.unswept):
                    store.pop(refused["_model"], None)  # type: ignore[attr-defined]  # all three are dicts by label
        if answer.status_code == 403:
            return bool(self.cursors)
        self._apply_metadata(body)
        for record in body["data"]:
            self._apply_record(record)
        has_more = bool(body["batch_info"]["has_more"])
        if not has_more:
            self._finish(body)
        return has_more

    def _apply_metadata(self, body: Record) -> None:
        for label, told in body["metadata"].items():
            if told.get("reset"):
                self.resets.append(label)
                if self.sweeps:
                    self.unswept[label] = set(self.rows.get(label, {}))
                else:
                    self.rows.pop(label, None)
            self.cursors[label] = told["cursor"]

    def _apply_record(self, record: Record) -> None:
        label, key = record["_model"], record["id"]
        store = self.rows.setdefault(label, {})
        self.unswept.get(label, set()).discard(key)
        if record.get("_deleted"):
            store.pop(key, None)
        else:
            store[key] = record

    def _finish(self, body: Record) -> None:
        """Drop what did not come again; note the times to go on from."""
        for label, keys in self.unswept.items():
            for key in keys:
                self.rows.get(label, {}).pop(key, None)
        self.unswept = {}
        if self.works_with_times:
            self.cursors.update({label: told["last_sync"] for label, told in body["metadata"].items()})
