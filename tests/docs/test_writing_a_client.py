"""Go through the page for authors of clients: each request is sent, each answer is the one that it shows."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from django.core.cache import cache

from sb_sync import errors, protocol
from sb_sync.models import DataFilter
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.docs.pages import Snippet, read, sections, snippets
from tests.integration.api.client import PREFIX, Api
from tests.integration.push.declaring import declared
from tests.testapp.models import Customer, Order

PAGE = "how-to/writing-a-client.md"
FIELDS = {Customer: ["id", "organization", "name", "email"], Order: ["id", "customer", "number", "placed_on"]}
NAME = re.compile(r"\$(\w+)")


@pytest.fixture
def _crm(transactional_db: None) -> Iterator[None]:
    """The page's models, two customers and an order, and Anna, who may not see one department."""
    with ExitStack() as stack:
        for model, fields in FIELDS.items():
            stack.enter_context(declared(model, fields=fields))
        acme = make_organization("acme")
        grant(acme, group="Sales", models=["testapp.Customer", "testapp.Order"], delete=True)
        user = make_member(acme, username="anna", group="Sales", password="two devices")
        hidden = {"field": "department", "operator": "ne", "value": "SUPPORT"}
        group = user.sync_memberships.get().group
        DataFilter.objects.create(
            site_id=acme.pk, group=group, model_name="testapp.Customer", filter_name="x", filter_condition=hidden
        )
        for number, name in enumerate(["Quay Bakery", "Old Mill"], start=1):
            key = f"00000000-0000-4000-8000-00000000000{number}"
            Customer.objects.create(pk=key, organization=acme, name=name)
        Order.objects.create(customer=Customer.objects.get(name="Quay Bakery"), number="A-1")
        cache.clear()
        yield
        cache.clear()


class Reader:
    """Somebody who sends the page's requests and keeps what it calls by names."""

    def __init__(self) -> None:
        self.api = Api()
        self.kept: Dict[str, Any] = {}

    def send(self, text: str) -> Any:
        """Send a request as it stands on the page, with the values of its names."""
        (first, headers), body = _head(text), text.partition("\n\n")[2]
        method, address, _ = first.split()
        assert address.startswith(PREFIX)
        self.api.token = self.kept.get("token")
        options: Dict[str, Any] = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        if body:
            options.update(data=self._filled(body), content_type="application/json")
        return self.api.send(method.lower(), address[len(PREFIX) :], **options)

    def _filled(self, text: str) -> str:
        """Return a body with what was kept in the place of names."""
        body = as_tested(text)
        json.loads(body)
        return re.sub(r'"\$(\w+)"', lambda match: json.dumps(self.kept[match[1]]), body)

    def compare(self, shown: str, answer: Any) -> None:
        """Hold an answer against the page, and keep what the page names."""
        (first, headers), body = _head(shown), json.loads(as_tested(shown.partition("\n\n")[2]))
        assert first.split()[1] == str(answer.status_code), answer.content
        assert all(answer[name] == value for name, value in headers.items())
        assert ("Idempotency-Replayed" in headers) == ("Idempotency-Replayed" in answer)
        self._match(body, answer.json(), "answer")

    def _match(self, shown: Any, found: Any, place: str) -> None:
        name = NAME.fullmatch(shown) if isinstance(shown, str) else None
        if name is not None:
            # A key keeps its value; what moves on (cursors, versions, tokens) is kept anew.
            if name[1] in ("bakery", "mill", "order", "old_order") and name[1] in self.kept:
                assert self.kept[name[1]] == found, place
            self.kept[name[1]] = found
        elif isinstance(shown, dict):
            assert shown.keys() == found.keys(), (place, found)
            for key, value in shown.items():
                self._match(value, found[key], f"{place}.{key}")
        elif isinstance(shown, list):
            assert len(shown) == len(found), (place, found)
            for number, value in enumerate(shown):
                self._match(value, found[number], f"{place}[{number}]")
        else:
            assert shown in ("…", found), (place, found)


def as_tested(text: str) -> str:
    """Return a snippet with the names of the tests' project."""
    return text.replace("from crm.models", "from tests.testapp.models").replace("crm.", "testapp.")


def _head(text: str) -> Tuple[str, Dict[str, str]]:
    """Return the first line and the headers of a message."""
    first, *lines = text.partition("\n\n")[0].strip().splitlines()
    return first, dict(line.split(": ", 1) for line in lines)


@pytest.mark.usefixtures("_crm")
def test_the_story_of_the_page_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    reader, answer, compared = Reader(), None, 0
    for snippet in snippets(PAGE):
        if snippet.kind == "server":
            exec(as_tested(snippet.text), {})
        elif snippet.kind == "request":
            answer = reader.send(snippet.text)
        else:
            assert snippet.kind == "answer"
            reader.compare(snippet.text, answer)
            compared += 1
    requests: List[Snippet] = [snippet for snippet in snippets(PAGE) if snippet.kind == "request"]
    assert compared == len(requests) == 16


def test_the_table_of_requests_has_every_code() -> None:
    told = _codes("A request that fails")
    raised = {error.code for error in _descendants(errors.SyncError)}
    assert told == {*raised, protocol.INTERNAL}


def test_the_table_of_records_has_every_code() -> None:
    assert _codes("A record that is refused") == set(protocol.RECORD_CODES)


def test_the_table_of_models_has_every_code_that_the_reference_has() -> None:
    told = _codes("Rights that end")
    listed = read("reference/api.md").partition("A model that is not served stands in `errors`")[2]
    codes = re.findall(r"^\| (`.*?) \|", listed.partition("\nWhere all")[0], re.MULTILINE)
    assert told == {code for row in codes for code in re.findall(r"`(\w+)`", row)}


def _codes(section: str) -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", sections(PAGE)[section], re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`(\w+)`", row)}


def _descendants(base: Any) -> Any:
    direct = set(base.__subclasses__())
    return direct.union(*(_descendants(error) for error in direct))
