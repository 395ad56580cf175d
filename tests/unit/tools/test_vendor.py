"""What the pages are built with is what was released, and nothing else."""

from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage

from tools.icons import SPRITE, build_sprite
from tools.vendor import FOLDERS, MANIFEST, VENDOR, compare, hash_file


def read_packages() -> List[Dict[str, Any]]:
    """Return all packages that are written down, each with where it stands."""
    found: List[Dict[str, Any]] = []
    for folder in FOLDERS:
        packages = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["packages"]
        found += [{**package, "place": folder / package["folder"]} for package in packages]
    return found


PACKAGES = read_packages()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package["name"]))
class TestPackage:
    """One vendored release."""

    def test_every_file_is_the_released_one(self, package: Dict[str, Any]) -> None:
        assert compare(package, package["place"], is_recorded=False) == []

    def test_it_says_where_it_came_from_and_under_which_licence(self, package: Dict[str, Any]) -> None:
        assert package.keys() >= {"name", "version", "licence", "source", "folder", "files"}
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert any(name.startswith("LICENSE") for name in package["files"])

    def test_a_file_that_was_touched_is_noticed(self, package: Dict[str, Any], tmp_path: Path) -> None:
        for name in package["files"]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(package["place"] / name), str(tmp_path / name))
        touched = next(iter(package["files"]))
        with (tmp_path / touched).open("ab") as file:
            file.write(b" ")
        assert compare(package, tmp_path, is_recorded=False) == [touched]
        recorded = copy.deepcopy(package)
        assert compare(recorded, tmp_path, is_recorded=True) == []
        assert recorded["files"][touched] == hash_file(tmp_path / touched)


def test_no_file_stands_there_that_is_not_written_down() -> None:
    found = {path for folder in FOLDERS for path in folder.rglob("*") if path.is_file()}
    told = {package["place"] / name for package in PACKAGES for name in package["files"]}
    assert found == told | {folder / MANIFEST for folder in FOLDERS}


def test_the_sprite_holds_the_vendored_icons() -> None:
    assert SPRITE.read_text(encoding="utf-8") == build_sprite()
    assert SPRITE.read_text(encoding="utf-8").count("<symbol ") > 50


def test_nothing_is_fetched_from_another_server_at_run_time() -> None:
    own = [path for path in VENDOR.parent.rglob("*") if path.is_file() and VENDOR not in path.parents]
    assert len(own) >= 3
    for path in own:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//cdn", text), path


def test_hashed_names_can_be_made_of_every_file(tmp_path: Path) -> None:
    """So does `collectstatic` where static files carry their hash; a file that names a missing one fails."""
    shutil.copytree(str(VENDOR.parent), str(tmp_path / "sb_sync"))
    storage = ManifestStaticFilesStorage(location=str(tmp_path), base_url="/static/")
    source = FileSystemStorage(str(tmp_path))
    names = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    done = list(storage.post_process({name: (source, name) for name in names}))
    assert [result for _, _, result in done if isinstance(result, Exception)] == []
    assert {name for name, _, _ in done} == set(names)
