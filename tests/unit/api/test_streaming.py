"""Who gets lines."""

from __future__ import annotations

import pytest

from sb_sync.api.streaming import wants_lines


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/x-ndjson", True),
        ("application/x-ndjson, */*;q=0.1", True),
        ("application/json;q=0.5, application/x-ndjson;q=0.9", True),
        ("APPLICATION/X-NDJSON; Q=0.2", True),
        ("application/json, application/x-ndjson", False),
        ("application/x-ndjson;q=0", False),
        ("application/x-ndjson;q=0.5, */*", False),
        ("application/x-ndjson;q=high", False),
        ("*/*", False),
        ("text/html", False),
        ("", False),
        (";;,=,q", False),
    ],
)
def test_lines_are_given_to_those_who_like_them_best(accept: str, wanted: bool) -> None:
    assert wants_lines({"HTTP_ACCEPT": accept}) is wanted
