"""Answers as bytes."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from sb_sync.api.rendering import SyncRenderer


@pytest.mark.parametrize(
    "data",
    [{"a": [1, "é", None, True, 1.5]}, {"half": "\ud83d"}, {"\ud83d": 1}, {"large": 2**70}, [], "", 0],
)
def test_whatever_a_client_sent_can_be_answered(data: Any) -> None:
    assert json.loads(SyncRenderer().render(data)) == data


def test_a_key_is_text() -> None:
    assert json.loads(SyncRenderer().render({"key": UUID(int=1)})) == {"key": str(UUID(int=1))}


def test_nothing_is_no_bytes() -> None:
    assert SyncRenderer().render(None) == b""
