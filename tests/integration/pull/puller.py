"""A client that shows every answer, and what its user ought to hold."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Set, Tuple, Union

from sb_sync import catalog, pull
from sb_sync.access import resolve_scope, scoped_queryset
from sb_sync.models import Organization
from sb_sync.protocol import RequestInfo
from sb_sync.testing.factories import grant, make_member, make_organization

Record = Dict[str, Any]


class Puller:
    """One user in one organization, with the rows and cursors of the answers so far."""

    def __init__(self, user: Any, organization: Optional[str] = None) -> None:
        self.user = user
        self.organization = organization
        self.cursors: Dict[str, Any] = {}
        self.rows: Dict[str, Dict[str, Record]] = {}

    def scope(self) -> Any:
        return resolve_scope(self.user, self.organization)

    def ask(self, body: Mapping[str, Any]) -> pull.PullAnswer:
        """Ask without remembering anything."""
        return pull.run(self.scope(), body, request=RequestInfo("test"))

    def step(self, models: Any = None, **body: Any) -> Dict[str, Any]:
        """Ask once with all cursors and apply the answer."""
        if models is None and self.cursors:
            models = dict(self.cursors)
        if models is not None:
            body["models"] = models
        answer = self.ask(body)
        for label, told in answer.body["metadata"].items():
            self.cursors[label] = told["cursor"]
            if told.get("reset"):
                self.rows.pop(label, None)
        for record in answer.body["data"]:
            held = self.rows.setdefault(record["_model"], {})
            if record.get("_deleted"):
                held.pop(str(record["id"]), None)
            else:
                held[str(record["id"])] = record
        return answer.body

    def pull(self, models: Any = None, **body: Any) -> List[Dict[str, Any]]:
        """Ask until all is whole and return the answers."""
        answers = [self.step(models, **body)]
        while answers[-1]["batch_info"]["has_more"]:
            assert len(answers) < 500, "no end"
            answers.append(self.step(**body))
        return answers

    def check(self) -> None:
        """Compare what is held with what there is."""
        scope = self.scope()
        for label, synced in catalog.synced_models().items():
            if label in self.cursors:
                held: Set[str] = set(self.rows.get(label, {}))
                assert held == {str(key) for key in scoped_queryset(scope, synced).values_list("pk", flat=True)}, label


def make_puller(slug: str = "acme", **rights: Any) -> Tuple[Organization, Puller]:
    """Return an organization, and a member of it who may pull everything."""
    organization = make_organization(slug)
    user = make_member(organization)
    grant(organization, **rights)
    return organization, Puller(user, slug)


def records(answers: Union[Dict[str, Any], List[Dict[str, Any]]]) -> List[Record]:
    """Return the records of answers, in order."""
    return [record for answer in (answers if isinstance(answers, list) else [answers]) for record in answer["data"]]


def tombstones(answers: Union[Dict[str, Any], List[Dict[str, Any]]]) -> Dict[str, str]:
    """Return the reasons of tombstones by key."""
    return {str(record["id"]): record["_reason"] for record in records(answers) if record.get("_deleted")}
