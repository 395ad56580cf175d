"""The interpreters that environments are made with."""

from __future__ import annotations

import sys
import venv
from pathlib import Path
from typing import Any

from tools.interpreters import find_interpreters


def test_an_activated_environment_stands_for_the_interpreter_it_was_made_with(tmp_path: Path, monkeypatch: Any) -> None:
    venv.create(str(tmp_path / "environment"), with_pip=False, symlinks=True)
    monkeypatch.setenv("PATH", str(tmp_path / "environment" / "bin"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "environment" / "bin" / "python3"))
    found = find_interpreters()
    assert sys.version_info[:2] in found
    assert not [one.path for one in found.values() if tmp_path in one.path.parents]
