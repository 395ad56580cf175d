"""Hold the page on configuration against the code; with SB_SYNC_WRITE_DOCS=1, write its tables anew."""

from __future__ import annotations

import json
import os
import re
from typing import Iterator, List

import pytest

from sb_sync.config import MODEL_DISCOVERY, SECTIONS
from tests.docs.pages import DOCS, read, words_in_tables
from tests.variety.effects import EFFECTS
from tests.variety.elsewhere import see_all
from tests.variety.installed import variety

PAGE = "reference/configuration.md"


@pytest.fixture(autouse=True)
def _variety() -> Iterator[None]:
    with variety():
        yield


def _key_rows() -> List[str]:
    cells = (
        (f"`{key}`", declared.kinds[0].__name__, f"`{json.dumps(declared.default)}`", declared.meaning)
        for key, declared in MODEL_DISCOVERY.items()
    )
    return ["| {} |".format(" | ".join(row)) for row in cells]


def _table(name: str, rows: List[str]) -> str:
    """Return the marked table of the page with these rows, written anew where that is wanted."""
    page = read(PAGE)
    pattern = re.compile(rf"(<!-- {name} -->\n\|[^\n]*\n\|[^\n]*\n)(.*?)(<!-- end -->)", re.DOTALL)
    found = pattern.search(page)
    assert found is not None
    if os.environ.get("SB_SYNC_WRITE_DOCS"):
        text = "".join(row + "\n" for row in rows)
        (DOCS / PAGE).write_text(pattern.sub(lambda match: match[1] + text + match[3], page), encoding="utf-8")
        return text
    return found[2]


def test_the_table_of_keys_says_what_they_are() -> None:
    rows = _key_rows()
    assert _table("keys", rows).splitlines() == rows


@pytest.mark.django_db(transaction=True)
def test_the_table_of_effects_says_what_each_key_does_to_a_model() -> None:
    seen = list(see_all())
    assert all(found.before != found.after for found in seen)
    keys = list(MODEL_DISCOVERY)
    shown = sorted([*EFFECTS, *seen], key=lambda found: keys.index(found.key))
    assert {found.key for found in shown} == set(keys)
    rows = [found.as_row() for found in shown]
    assert _table("effects", rows).splitlines() == rows


def test_every_key_stands_in_the_page() -> None:
    told = words_in_tables(PAGE)
    assert set(MODEL_DISCOVERY) <= told
    page = read(PAGE)
    assert all(f"`{section}`" in page for section in SECTIONS)
