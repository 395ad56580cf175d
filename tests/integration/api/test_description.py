"""The description of the API, and the page that shows it."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, Set, Tuple

import pytest
from django.test import Client

from sb_sync import errors
from sb_sync.api import urls
from sb_sync.config import setting
from sb_sync.protocol import RECORD_CODES
from tests.integration.api.client import PREFIX, Api
from tests.integration.api.description import check, check_answer, check_line

pytestmark = pytest.mark.django_db(transaction=True)

OWN_WORDS = re.compile(r"'self'|'none'|data:")


@pytest.fixture
def document() -> Dict[str, Any]:
    return dict(Api().get("schema/").json())


def test_the_description_is_valid_openapi_3_1(document: Dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    validator = pytest.importorskip("openapi_spec_validator", reason="its releases need Python 3.9")
    validator.validate(document)


def test_it_stands_where_the_api_stands(document: Dict[str, Any]) -> None:
    assert document["servers"] == [{"url": PREFIX.rstrip("/")}]
    script = Client().get(PREFIX + "schema/", SCRIPT_NAME="/below").json()
    assert script["servers"] == [{"url": "/below" + PREFIX.rstrip("/")}]


def test_every_address_is_described_with_its_methods(document: Dict[str, Any]) -> None:
    patterns = [pattern for pattern in urls.urlpatterns if pattern.name != "missing"]
    served: Set[Tuple[str, str]] = set()
    for pattern in patterns:
        methods = set(pattern.callback.cls.http_method_names) - {"head"}
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", "/" + str(pattern.pattern))
        served.update((path, method) for method in methods)
    told = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert told == served


def test_every_error_is_described_with_its_status(document: Dict[str, Any]) -> None:
    told = {(code, int(status)) for status, code in _codes(document)}
    known = {(error.code, error.status) for error in _descendants(errors.SyncError)}
    assert told == known | {("internal", 500)}


def test_every_answer_names_its_request(document: Dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                assert answer["headers"]["X-Request-ID"]["required"]


def test_limits_are_those_of_the_settings(settings: Any) -> None:
    settings.SB_SYNC = {"MAX_PUSH_RECORDS": 77, "DEFAULT_BATCH_SIZE": 55, "MAX_BATCH_SIZE": 66}
    shapes = Api().get("schema/").json()["components"]["schemas"]
    assert shapes["PushRequest"]["properties"]["data"]["maxItems"] == setting("MAX_PUSH_RECORDS") == 77
    told = shapes["PullRequest"]["properties"]["batch_size"]["description"]
    assert "55" in told
    assert "66" in told


def test_every_code_of_a_record_is_told(document: Dict[str, Any]) -> None:
    told = document["components"]["schemas"]["Result"]["properties"]["code"]["description"]
    assert all(f"`{code}`" in told for code in RECORD_CODES)


def test_every_example_has_the_shape_that_it_is_one_of(document: Dict[str, Any]) -> None:
    checked = 0
    for name, shape in document["components"]["schemas"].items():
        for example in shape.get("examples", []):
            check(example, f"/components/schemas/{name}")
            checked += 1
    assert checked > 8
    lines = document["paths"]["/pull/"]["post"]["responses"]["200"]["content"]["application/x-ndjson"]["example"]
    for line in lines.splitlines():
        check_line(json.loads(line))


def test_no_shape_is_described_that_nothing_uses(document: Dict[str, Any]) -> None:
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert used == set(document["components"]["schemas"])


def test_an_answer_that_is_not_as_described_is_noticed() -> None:
    pointer = "/paths/~1auth~1logout~1/post/responses/200/content/application~1json/schema"
    check({"status": "success"}, pointer)
    for answer in ({"status": "success", "more": 1}, {"status": "done"}, {}, []):
        with pytest.raises(AssertionError):
            check(answer, pointer)


def test_a_status_that_is_not_described_is_noticed(api: Api) -> None:
    answer = api.get("models/")
    answer.status_code = 418
    with pytest.raises(AssertionError, match="418"):
        check_answer("get", "models/", answer)


@pytest.mark.parametrize("address", ["schema/", "docs/", "models/"])
def test_what_is_read_knows_get_and_head_only(api: Api, address: str) -> None:
    head = api.send("head", address)
    assert (head.status_code, head.content) == (200, b"")
    assert head["X-Request-ID"]
    for method in ("post", "put", "patch", "delete", "options"):
        answer = api.send(method, address)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer["Allow"] == "GET, HEAD"


class TestPage:
    """The page for people."""

    def test_it_needs_no_token_and_no_other_server(self) -> None:
        answer = Api().get("docs/")
        page = answer.content.decode()
        assert answer["Content-Type"].startswith("text/html")
        addresses = re.findall(r'(?:src|href|data-schema)="([^"]+)"', page)
        assert len(addresses) > 5
        assert all(address.startswith(("/static/sb_sync/", "../schema/")) for address in addresses)

    def test_it_runs_no_script_and_no_style_of_its_own(self) -> None:
        page = Api().get("docs/").content.decode()
        assert all(script.startswith(" src=") for script in re.findall(r"<script([^>]*)>", page))
        assert not re.search(r"<script[^>]*>\s*\S+\s*</script>|<style| style=| on\w+=", page)

    def test_its_policy_allows_nothing_but_the_package_s_files(self) -> None:
        policy = Api().get("docs/")["Content-Security-Policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert (rules["script-src"], rules["style-src"], rules["connect-src"]) == ("'self'",) * 3
        assert "unsafe" not in policy
        assert OWN_WORDS.sub("", " ".join(rules.values())).strip() == ""

    def test_static_files_of_another_origin_are_allowed(self, settings: Any) -> None:
        settings.STATIC_URL = "https://static.example.com/files/"
        policy = Api().get("docs/")["Content-Security-Policy"]
        assert "script-src https://static.example.com;" in policy
        assert "connect-src 'self'" in policy


def _codes(document: Dict[str, Any]) -> Iterator[Tuple[str, str]]:
    """Yield (status, code) of every error that is described."""
    places = [operation["responses"] for path in document["paths"].values() for operation in path.values()]
    common = {"404": "NotFound", "405": "MethodNotAllowed"}
    places.append({status: document["components"]["responses"][name] for status, name in common.items()})
    for answers in places:
        for status, answer in answers.items():
            for code in answer["content"].get("application/json", {}).get("examples", {}):
                yield status, code


def _descendants(base: Any) -> Set[Any]:
    direct = set(base.__subclasses__())
    return direct.union(*(_descendants(error) for error in direct))
