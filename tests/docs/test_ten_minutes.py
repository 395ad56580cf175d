"""Go through the tutorial as its reader does: with the wheel, in an empty environment, in a project of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from django.db import connection

from tests.docs.pages import Snippet, resembles, snippets
from tests.wheel import make_environment

PAGE = "tutorial/ten-minutes.md"
# Answers need not end with a line's end.
MARK = r"printf '\n=== block %s ===\n' {}"
PATIENCE_SECONDS = 400


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give what the project's settings need beside the page to work on the session's database; nothing for SQLite."""
    url = os.environ.get("SB_SYNC_TEST_POSTGRES")
    if request.config.getoption("--db") != "postgresql" or url is None:
        yield ""
        return
    with _own_database(url) as lines:
        yield lines


@contextmanager
def _own_database(url: str) -> Iterator[str]:
    """Make a database on the session's server for the time of the block."""
    psycopg: Any = pytest.importorskip("psycopg" if connection.Database.__name__ == "psycopg" else "psycopg2")
    name = "tutorial_" + uuid.uuid4().hex[:8]
    server = psycopg.connect(url)
    server.autocommit = True
    server.cursor().execute(f"CREATE DATABASE {name}")
    try:
        parts = connection.settings_dict
        chosen = {key: parts[key] for key in ("ENGINE", "USER", "PASSWORD", "HOST", "PORT")}
        yield f"DATABASES = {{'default': {dict(chosen, NAME=name)!r}}}\n"
    finally:
        server.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.close()


def test_the_tutorial_does_what_it_says(tmp_path: Path, database: str) -> None:
    blocks = snippets(PAGE)
    port = str(_free_port())
    script = _write_script(blocks, database).replace("8000", port)
    answers = _run(script, tmp_path, make_environment(tmp_path / "venv"))
    for number, block in enumerate(blocks):
        if block.kind == "answer":
            found = answers[number - 1]
            assert resembles(block.text, found, block.language), f"the page shows\n{block.text}\nand it is\n{found}"
    shown = [block for block in blocks if block.kind == "answer"]
    assert len(shown) == 4


def _write_script(blocks: List[Snippet], database: str) -> str:
    """Turn the page into one script; what each block prints stands behind a mark."""
    lines = ["set -euo pipefail", "trap 'kill 0' EXIT"]
    for number, block in enumerate(blocks):
        lines.append(MARK.format(number))
        if block.kind == "run":
            lines.append(block.text)
        elif block.kind in ("write", "append"):
            operator = ">" if block.kind == "write" else ">>"
            extra = database if block.file.endswith("settings.py") else ""
            lines.append(f"cat {operator} {block.file} <<'END_OF_FILE'\n{block.text}{extra}END_OF_FILE")
        elif block.kind == "serve":
            lines.append(block.text.strip() + " > server.log 2>&1 &")
            lines.append("until curl -s -o /dev/null http://127.0.0.1:8000/; do kill -0 $! && sleep 0.2; done")
    if database:
        lines.insert(2, "pip install 'psycopg[binary]'")
    return "\n".join([*lines, MARK.format(len(blocks)), "trap - EXIT", "exec kill -TERM 0"])


def _run(script: str, folder: Path, environment: Dict[str, str]) -> Dict[int, str]:
    """Run the script and return what each block printed."""
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=str(folder),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        _end_session(process.pid)
        process.wait()
    printed = _split(output)
    log = folder / "shop" / "server.log"
    said = log.read_text() if log.exists() else ""
    assert max(printed) > 0, errors
    assert output.rstrip().endswith("==="), f"stopped in:\n{output[-2000:]}\n{errors[-4000:]}\n{said[-2000:]}"
    return printed


def _split(output: str) -> Dict[int, str]:
    """Return the output by the number of its block."""
    printed: Dict[int, List[str]] = {}
    current: List[str] = []
    for line in output.splitlines():
        if line.startswith("=== block "):
            current = printed.setdefault(int(line.split()[2]), [])
        else:
            current.append(line)
    return {number: "\n".join(lines) for number, lines in printed.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_session(session: int) -> None:
    try:
        os.killpg(session, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
