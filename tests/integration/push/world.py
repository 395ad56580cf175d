"""A world of two organizations, and short ways to push into it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Dict, List

from sb_sync.access import resolve_scope
from sb_sync.protocol import RequestInfo
from sb_sync.push import PushAnswer, run
from sb_sync.testing.factories import grant, make_member, make_organization


@dataclass
class World:
    """Two organizations, a user in each who may do everything there, and one who may only push."""

    acme: Any
    rival: Any
    user: Any
    stranger: Any
    clerk: Any

    def push(self, *records: Dict[str, Any], user: Any = None, atomic: bool = False) -> PushAnswer:
        """Push records as a user of Acme, or another one."""
        return self.send({"data": list(records), "atomic": atomic}, user=user)

    def send(self, body: Any, *, user: Any = None) -> PushAnswer:
        """Push a body as it is."""
        scope = resolve_scope(user or self.user, None)
        return run(scope, body, request=RequestInfo(request_id=uuid.uuid4().hex))

    def results(self, *records: Dict[str, Any], user: Any = None) -> List[Dict[str, Any]]:
        """Push records and return what became of each."""
        answer = self.push(*records, user=user)
        assert answer.status in (200, 403)
        found: List[Dict[str, Any]] = answer.body["results"]
        return found

    def one(self, user: Any = None, **record: Any) -> Dict[str, Any]:
        """Push one record, `model` for its model, and return its result."""
        record["_model"] = record.pop("model")
        return self.results(record, user=user)[0]


def make_world() -> World:
    """Return a new world."""
    acme, rival = make_organization("acme"), make_organization("rival")
    for organization in (acme, rival):
        grant(organization, group="Administrators", delete=True)
    grant(acme, group="Clerks")
    return World(
        acme=acme,
        rival=rival,
        user=make_member(acme, username="ann", group="Administrators"),
        stranger=make_member(rival, username="rob", group="Administrators"),
        clerk=make_member(acme, username="cleo", group="Clerks"),
    )
