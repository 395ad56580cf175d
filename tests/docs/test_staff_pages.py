"""The page on the staff pages says what is so, and its pictures are there and small."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sb_sync.dashboard.navigation import ENTRIES
from sb_sync.dashboard.permissions import AUDIT, CANCEL_JOBS, CONFLICTS, EXPORT, JOBS, MATRIX, SETTINGS, SETTLE, VIEW
from tests.docs.pages import DOCS, read
from tests.staff import CONFIG, make_chief, make_client

PAGE = "how-to/staff-pages.md"
TEMPLATES = Path(__file__).resolve().parents[2] / "src" / "sb_sync" / "templates" / "sb_sync" / "dashboard"
MOST_BYTES = 150_000


def test_every_page_and_permission_is_named() -> None:
    text = read(PAGE)
    assert [str(entry.label) for _, entries in ENTRIES for entry in entries if f"| {entry.label} (" not in text] == []
    names = (VIEW, AUDIT, MATRIX, SETTINGS, EXPORT, CONFLICTS, SETTLE, JOBS, CANCEL_JOBS)
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_block_that_is_named_is_there() -> None:
    rows = re.findall(r"^\| `([\w/]+\.html)` \| (.*) \|$", read(PAGE), re.MULTILINE)
    assert len(rows) == 3
    for name, blocks in rows:
        found = re.findall(r"{% block (\w+)", (TEMPLATES / name).read_text(encoding="utf-8"))
        assert re.findall(r"`(\w+)`", blocks) == found, name


@pytest.mark.django_db
def test_a_block_is_changed_as_the_page_shows_it(tmp_path: Path, settings: Any) -> None:
    block = re.search(r"```html\n{# templates/(\S+) #}\n(.*?)```", read(PAGE), re.DOTALL)
    assert block is not None
    path = tmp_path / block[1]
    path.parent.mkdir(parents=True)
    path.write_text(block[2], encoding="utf-8")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    text = make_client(make_chief()).get(CONFIG).content.decode()
    assert "Field Sales Ltd" in text
    assert "theme-menu" in text


@pytest.mark.django_db
def test_the_team_is_given_what_the_page_says() -> None:
    names: Any = {}
    for code in re.findall(r"```python\n(.*?)```", read(PAGE), re.DOTALL):
        exec(code, names)
    assert names["team"].permissions.count() == len(names["names"])


def test_pictures_are_there_in_both_themes_and_small() -> None:
    named = set(re.findall(r"\.\./(_static/staff-pages/\S+\.png)", read(PAGE)))
    assert {name.replace("dark", "light") for name in named} == {name for name in named if "light" in name}
    assert {path.name for path in (DOCS / "_static" / "staff-pages").glob("*")} == {Path(name).name for name in named}
    assert [name for name in named if (DOCS / name).stat().st_size > MOST_BYTES] == []
