"""Find the Python interpreters of this machine."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

OLDEST = (3, 8)
PREFERRED = (3, 11)
# What the environment and the tests need of an interpreter, said in a line that Python 2 can read too.
PROBE = "import ctypes, sqlite3, ssl, sys, venv; print('%d.%d.%d' % sys.version_info[:3] + ' ' + sys.version_info[3])"


class Interpreter(NamedTuple):
    """A Python interpreter that works."""

    version: Tuple[int, int, int]
    path: Path

    @property
    def release(self) -> Tuple[int, int]:
        """Return the version without its last number."""
        return self.version[:2]

    @property
    def name(self) -> str:
        """Return the whole version as people write it."""
        return ".".join(str(number) for number in self.version)


def find_interpreters() -> Dict[Tuple[int, int], Interpreter]:
    """Return the newest interpreter of each release, oldest release first."""
    found: Dict[Tuple[int, int], Interpreter] = {}
    for path in _candidates():
        interpreter = _probe(path)
        if interpreter is None or interpreter.release < OLDEST:
            continue
        known = found.get(interpreter.release)
        if known is None or known.version < interpreter.version:
            found[interpreter.release] = interpreter
    return dict(sorted(found.items()))


def preferred_interpreter() -> Optional[Interpreter]:
    """Return the interpreter to develop with: of the preferred release, else the newest."""
    found = find_interpreters()
    if PREFERRED in found:
        return found[PREFERRED]
    return list(found.values())[-1] if found else None


def _candidates() -> List[Path]:
    """Return every file that may be an interpreter, this one first, each once.

    Links are followed: the interpreter of a virtual environment is a link to the one it was made with, and an
    environment made with itself would be lost with its own folder.
    """
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    patterns = [
        os.path.join(folder, "python3*") for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder
    ]
    patterns += [
        "/usr/bin/python3*",
        "/usr/local/bin/python3*",
        os.path.join(pyenv, "versions", "*", "bin", "python3*"),
    ]
    files = [sys.executable] + [name for pattern in patterns for name in sorted(glob.glob(pattern))]
    unique: Dict[Path, None] = {}
    for name in files:
        is_interpreter = re.fullmatch(r"python(3(\.\d+)?)?", os.path.basename(name))
        # pyenv's shims answer for whatever version is switched on: its versions are found by their own folder.
        is_shim = os.path.basename(os.path.dirname(name)) == "shims"
        if is_interpreter and not is_shim and os.access(name, os.X_OK):
            unique[Path(name).resolve()] = None
    return list(unique)


def _probe(path: Path) -> Optional[Interpreter]:
    """Return the interpreter at the path, None where it lacks something or is no final release."""
    try:
        answer = subprocess.run(
            [str(path), "-I", "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=True
        ).stdout.decode()
    except (OSError, subprocess.SubprocessError):
        return None
    version, stage = answer.split()
    if stage != "final":
        return None
    major, minor, micro = (int(number) for number in version.split("."))
    return Interpreter((major, minor, micro), path)
