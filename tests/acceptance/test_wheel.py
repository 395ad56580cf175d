"""What the wheel holds. That it installs and serves a project of its own is shown in tests/docs/test_ten_minutes.py."""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import Dict

import pytest

from tests.wheel import ROOT, build_wheel


@pytest.fixture(scope="module")
def contents() -> Dict[str, int]:
    """Return the size of each file in the wheel."""
    with zipfile.ZipFile(build_wheel()) as archive:
        return {info.filename: info.file_size for info in archive.infolist()}


def test_the_wheel_holds_every_file_of_the_package(contents: Dict[str, int]) -> None:
    source = ROOT / "src"
    files = [path for path in (source / "sb_sync").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = {path.relative_to(source).as_posix() for path in files} - contents.keys()
    assert not missing


def test_the_wheel_holds_nothing_but_the_package(contents: Dict[str, int]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in contents}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sb_sync"}


def test_the_wheel_says_that_it_is_typed(contents: Dict[str, int]) -> None:
    assert "sb_sync/py.typed" in contents
