"""Requests made from the description of the API, right and wrong ones: no fault, and no answer that is not described.

SB_SYNC_FUZZ_SECONDS says for how long, in all; a seed that failed is printed by hypothesis itself.
"""

from __future__ import annotations

import os
import sys
import time
import zlib
from typing import Any, Iterator, List

import pytest
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler

from sb_sync import catalog
from sb_sync.protocol import ENVELOPE
from sb_sync.testing.factories import grant, make_member, make_organization
from sb_sync.wire import schema_of
from tests.integration.api.client import PREFIX, Api

if sys.version_info < (3, 11):
    pytest.skip("schemathesis needs Python 3.11", allow_module_level=True)
schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402 - comes with schemathesis
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.only_on("sqlite", "postgresql", reason="what reads a request is the same on every database"),
]

SECONDS = float(os.environ.get("SB_SYNC_FUZZ_SECONDS", "24"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("/auth/token/", "POST"),
    ("/auth/refresh/", "POST"),
    ("/auth/logout/", "POST"),
    ("/push/", "POST"),
    ("/jobs/{job}/", "GET"),
    ("/jobs/{job}/", "DELETE"),
    ("/pull/", "POST"),
    ("/models/", "GET"),
    ("/health/", "GET"),
    ("/performance/", "GET"),
    ("/metrics/", "GET"),
]
# Some examples at a time, so that the clock is looked at between.
EXAMPLES = 20


@pytest.fixture
def token() -> Iterator[str]:
    organization = make_organization("acme")
    grant(organization, delete=True)
    make_member(organization, username="ann", password="pass")
    cache.clear()
    yield str(Api().log_in("ann")["token"])
    cache.clear()


@pytest.fixture
def description() -> Any:
    return schemathesis.openapi.from_wsgi(PREFIX + "schema/", WSGIHandler())


def test_every_operation_is_fuzzed() -> None:
    paths = Api().get("schema/").json()["paths"]
    told = {(path, method.upper()) for path, operations in paths.items() for method in operations}
    # What says the same to everybody takes nothing in.
    assert told == {*OPERATIONS, ("/schema/", "GET"), ("/docs/", "GET")}


@pytest.mark.parametrize("is_known", [True, False], ids=["with a token", "as a stranger"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_that_is_sent_makes_a_fault(
    description: Any, token: str, path: str, method: str, is_known: bool
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if is_known and path != "/auth/logout/" else {}
    # The client below does not decompress; what is compressed, other tests read.
    headers["Accept-Encoding"] = "identity"
    statuses = fuzz(description[path][method], headers, seconds=SECONDS / (2 * len(OPERATIONS)))
    assert len(statuses) >= EXAMPLES
    if is_known and path in ("/push/", "/pull/", "/models/", "/performance/"):
        assert 200 in statuses


def fuzz(operation: Any, headers: Any, *, seconds: float) -> List[int]:
    """Send what the description allows and what it does not, and return the statuses."""
    statuses: List[int] = []
    modes = schemathesis.GenerationMode
    ends_at = time.monotonic() + seconds
    while True:
        for mode in (modes.POSITIVE, modes.NEGATIVE):
            _send_some(operation, headers, mode, statuses)
        if time.monotonic() >= ends_at:
            return statuses


def _send_some(operation: Any, headers: Any, mode: Any, statuses: List[int]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode).map(_aim))
    def send(case: Any) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        statuses.append(response.status_code)

    send()


def _aim(case: Any) -> Any:
    """Let most records name models and fields that there are: at random none would."""
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("data"), list):
        body["data"] = [_aim_record(record) for record in body["data"]]
    if isinstance(body, dict) and isinstance(body.get("models"), dict):
        body["models"] = {_choose(list(catalog.synced_models()), name): known for name, known in body["models"].items()}
    return case


def _aim_record(record: Any) -> Any:
    if not isinstance(record, dict) or not isinstance(record.get("_model"), str):
        return record
    label = _choose(list(catalog.synced_models()), record["_model"])
    if label not in catalog.synced_models():
        return record
    names = sorted(schema_of(catalog.synced_models()[label]).by_name)
    aimed = {name if name in ENVELOPE else _choose(names, name): value for name, value in record.items()}
    return {**aimed, "_model": label}


def _choose(names: List[str], text: str) -> str:
    """Return one of the names, always the same for a text; one text in eight stays as it is."""
    number = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    return text if number % 8 == 0 else names[number // 8 % len(names)]
