"""Hold every answer against the description of the API: what it does not tell of may not come."""

from __future__ import annotations

import gzip
import json
import re
from functools import lru_cache
from typing import Any, Dict, Mapping

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:sb_sync:openapi"
#: Shapes that others add keys to.
OPEN_SHAPES = {"Error"}
PARAMETER = re.compile(r"({\w+})")


@lru_cache(maxsize=1)
def described() -> Dict[str, Any]:
    """Return the description, its shapes closed: published shapes may grow, tests want to know when they do."""
    from sb_sync.api.schema import make_document

    document = json.loads(json.dumps(make_document("")))
    shapes = document["components"]["schemas"]
    _close(document["paths"])
    _close(document["components"]["responses"])
    _close({name: shape for name, shape in shapes.items() if name not in OPEN_SHAPES})
    return dict(document)


def check_answer(method: str, address: str, answer: Any) -> None:
    """Fail where an answer is not one of those that are described."""
    response, pointer = _find_response(method, "/" + address.split("?", maxsplit=1)[0], answer.status_code)
    missing = [name for name, header in response["headers"].items() if header.get("required") and name not in answer]
    assert not missing, f"{method} {address} has no {missing}"
    kind = answer["Content-Type"].split(";")[0]
    assert kind in response["content"], f"{method} {address} answers {kind}"
    if answer.streaming or method.lower() == "head" or kind != "application/json":
        return
    body = gzip.decompress(answer.content) if answer.get("Content-Encoding") == "gzip" else answer.content
    check(json.loads(body), f"{pointer}/content/{_escape(kind)}/schema")


def check_line(line: Mapping[str, Any]) -> None:
    """Fail where a line of a stream is not one of those that are described."""
    check(line, "/components/schemas/StreamLine")


def check(value: Any, pointer: str) -> None:
    """Fail where a value has not the shape at a place of the description."""
    faults = [f"{error.json_path}: {error.message[:500]}" for error in _validator(pointer).iter_errors(value)]
    assert not faults, f"{pointer}: {faults}"


def _find_response(method: str, path: str, status: int) -> Any:
    """Return the answer that is described, and where."""
    path = next((known for known in described()["paths"] if _is_at(known, path)), path)
    operations = described()["paths"].get(path)
    common = "NotFound" if operations is None else "MethodNotAllowed"
    verb = "get" if method.lower() == "head" else method.lower()
    if operations is None or verb not in operations:
        assert status == (404 if operations is None else 405), f"{method} {path} is not described, yet gives {status}"
        return described()["components"]["responses"][common], f"/components/responses/{common}"
    answers = operations[verb]["responses"]
    assert str(status) in answers, f"{method} {path} gives {status}, which is not described"
    return answers[str(status)], f"/paths/{_escape(path)}/{verb}/responses/{status}"


def _is_at(known: str, path: str) -> bool:
    """Tell whether a path is the one that is described, or fills in its parameters."""
    pattern = "".join("[0-9a-f-]{36}" if part.startswith("{") else re.escape(part) for part in PARAMETER.split(known))
    return re.fullmatch(pattern, path) is not None


@lru_cache(maxsize=None)
def _validator(pointer: str) -> Any:
    resource = Resource(contents=described(), specification=DRAFT202012)
    registry: Any = Registry().with_resource(DOCUMENT, resource)
    return Draft202012Validator({"$ref": f"{DOCUMENT}#{pointer}"}, registry=registry, format_checker=FormatChecker())


def _close(schema: Any) -> None:
    """Let objects hold nothing but what they are described to hold."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    if not isinstance(schema, dict):
        return
    is_object = "properties" in schema and "required" in schema
    if "additionalProperties" not in schema and (is_object or "allOf" in schema):
        schema["unevaluatedProperties"] = False
    for name, part in schema.items():
        if name != "allOf":
            _close(part)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
