"""What of a body may be kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sb_sync.ops.masking import MASK, mask_body


@pytest.mark.parametrize(
    "name", ["password", "PASSWORD", "user_password", "passwordHash", "apiKey", "api_key", "auth-token", "token2.token"]
)
def test_secrets_are_masked_by_their_names(name: str) -> None:
    assert mask_body({"data": [{name: "hush", "age": 3}]}) == {"data": [{name: MASK, "age": 3}]}


@pytest.mark.parametrize("name", ["tokenized", "spinning", "passworded", "secretary"])
def test_names_that_only_contain_the_letters_stay(name: str) -> None:
    assert mask_body({name: "open"}) == {name: "open"}


def test_a_secret_is_masked_whole() -> None:
    assert mask_body({"secret": {"deep": ["hush"]}}) == {"secret": MASK}


def test_the_project_names_its_own_secrets(settings: Any) -> None:
    settings.SB_SYNC = {"REDACT_FIELDS": ["diagnosis"]}
    assert mask_body({"diagnosis": "x", "password": "y"}) == {"diagnosis": MASK, "password": "y"}


def test_no_names_mask_nothing(settings: Any) -> None:
    settings.SB_SYNC = {"REDACT_FIELDS": []}
    assert mask_body({"password": "y"}) == {"password": "y"}


@pytest.mark.parametrize(
    "body", [{"a": "x" * 10_000}, {"a": ["x"] * 10_000}, {str(number): 1 for number in range(10_000)}]
)
def test_long_bodies_are_cut_and_say_so(body: Any, settings: Any) -> None:
    settings.SB_SYNC = {"LOG_BODY_BYTES": 500}
    text = json.dumps(mask_body(body), ensure_ascii=False)
    assert len(text) < 1500
    assert "…" in text


def test_what_no_database_takes_is_replaced() -> None:
    assert mask_body(["a\x00b", "\ud800", float("inf")]) == ["a\ufffdb", "?", "inf"]


@pytest.mark.parametrize(
    "name",
    [
        "API-Key",
        "APIKey",
        "x-api-key",
        "Authorization",
        "HTTP_AUTHORIZATION",
        "user.pin",
        "password1",
        "passwords",
        "API_KEYS",
        "apikey",
        "pin2",
        "\uff50assword",
    ],
)
def test_names_are_compared_whatever_way_they_are_written(name: str) -> None:
    assert mask_body({name: "hush"}) == {name: MASK}


def test_a_number_of_thousands_of_digits_counts_as_what_it_takes(settings: Any) -> None:
    settings.SB_SYNC = {"LOG_BODY_BYTES": 100}
    assert len(str(mask_body({"data": [10**4000] * 100}))) < 400
    assert mask_body([2**63 - 1, -(2**63)]) == [2**63 - 1, str(-(2**63))]
